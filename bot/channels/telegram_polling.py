"""Long polling that stores first: the offset moves only after the inbox has committed a batch."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.base import Inbox, RawUpdate
from bot.channels.telegram_client import (
    POLL_SECONDS,
    Backoff,
    Connection,
    retry_seconds,
    token_refused,
    trouble,
    unless_stopped,
)
from bot.channels.telegram_parse import raw_update
from bot.logs import describe

logger = logging.getLogger(__name__)
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_LISTENING_AFTER = 10.0


class Poller:
    """Fetches raw updates one batch at a time; the library's own loop would stop at one it cannot parse."""

    def __init__(self, connection: Connection, inbox: Inbox) -> None:
        self._connection, self._inbox = connection, inbox
        self._offset = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`; raises TelegramSetupError when the token is refused."""
        backoff = Backoff(stop)
        while not stop.is_set():
            await self._step(stop, backoff)

    async def _step(self, stop: asyncio.Event, backoff: Backoff) -> None:
        try:
            updates = await unless_stopped(self._fetch(), stop)
        except InvalidToken:
            raise token_refused() from None
        except Conflict:
            logger.warning(
                "another process polls this bot or has set a webhook (Telegram says 409 Conflict): stop "
                "that process or give this one its own BOT_TELEGRAM_TOKEN; trying again"
            )
            await backoff.pause(1.0)
            return
        except TelegramError as error:
            wait = retry_seconds(error) if isinstance(error, RetryAfter) else 0.0
            logger.warning("Telegram did not answer getUpdates (%s); trying again", trouble(error))
            await backoff.pause(wait)
            return
        if updates is not None:
            await self._store(updates, backoff)

    async def _fetch(self) -> list[Any]:
        query = {"timeout": POLL_SECONDS, "limit": 100, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if self._offset:
            query["offset"] = self._offset
        url = f"{self._connection.bot.base_url}/getUpdates?{urlencode(query)}"
        result = await self._connection.polling.post(url, read_timeout=POLL_SECONDS + _LISTENING_AFTER)
        return result if isinstance(result, list) else []

    async def _store(self, updates: Sequence[Any], backoff: Backoff) -> None:
        rows = [row for update in updates if (row := raw_update(update)) is not None]
        if len(rows) < len(updates):
            logger.warning("passed over %d updates without an id", len(updates) - len(rows))
            if not rows:
                await backoff.pause()
                return
        if not await self._accepted(rows):
            await backoff.pause()
            return
        backoff.reset()
        # After an empty answer everything is acknowledged. Telegram may then start new ids anywhere,
        # even lower, and an old offset would drop them.
        self._offset = max(row.update_id for row in rows) + 1 if rows else 0

    async def _accepted(self, rows: Sequence[RawUpdate]) -> bool:
        if not rows:
            return True
        try:
            await self._inbox.accept(rows)
        except Exception as error:
            logger.warning(
                "could not store %d updates, they stay at Telegram: %s", len(rows), describe(error)
            )
            return False
        return True
