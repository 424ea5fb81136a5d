"""Sends claimed lines of the ledger, each at most once.

A line waits for its slot, is marked "sending" in a commit of its own, goes out, and is recorded with what
became of it. A request without an answer, or under way when the process dies, is "unknown": never sent
again by itself, since networks cannot tell whether they had it. All else is tried again or given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from bot.batches import Batches
from bot.channels.base import Broadcaster, ChatBlocked, DeliveryError, RetryLater, SendResult
from bot.enclosures import Enclosures, FileMissing
from bot.lanes import where
from bot.patience import backoff, until_stored
from handlers.announce.rendering import announcement_reply
from handlers.messages import Reply
from handlers.program import Program
from handlers.replies import plain_text, reply_to_dict
from storage.announcement_records import AnnouncementRecord, RecipientOutcome, RecipientRecord
from storage.entries import NewAnnounced

if TYPE_CHECKING:
    from storage.database import Database, UnitOfWork

logger = logging.getLogger(__name__)
_OUTAGE = 5
"""After so many failures in a row it is the network that is down, which counts against nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """How stubborn the sender is with one recipient: tries, and seconds between them, which double."""

    attempts: int = 6
    first_pause: float = 1.0
    longest_pause: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """What became of a line, and what its founder has now."""

    line: RecipientRecord
    outcome: RecipientOutcome
    reply: Reply | None = None


