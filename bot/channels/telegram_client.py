"""The connection to a Bot API server: settings, requests that keep quiet, and errors in our own words."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import ssl
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, HTTPXRequest

from bot.channels.base import ChatBlocked, DeliveryError, DeliveryRefused, NetworkTrouble, RetryLater

T = TypeVar("T")
POLL_SECONDS = 25
CONNECTIONS = 16
READ_SECONDS = 15.0
_NOBODY_THERE = ("chat not found", "peer_id_invalid", "user not found", "chat_write_forbidden")
_NEVER_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_REFUSALS = {
    "can't parse entities": "markup",
    "too long": "too_long",
    "text is empty": "empty",
    "must be non-empty": "empty",
    "button_": "button",
    "inline keyboard": "button",
    "not modified": "not_modified",
    "no live location": "no_live_location",
    "message_id_invalid": "not_editable",
    "to edit": "not_editable",
    "can't be edited": "not_editable",
    "to delete not found": "gone",
    "can't be deleted": "not_deletable",
    "query is too old": "press_expired",
    "query_id_invalid": "press_expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramConfig:
    """What one bot needs; an empty `webhook_url` means polling, `commands` maps language to command to hint.

    The first language of `commands` is shown to people whose own language is not among them. `rate` is how
    many messages a second Telegram takes from the whole bot.
    """

    token: str = field(repr=False)
    api_url: str = "https://api.telegram.org"
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    webhook_listen: str = "127.0.0.1:8443"
    rate: int = 30
    commands: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class TelegramSetupError(Exception):
    """Telegram cannot be used as it is set up; the sentence names the setting to change."""


class QuietRequest(BaseRequest):
    """Stock requests, one for each call at once; they never log a whole answer, as the stock does.

    Each has a connection of its own: httpx's pool looks at every connection and every waiting call each
    time, which took a third of the work of an announcement. Calls beyond `at_once` wait here. The one used
    last is used next, so that few connections are open while there is little to do.
    """

    def __init__(self, at_once: int, **options: Any) -> None:
        self._all = tuple(HTTPXRequest(1, **options) for _ in range(at_once))
        self._free = list(self._all)
        self._gate = asyncio.Semaphore(at_once)

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take where a call says nothing."""
        return self._all[0].read_timeout

    async def initialize(self) -> None:
        """Open what was shut down."""
        for request in self._all:
            await request.initialize()

    async def shutdown(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(request.shutdown() for request in self._all))

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Wait for a turn, then call."""
        async with self._gate:
            request = self._free.pop()
            try:
                return await request.do_request(*args, **kwargs)
            finally:
                self._free.append(request)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Raise a plain TelegramError for anything but a JSON object."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("Invalid server response") from None
        if not isinstance(answer, dict):
            raise TelegramError("Invalid server response")
        return answer


@dataclass(frozen=True, slots=True)
class Connection:
    """A Bot and its connection pools: polling must never wait behind calls, nor replies behind announcements.

    `broadcasts` is the same bot on connections of its own.
    """

    bot: Bot
    broadcasts: Bot
    polling: QuietRequest
    pools: tuple[QuietRequest, ...]

    async def close(self) -> None:
        """Close all pools."""
        await asyncio.gather(*(pool.shutdown() for pool in self.pools))


def connect(config: TelegramConfig) -> Connection:
    """Build a Bot whose libraries log neither the token (it is part of every URL) nor message texts."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    root = config.api_url.rstrip("/")
    # One for all connections: to read the certificates takes longer than most calls.
    trusted = httpx.create_ssl_context()
    polling, calls, broadcasts = (_request(number, trusted) for number in (2, CONNECTIONS, CONNECTIONS))
    bot, other = (
        Bot(
            config.token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=request,
            get_updates_request=polling,
        )
        for request in (calls, broadcasts)
    )
    return Connection(bot, other, polling, (polling, calls, broadcasts))


def _request(connections: int, trusted: ssl.SSLContext) -> QuietRequest:
    return QuietRequest(
        connections,
        httpx_kwargs={"verify": trusted},
        read_timeout=READ_SECONDS,
        write_timeout=15.0,
        connect_timeout=10.0,
        pool_timeout=30.0,
    )


def refusal(error: TelegramError) -> str:
    """Return a short code for what Telegram did not like; its own sentence may quote a founder."""
    text = str(error).lower()
    return next((code for words, code in _REFUSALS.items() if words in text), "bad_request")


def delivery_error(error: TelegramError, parts_sent: int = 0) -> DeliveryError:
    """Translate an error of the library; nothing of its text is kept, since it may hold the token."""
    if isinstance(error, RetryAfter):
        return RetryLater(retry_seconds(error), parts_sent=parts_sent)
    if isinstance(error, Forbidden):
        return ChatBlocked("blocked", parts_sent=parts_sent)
    if isinstance(error, ChatMigrated):
        return DeliveryRefused("chat_migrated", parts_sent=parts_sent)
    if isinstance(error, BadRequest):
        if any(words in str(error).lower() for words in _NOBODY_THERE):
            return ChatBlocked("chat_not_found", parts_sent=parts_sent)
        return DeliveryRefused(refusal(error), parts_sent=parts_sent)
    if isinstance(error, NetworkError) and "too large" in str(error).lower():
        return DeliveryRefused("file_too_large", parts_sent=parts_sent)
    return NetworkTrouble(trouble(error), parts_sent=parts_sent, maybe_sent=_unanswered(error))


def _unanswered(error: TelegramError) -> bool:
    """Tell whether Telegram may have taken a message all the same.

    An answer of 5xx says that it has not: its gateway gives it for what it could not hand on. All but 504,
    with which a gateway says that it handed on and heard nothing.
    """
    if isinstance(error.__cause__, httpx.HTTPError):
        return not isinstance(error.__cause__, _NEVER_WRITTEN)
    text = str(error).lower()
    return type(error) is TelegramError or "gateway timeout" in text


def trouble(error: TelegramError) -> str:
    """Name a passing error for logs and records."""
    if isinstance(error, InvalidToken):
        return "token_refused"
    if isinstance(error, TimedOut):
        return "timed_out"
    if isinstance(error, BadRequest):
        return refusal(error)
    return "network" if isinstance(error, NetworkError) else type(error).__name__.lower()


def retry_seconds(error: RetryAfter) -> float:
    """Return the pause Telegram asks for, in either form the library gives it."""
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def token_refused() -> TelegramSetupError:
    """Say the one thing that helps against 401."""
    return TelegramSetupError(
        "Telegram does not accept the token: check BOT_TELEGRAM_TOKEN against what @BotFather shows"
    )


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """Return what the work returns, or None as soon as the program stops."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


class Backoff:
    """Growing pauses with jitter, cut short when the program stops."""

    def __init__(self, stop: asyncio.Event, first: float = 0.5, longest: float = 30.0) -> None:
        self._stop, self._first, self._longest = stop, first, longest
        self._failures = 0

    def reset(self) -> None:
        """Start small again after a success."""
        self._failures = 0

    async def pause(self, at_least: float = 0.0) -> None:
        """Wait longer than the last time, and not less than asked."""
        ceiling = min(self._longest, self._first * 2 ** min(self._failures, 10))
        self._failures += 1
        seconds = max(at_least, ceiling * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
