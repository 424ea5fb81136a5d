"""Edits or deletes what announcements' recipients have, when staff order it: paced like announcements."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.base import Broadcaster, ChatBlocked, DeliveryError, RetryLater
from bot.patience import until_stored
from handlers.announce.rendering import announcement_reply
from handlers.program import Program
from storage.announcement_records import AnnouncementRecord, Changed, ChangeRecord, RecipientRecord

if TYPE_CHECKING:
    from storage.database import Database

logger = logging.getLogger(__name__)
_ATTEMPTS = 6
_AT_ONCE = 20


class Reviser:
    """Goes over the lines of one channel that an order has not reached yet."""

    def __init__(self, database: Database, channel: Broadcaster, program: Program) -> None:
        self._database = database
        self._channel = channel
        self._program = program
        self._failures: Counter[int] = Counter()

    async def round(self) -> bool:
        """Change one batch of the oldest order; False when there is nothing to do."""
        async with self._database.unit_of_work(read_only=True) as work:
            running = await work.changes.running()
        for change in running:
            if await self._batch(change):
                return True
        return False

    async def _batch(self, change: ChangeRecord) -> bool:
        async with self._database.unit_of_work(read_only=True) as work:
            announcement = await work.announcements.get(change.announcement_id)
            lines = await work.changes.next_lines(change, self._channel.name, _AT_ONCE)
            chosen = await work.announcements.replies_of(
                change.announcement_id, [line.founder_id for line in lines]
            )
        if announcement is None or not lines:
            await until_stored(partial(self._close, change))
            return False
        results = await asyncio.gather(
            *(self._revise(change, announcement, line, chosen.get(line.founder_id)) for line in lines)
        )
        await until_stored(partial(self._record, change, lines, results))
        return any(results)

    async def _revise(
        self,
        change: ChangeRecord,
        announcement: AnnouncementRecord,
        line: RecipientRecord,
        chosen: str | None,
    ) -> Changed | None:
        """Return what became of one line; None for another try, which changes nothing when it was done."""
        assert line.chat is not None
        deletes = change.kind == "delete"
        reply = (
            None if deletes else announcement_reply(announcement, line.language, self._program, chosen=chosen)
        )
        try:
            done = await self._channel.revise(line.chat, line.external_ids, reply)
        except ChatBlocked:
            return "refused"
        except RetryLater:
            return None
        except DeliveryError as error:
            self._failures[line.id] += 1
            return None if error.retryable and self._failures[line.id] < _ATTEMPTS else "refused"
        if not done:
            return "refused"
        return "deleted" if deletes else "edited"

    async def _record(
        self, change: ChangeRecord, lines: Sequence[RecipientRecord], results: Sequence[Changed | None]
    ) -> None:
        known = {line.id: result for line, result in zip(lines, results, strict=True) if result is not None}
        async with self._database.unit_of_work() as work:
            await work.changes.record(change.id, known)

    async def _close(self, change: ChangeRecord) -> None:
        """Close an order when no line of any channel waits for it."""
        async with self._database.unit_of_work() as work:
            if "waiting" in await work.changes.progress(change) or await work.changes.more_may_come(change):
                return
            if await work.changes.finish(change.id):
                logger.info("change %d of announcement %d is finished", change.id, change.announcement_id)
                self._failures.clear()
