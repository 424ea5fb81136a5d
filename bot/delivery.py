"""Sends stored replies: in order within a chat, retried, and recorded.

Networks give no way to say "the same reply again". A reply that was under way when the process was killed,
or whose answer got lost, is looked for (`recognition`), and sent once more only when it is not found or
cannot be: a reply twice is better than none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Literal

from bot.channels.base import (
    Channel,
    ChatBlocked,
    DeliveryError,
    DeliveryRefused,
    RetryLater,
)
from bot.enclosures import Enclosures, FileMissing
from bot.lanes import Lane, Lanes, where
from bot.patience import backoff, until_stored
from bot.recognition import Recognition
from bot.silence import Silence
from handlers.files import Files
from handlers.messages import Reply
from handlers.replies import reply_from_dict
from storage.entries import Outcome
from storage.outbox import HELD_BACK
from storage.records import OutboxRecord

if TYPE_CHECKING:
    from storage.database import Database

logger = logging.getLogger(__name__)
Status = Literal["sent", "failed", "blocked"]
_Mark = tuple[OutboxRecord, Outcome, "asyncio.Future[None]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """How stubborn delivery is: replies under way at once, and seconds of trying until one is given up."""

    at_once: int = 256
    first_pause: float = 0.5
    longest_pause: float = 60.0
    give_up_after: float = 6 * 3600.0
    turn_poll: float = 0.2


class Delivery:
    """The one sender of replies in a process; they come with the commit that stored them, already its own."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        worker: str,
        *,
        clock: Callable[[], datetime],
        files: Files | None = None,
        persistence: Persistence | None = None,
    ) -> None:
        self._database = database
        self._enclosures = Enclosures.of(files)
        self._channels = {channel.name: channel for channel in channels}
        self.worker = worker
        self._clock = clock
        self._persistence = persistence or Persistence()
        self._slots = asyncio.Semaphore(self._persistence.at_once)
        self._silence = Silence(database)
        self._recognition = Recognition(database, channels, clock)
        self._lanes: Lanes[OutboxRecord] = Lanes(self._next)
        self._known: set[int] = set()
        self._marks: list[_Mark] = []
        self._flusher: asyncio.Task[None] | None = None
        self.shared = False
        """Whether other living workers serve the same chats, whose older replies must go first."""

    def enqueue(self, records: Iterable[OutboxRecord]) -> None:
        """Take replies that are this worker's to send; those it has already are left alone."""
        for record in records:
            if record.id not in self._known:
                self._known.add(record.id)
                self._lanes.put((record.channel, record.chat), record.id, record)

    async def recover(self, dead_before: datetime) -> int:
        """Take over what nobody alive is sending; return how many replies that is."""
        found: list[OutboxRecord] = []
        for name in self._channels:
            async with self._database.unit_of_work() as work:
                doubtful = await work.outbox.in_doubt(name, dead_before)
                pending = await work.outbox.pending(name, self.worker, dead_before)
            for record in pending:
                if record.id in doubtful and record.id not in self._known:
                    self._recognition.doubt(record)
            found += pending
        self.enqueue(found)
        return len(found)

    async def settled(self, channel: str, chat: str) -> None:
        """Return when everything for a chat is sent or given up."""
        await self._lanes.settled((channel, chat))

    async def close(self, seconds: float) -> None:
        """Send what is queued for up to `seconds`; the rest stays in the database for the next start."""
        await self._lanes.drained(seconds)
        await self._lanes.close(0)
        if self._flusher is not None:
            _, late = await asyncio.wait([self._flusher], timeout=max(seconds, 1.0))
            for flusher in late:
                flusher.cancel()  # the database is away: these replies will be sent once more

    async def _next(self, lane: Lane[OutboxRecord]) -> None:
        record = lane.take()
        await self._wait_for_others(record)
        outcome = await self._deliver(record)
        recorded = asyncio.get_running_loop().create_future()
        self._marks.append((record, outcome, recorded))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        # The next reply of this chat goes out when this one is on record: a killed process then repeats
        # one reply of a chat at most, never a series out of order.
        await recorded

    async def _wait_for_others(self, record: OutboxRecord) -> None:
        # Another process sends them, so there is no event to wait for.
        while self.shared and await until_stored(partial(self._earlier_unsent, record)):  # noqa: ASYNC110
            await asyncio.sleep(self._persistence.turn_poll)

    async def _earlier_unsent(self, record: OutboxRecord) -> bool:
        async with self._database.unit_of_work(read_only=True) as work:
            return await work.outbox.earlier_unsent(record)

    async def _deliver(self, record: OutboxRecord) -> Outcome:
        """Send until the network has it, refuses it for good, or patience ends."""
        try:
            external_id = await self._insist(record, reply_from_dict(record.payload))
        except ChatBlocked as error:
            return self._outcome(record, "blocked", code=error.code)
        except DeliveryError as error:
            level = logging.INFO if error.code == HELD_BACK else logging.WARNING
            logger.log(level, "reply %d was not delivered: %s", record.id, error.code)
            return self._outcome(record, "failed", code=error.code)
        except Exception as error:
            logger.error("reply %d: %s (%s)", record.id, type(error).__name__, where(error))
            return self._outcome(record, "failed", code=type(error).__name__)
        return self._outcome(record, "sent", external_id=external_id)

    async def _insist(self, record: OutboxRecord, reply: Reply) -> str | None:
        """Return the network's id; raise the last error when another try is of no use or too late."""
        give_up_at = monotonic() + self._persistence.give_up_after
        attempt = skip = 0
        while True:
            try:
                arrived = await self._recognition.look(record, reply, skip)
                if arrived.external_id is not None:
                    return arrived.external_id
                skip += arrived.parts
                return await self._send(record, reply, skip)
            except (ChatBlocked, DeliveryRefused):
                raise
            except DeliveryError as error:
                skip = max(skip, error.parts_sent)
                if error.maybe_sent:
                    self._recognition.doubt(record)
                pause = self._pause(error, attempt)
                if monotonic() + pause > give_up_at:
                    raise
                attempt += 1
                await asyncio.sleep(pause)

    async def _send(self, record: OutboxRecord, reply: Reply, skip: int) -> str | None:
        async with self._slots:
            if record.message_id is not None and await self._silence.holds(record.id):
                raise DeliveryRefused(HELD_BACK)
            send = partial(self._channels[record.channel].send, record.chat, skip=skip)
            began = monotonic()
            try:
                result = await self._enclosures.send(reply, send)
            except FileMissing:
                raise DeliveryRefused("file_missing") from None
        if not reply.edits:
            self._recognition.sent(record, result, began)
        return result.external_id

    def _pause(self, error: DeliveryError, attempt: int) -> float:
        if isinstance(error, RetryLater):
            return error.seconds
        patience = self._persistence
        return backoff(attempt, first=patience.first_pause, longest=patience.longest_pause)

    def _outcome(
        self, record: OutboxRecord, status: Status, *, external_id: str | None = None, code: str | None = None
    ) -> Outcome:
        return Outcome(
            id=record.id,
            status=status,
            at=self._clock(),
            external_id=external_id,
            error_code=code,
        )

    async def _flush(self) -> None:
        """Record outcomes: at once while it is quiet, many in one commit while it is busy."""
        try:
            while self._marks:
                marks, self._marks = self._marks, []
                try:
                    await until_stored(partial(self._record, marks))
                except Exception as error:
                    # They are sent; at worst the next start sends them again.
                    logger.error("%d outcomes were not recorded: %s", len(marks), type(error).__name__)
                for record, _, _ in marks:
                    self._recognition.settled(record)
                    self._known.discard(record.id)
                for _, _, recorded in marks:
                    if not recorded.done():
                        recorded.set_result(None)
        finally:
            self._flusher = None

    async def _record(self, marks: Sequence[_Mark]) -> None:
        async with self._database.unit_of_work() as work:
            await work.outbox.mark_many([outcome for _, outcome, _ in marks])
            for record, outcome, _ in marks:
                if outcome.status == "blocked":
                    await work.founders.mark_blocked(record.channel, record.chat, outcome.at)
