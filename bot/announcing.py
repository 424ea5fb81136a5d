"""Sends announcements: one sender a channel at a time, each recipient written to at most once.

A recipient is marked "sending" and committed before the request goes out, and what became of it is recorded
after. A request without an answer, or under way when the process dies, is "unknown": never sent again by
itself, since networks cannot tell whether they had it. Everything else is tried again or taken over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from bot.channels.base import (
    Channel,
    ChatBlocked,
    DeliveryError,
    RetryLater,
)
from bot.lanes import where
from bot.patience import backoff, until_stored
from handlers.announce.rendering import announcement_reply
from handlers.messages import Reply
from handlers.program import Program
from handlers.quiet import quiet_until
from handlers.replies import plain_text, reply_to_dict
from storage.announcement_records import (
    AnnouncementRecord,
    Audience,
    RecipientOutcome,
    RecipientRecord,
)
from storage.entries import NewOutgoing

if TYPE_CHECKING:
    from storage.database import Database

logger = logging.getLogger(__name__)
Watch = Callable[[AnnouncementRecord], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How announcements are sent: `rate` as the pacer's, seconds everywhere else."""

    rate: int = 30
    lease: float = 10.0
    look_again: float = 0.5
    attempts: int = 6
    first_pause: float = 1.0
    longest_pause: float = 120.0
    watch_every: float = 3.0

    @property
    def group(self) -> int:
        """How many recipients are marked in one commit: what goes out in a twentieth of a second."""
        return max(1, self.rate // 20)

    @property
    def under_way(self) -> int:
        """How many requests may be without an answer at once."""
        return max(2, min(64, self.group * 2))


class Announcing:
    """The sender of one channel in one process; it works while it holds the channel's lease."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        worker: str,
        *,
        program: Program,
        clock: Callable[[], datetime],
        sending: Sending | None = None,
        watch: Watch | None = None,
        finished: Watch | None = None,
    ) -> None:
        self._database = database
        self._channel = channel
        self._worker = worker
        self._program = program
        self._clock = clock
        self._sending = sending or Sending()
        self._watch = watch
        self._finished = finished
        self._lease_name = f"announcements:{channel.name}"
        self._holding = False
        self._slots = asyncio.Semaphore(self._sending.under_way)
        self._sends: set[asyncio.Task[None]] = set()
        self._outcomes: list[tuple[RecipientOutcome, Reply | None, RecipientRecord]] = []
        self._recording: asyncio.Task[None] | None = None
        self._watched: dict[int, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop`; then let what is under way end, and give the lease back."""
        renewing = asyncio.create_task(self._keep_lease(stop))
        try:
            while not stop.is_set():
                try:
                    busy = self._holding and await self._round(stop)
                except Exception as error:
                    logger.warning("announcements: %s (%s)", type(error).__name__, where(error))
                    busy = False
                if not busy:
                    await _sleep(stop, await self._pause())
        finally:
            await self._end(renewing)

    # --- the lease --------------------------------------------------------------------------------

    async def _keep_lease(self, stop: asyncio.Event) -> None:
        held_until = 0.0
        while not stop.is_set():
            asked = monotonic()
            try:
                holding = await self._acquire()
                held_until = asked + self._sending.lease if holding else 0.0
            except Exception as error:
                logger.warning("the lease could not be renewed: %s", type(error).__name__)
                holding = monotonic() < held_until - self._sending.lease / 3
            if holding and not self._holding:
                await until_stored(self._recover)
            self._holding = holding
            await _sleep(stop, self._sending.lease / 4)

    async def _acquire(self) -> bool:
        async with self._database.unit_of_work() as work:
            return await work.leases.acquire(self._lease_name, self._worker, self._sending.lease)

    async def _recover(self) -> None:
        async with self._database.unit_of_work() as work:
            left = await work.recipients.recover(self._channel.name, self._worker)
        if any(left.values()):
            logger.warning("took over announcements: %s", left)

    async def _end(self, renewing: asyncio.Task[None]) -> None:
        renewing.cancel()
        if self._sends:
            await asyncio.wait(self._sends, timeout=self._sending.lease)
        while self._recording is not None:
            await asyncio.wait([self._recording])
        with suppress(Exception):
            async with self._database.unit_of_work() as work:
                await work.recipients.release(self._worker)
                await work.leases.release(self._lease_name, self._worker)

    # --- what is due ------------------------------------------------------------------------------

    async def _round(self, stop: asyncio.Event) -> bool:
        """Send one batch of the oldest announcement that has recipients ready; False when none has."""
        async with self._database.unit_of_work(read_only=True) as work:
            due = await work.announcements.due(self._clock())
        for announcement in due:
            if not announcement.urgent and quiet_until(self._clock(), self._program.timezone) is not None:
                continue
            if announcement.status == "scheduled" and not await until_stored(
                partial(self._start, announcement)
            ):
                continue
            if await self._batch(announcement, stop):
                return True
            await self._close_if_done(announcement)
        return False

    async def _start(self, announcement: AnnouncementRecord) -> bool:
        """Fix who gets it: from now on the ledger has a line for everybody the audience names."""
        async with self._database.unit_of_work() as work:
            if not await work.announcements.start(announcement.id):
                return False
            lines = await work.recipients.expand(
                announcement.id,
                Audience.of(announcement.audience),
                announcement.topic,
                (self._channel.name,),
            )
        logger.info("announcement %d begins: %d lines in the ledger", announcement.id, lines)
        return True

    async def _batch(self, announcement: AnnouncementRecord, stop: asyncio.Event) -> bool:
        lines = await until_stored(partial(self._claim, announcement.id))
        for start in range(0, len(lines), self._sending.group):
            if stop.is_set() or not self._holding:
                break
            await self._send_group(announcement, lines[start : start + self._sending.group])
            await self._tell(announcement)
        return bool(lines)

    async def _claim(self, announcement_id: int) -> list[RecipientRecord]:
        async with self._database.unit_of_work() as work:
            return await work.recipients.claim(
                announcement_id, self._channel.name, self._worker, max(self._sending.rate, 20)
            )

    async def _send_group(self, announcement: AnnouncementRecord, lines: Sequence[RecipientRecord]) -> None:
        """Mark a few recipients in one commit and let their requests go out."""
        for _ in lines:
            await self._slots.acquire()
        try:
            committed = await until_stored(partial(self._mark, [line.id for line in lines]))
        except BaseException:
            for _ in lines:
                self._slots.release()
            raise
        for line in lines:
            if line.id not in committed:
                self._slots.release()
                continue
            task = asyncio.create_task(self._send(announcement, line))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    async def _mark(self, ids: Sequence[int]) -> set[int]:
        async with self._database.unit_of_work() as work:
            return await work.recipients.mark_sending(ids, self._worker)

    async def _close_if_done(self, announcement: AnnouncementRecord) -> None:
        if self._sends or self._outcomes or self._recording is not None:
            return
        async with self._database.unit_of_work() as work:
            remaining = await work.recipients.open_lines(announcement.id)
            done = not remaining and await work.announcements.finish(announcement.id)
        if done:
            logger.info("announcement %d is finished", announcement.id)
            self._watched.pop(announcement.id, None)
            if self._finished is not None:
                await self._finished(replace(announcement, status="finished"))

    async def _tell(self, announcement: AnnouncementRecord) -> None:
        """Let whoever watches see how far it is, every few seconds at most."""
        if self._watch is None or monotonic() < self._watched.get(announcement.id, 0.0):
            return
        self._watched[announcement.id] = monotonic() + self._sending.watch_every
        try:
            await self._watch(announcement)
        except Exception as error:
            logger.warning("progress was not shown: %s", type(error).__name__)

    async def _pause(self) -> float:
        """Seconds until it is worth looking again: soon, and in time for what is scheduled."""
        with suppress(Exception):
            now = self._clock()
            async with self._database.unit_of_work(read_only=True) as work:
                due = await work.announcements.next_due(now)
            if due is not None:
                return max(0.01, min(self._sending.look_again, (due - now).total_seconds()))
        return self._sending.look_again

    # --- one recipient ----------------------------------------------------------------------------

    async def _send(self, announcement: AnnouncementRecord, line: RecipientRecord) -> None:
        try:
            reply = announcement_reply(announcement, line.language, self._program)
            outcome = await self._deliver(line, reply)
            self._outcomes.append((outcome, reply if outcome.status == "sent" else None, line))
        except Exception as error:
            logger.error("recipient %d: %s (%s)", line.id, type(error).__name__, where(error))
            failed = RecipientOutcome(
                id=line.id, status="failed", at=self._clock(), error_code=type(error).__name__
            )
            self._outcomes.append((failed, None, line))
        finally:
            self._slots.release()
        if self._recording is None:
            self._recording = asyncio.create_task(self._record())

    async def _deliver(self, line: RecipientRecord, reply: Reply) -> RecipientOutcome:
        assert line.chat is not None
        try:
            result = await self._channel.send(line.chat, reply)
        except ChatBlocked as error:
            return self._outcome(line, "blocked", code=error.code)
        except DeliveryError as error:
            return self._failed(line, error)
        return self._outcome(line, "sent", external_id=result.external_id)

    def _failed(self, line: RecipientRecord, error: DeliveryError) -> RecipientOutcome:
        """Decide between unknown, another try and giving up."""
        if error.maybe_sent or error.parts_sent:
            return self._outcome(line, "unknown", code=error.code)
        if not error.retryable or (
            not isinstance(error, RetryLater) and line.attempts + 1 >= self._sending.attempts
        ):
            return self._outcome(line, "failed", code=error.code)
        seconds = (
            error.seconds
            if isinstance(error, RetryLater)
            else backoff(line.attempts, first=self._sending.first_pause, longest=self._sending.longest_pause)
        )
        again = self._outcome(line, "pending", code=error.code)
        return replace(again, next_at=self._clock() + timedelta(seconds=seconds))

    def _outcome(
        self, line: RecipientRecord, status: Any, *, external_id: str | None = None, code: str | None = None
    ) -> RecipientOutcome:
        return RecipientOutcome(
            id=line.id, status=status, at=self._clock(), external_id=external_id, error_code=code
        )

    async def _record(self) -> None:
        """Write outcomes down: at once while it is quiet, many in one commit while it is busy."""
        try:
            while self._outcomes:
                outcomes, self._outcomes = self._outcomes, []
                try:
                    await until_stored(partial(self._store, outcomes))
                except Exception as error:
                    # They stay "sending" and become "unknown" with the next sender: never sent twice.
                    logger.error("%d outcomes were not recorded: %s", len(outcomes), type(error).__name__)
        finally:
            self._recording = None

    async def _store(
        self, outcomes: Sequence[tuple[RecipientOutcome, Reply | None, RecipientRecord]]
    ) -> None:
        async with self._database.unit_of_work() as work:
            said = [
                (outcome, _message(line, reply)) for outcome, reply, line in outcomes if reply is not None
            ]
            ids = await work.messages.add_announcements([message for _, message in said])
            messages = {outcome.id: number for (outcome, _), number in zip(said, ids, strict=True)}
            await work.recipients.record(
                [replace(outcome, message_id=messages.get(outcome.id)) for outcome, _, _ in outcomes]
            )
            for outcome, _, line in outcomes:
                if outcome.status == "blocked" and line.chat is not None:
                    await work.founders.mark_blocked(self._channel.name, line.chat, outcome.at)


def _message(line: RecipientRecord, reply: Reply) -> NewOutgoing:
    assert line.conversation_id is not None
    return NewOutgoing(
        conversation_id=line.conversation_id,
        text=plain_text(reply),
        payload=reply_to_dict(reply, with_files=False),
        language=reply.language,
    )


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