class Sender:
    """Sends through one channel; `put` takes lines that this worker has claimed."""

    def __init__(
        self,
        database: Database,
        channel: Broadcaster,
        worker: str,
        *,
        program: Program,
        clock: Callable[[], datetime],
        enclosures: Enclosures,
        persistence: Persistence | None = None,
    ) -> None:
        self._database = database
        self._channel = channel
        self._worker = worker
        self._program = program
        self._clock = clock
        self._enclosures = enclosures
        self._persistence = persistence or Persistence()
        self._at_once = max(16, min(128, channel.pacer.rate))
        self._sends: dict[asyncio.Task[None], int] = {}
        self._permits: Batches[int, bool] = Batches(self._mark)
        self._endings: Batches[_Ended, None] = Batches(self._record)
        self._failures = 0
        self._rest_until = 0.0
        self._closing = False

    @property
    def room(self) -> int:
        """How many more lines to claim now."""
        return self._at_once - len(self._sends) if monotonic() >= self._rest_until else 0

    @property
    def busy(self) -> bool:
        """Whether any line is on its way to its outcome."""
        return bool(self._sends)

    def busy_with(self, announcement_id: int) -> bool:
        """Tell whether lines of this announcement are."""
        return announcement_id in self._sends.values()

    def put(self, announcement: AnnouncementRecord, lines: Sequence[RecipientRecord]) -> None:
        """Send these as soon as there are slots."""
        for line in lines:
            task = asyncio.create_task(self._send(announcement, line))
            self._sends[task] = announcement.id
            task.add_done_callback(self._sends.pop)

    async def some_room(self) -> None:
        """Return when half of what may wait is gone, or nothing happens for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                while self._sends and len(self._sends) > self._at_once // 2:
                    await asyncio.wait(self._sends, return_when=asyncio.FIRST_COMPLETED)

    async def close(self, seconds: float) -> None:
        """Let what has gone out end; what waits for a slot goes back to the ledger."""
        self._closing = True
        self._channel.pacer.dismiss_announcements()
        if self._sends:
            await asyncio.wait(self._sends, timeout=seconds)

    # --- one line ---------------------------------------------------------------------------------

    async def _send(self, announcement: AnnouncementRecord, line: RecipientRecord) -> None:
        try:
            ended = await self._deliver(announcement, line)
            if ended is not None:
                await self._endings.add(ended)
        except Exception as error:
            # What was marked stays "sending" and becomes "unknown" with the next look: never sent twice.
            logger.error("recipient %d: %s (%s)", line.id, type(error).__name__, where(error))

    async def _deliver(self, announcement: AnnouncementRecord, line: RecipientRecord) -> _Ended | None:
        assert line.chat is not None
        marked = False

        async def permit() -> bool:
            nonlocal marked
            agreed = await self._permits.add(line.id)
            marked = marked or agreed
            return agreed

        send = partial(self._channel.announce, line.chat, permit=permit)
        try:
            reply = announcement_reply(announcement, line.language, self._program)
            result = await self._enclosures.send(reply, send)
        except FileMissing:
            return self._ended(line, "failed", code="file_missing") if await permit() else None
        except ChatBlocked as error:
            return self._ended(line, "blocked", code=error.code)
        except DeliveryError as error:
            return self._failed(line, error)
        except Exception as error:
            logger.error("recipient %d: %s (%s)", line.id, type(error).__name__, where(error))
            return self._ended(line, "unknown", code=type(error).__name__) if await permit() else None
        if result is None:
            # Marked, and taken back before it went out: it is in nobody's chat, so it is not in doubt either.
            return self._again(line, 0.0, waited=True) if marked else None
        self._failures = 0
        return self._sent(line, reply, result)

    def _sent(self, line: RecipientRecord, reply: Reply, result: SendResult) -> _Ended:
        ended = self._ended(line, "sent", external_id=" ".join(result.external_ids) or None)
        return replace(ended, reply=reply)

    def _failed(self, line: RecipientRecord, error: DeliveryError) -> _Ended:
        """Decide between unknown, another try and giving up."""
        if error.maybe_sent or error.parts_sent:
            return self._ended(line, "unknown", code=error.code)
        if isinstance(error, RetryLater):
            return self._again(line, error.seconds, code=error.code, waited=True)
        if not error.retryable:
            return self._ended(line, "failed", code=error.code)
        self._failures += 1
        pause = partial(backoff, first=self._persistence.first_pause, longest=self._persistence.longest_pause)
        if self._failures > _OUTAGE:
            seconds = pause(min(self._failures - _OUTAGE, 6))
            self._rest_until = monotonic() + seconds
            return self._again(line, seconds, code=error.code, waited=True)
        if line.attempts + 1 >= self._persistence.attempts:
            return self._ended(line, "failed", code=error.code)
        return self._again(line, pause(line.attempts), code=error.code)

    def _again(
        self, line: RecipientRecord, seconds: float, *, code: str | None = None, waited: bool = False
    ) -> _Ended:
        ended = self._ended(line, "pending", code=code)
        due = self._clock() + timedelta(seconds=seconds)
        return replace(ended, outcome=replace(ended.outcome, next_at=due, waited=waited))

    def _ended(
        self, line: RecipientRecord, status: Any, *, external_id: str | None = None, code: str | None = None
    ) -> _Ended:
        outcome = RecipientOutcome(
            id=line.id, status=status, at=self._clock(), external_id=external_id, error_code=code
        )
        return _Ended(line=line, outcome=outcome)

    # --- the ledger -------------------------------------------------------------------------------

    async def _mark(self, ids: Sequence[int]) -> list[bool]:
        """Commit to sending; what is not to be sent now goes back."""
        going = set() if self._closing else await until_stored(partial(self._commit_to, ids))
        return [number in going for number in ids]

    async def _commit_to(self, ids: Sequence[int]) -> set[int]:
        async with self._database.unit_of_work() as work:
            going = await work.recipients.mark_sending(ids, self._worker)
            if len(going) < len(ids):
                await work.recipients.release(self._worker, set(ids) - going)
        return going

    async def _record(self, endings: Sequence[_Ended]) -> list[None]:
        await until_stored(partial(self._store, endings))
        return [None] * len(endings)

    async def _store(self, endings: Sequence[_Ended]) -> None:
        async with self._database.unit_of_work() as work:
            owners = await work.recipients.in_flight([item.line.id for item in endings], self._worker)
            known = [item for item in endings if item.line.id in owners]
            messages = await self._keep_messages(work, known, owners)
            outcomes = [
                replace(
                    item.outcome,
                    message_id=messages.get(item.line.id),
                    external_id=None if owners[item.line.id] is None else item.outcome.external_id,
                )
                for item in known
            ]
            await work.recipients.record(outcomes)
            for item in known:
                if item.outcome.status == "blocked" and item.line.chat is not None:
                    await work.founders.mark_blocked(self._channel.name, item.line.chat, item.outcome.at)

    async def _keep_messages(
        self, work: UnitOfWork, known: Sequence[_Ended], owners: dict[int, int | None]
    ) -> dict[int, int]:
        """Store what founders now have in their chats; nothing of those who have erased themselves."""
        said = {item.line.id: message for item in known if (message := _message(item, owners[item.line.id]))}
        ids = await work.messages.add_announced(list(said.values()))
        return dict(zip(said, ids, strict=True))


def _message(item: _Ended, founder_id: int | None) -> NewAnnounced | None:
    if item.reply is None or founder_id is None or item.line.conversation_id is None:
        return None
    return NewAnnounced(
        conversation_id=item.line.conversation_id,
        founder_id=founder_id,
        text=plain_text(item.reply),
        payload=reply_to_dict(item.reply, with_files=False),
        language=item.reply.language,
        external_id=(item.outcome.external_id or "").partition(" ")[0] or None,
    )
