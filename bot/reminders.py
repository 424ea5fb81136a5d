"""Reminders of drafts and missed deadlines: looked for every minute, stored together with their note."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.lanes import where
from forms.model import Form, FormTrack
from forms.schedule import deadline, reminders, standing
from forms.state import examine
from handlers.apply.amending import until
from handlers.apply.context import to_value
from handlers.apply.notices import missed, overtaken, reminder
from handlers.apply.telling import tell_chat
from handlers.messages import Reply
from handlers.turn import Services
from storage.application_records import ApplicationRecord, ReminderCandidate

if TYPE_CHECKING:
    from storage.database import UnitOfWork

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
_PAGE = 500
_MOST_A_ROUND = 600
"""More than these wait for the next round, so that replies to founders are not stuck behind reminders."""
_AT_WORK = timedelta(minutes=15)
_LONG_PAST = timedelta(days=14)
_MISSED = "missed"
_OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The one message about an application that is due now, and the reminders that it makes needless."""

    kind: str
    at: datetime
    needless: tuple[tuple[str, datetime], ...]
    deadline: datetime | None


class Reminders:
    """Looks for drafts to remind of; several processes may do so on one database.

    Only chats of `channels` are written to, all when none is named: nobody else would send it before it is
    out of date.
    """

    def __init__(self, services: Services, channels: Collection[str] = ()) -> None:
        self._services = services
        self._form = services.form
        self._channels = channels

    async def keep(self, pause: float = PAUSE_SECONDS) -> None:
        """Look again and again until canceled; a failure is logged and the next look is as good."""
        while True:
            try:
                await self.look()
            except Exception as error:
                logger.warning("reminders: %s (%s)", type(error).__name__, where(error))
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """Send what is due now, and return how many reminders that is."""
        now = self._services.clock()
        if self._form is None or quiet(now, self._services):
            return 0
        sent = after = 0
        while sent < _MOST_A_ROUND:
            async with self._services.database.unit_of_work(read_only=True) as work:
                page = await work.applications.reminder_candidates(after, _PAGE)
                known = await work.applications.reminders_sent([item.application.id for item in page])
            if not page:
                break
            after = page[-1].application.id
            for candidate in page:
                if sent >= _MOST_A_ROUND:
                    break
                if self._channels and candidate.channel not in self._channels:
                    continue
                due = due_now(self._form, candidate.application, now, self._services)
                if due is None or (candidate.application.id, due.kind, due.at) in known:
                    continue
                sent += await self._send(candidate, due)
            await asyncio.sleep(0)
        if sent:
            logger.info("%d reminders", sent)
        return sent

    async def _send(self, candidate: ReminderCandidate, due: Due) -> bool:
        async with self._services.database.unit_of_work() as work:
            record = await work.applications.get(candidate.application.id, lock=True)
            if record is None or not _concerns(due, record):
                return False
            if not await work.applications.note_reminder(record.id, due.kind, due.at):
                return False
            for kind, at in due.needless:
                await work.applications.note_reminder(record.id, kind, at)
            reply = await self._reply(work, record, due)
            await tell_chat(work, candidate.conversation_id, candidate.channel, candidate.chat, reply)
        return True

    async def _reply(self, work: UnitOfWork, record: ApplicationRecord, due: Due) -> Reply:
        form, program = self._form, self._services.program
        assert form is not None
        now = self._services.clock()
        if due.kind == _OVERTAKEN:
            return overtaken(program, record, due.at, language=record.language)
        if due.kind == _MISSED and due.deadline is not None:
            track = _track(form, record)
            at = standing(track, now) if track else None
            following = at.next_window.opens if at and at.next_window else None
            late = "next_window" if at and at.phase == "late" else "refuse"
            return missed(program, record, due.deadline, following, late=late, language=record.language)
        stored = await work.applications.answers(record.id, record.founder_id)
        answers = {key: to_value(item) for key, item in stored.items()}
        today = now.astimezone(program.timezone).date()
        state = examine(form, answers, today)
        left = state.questions(state.missing)
        return reminder(program, record, due.kind, left, due.deadline, record.language)


def due_now(form: Form, record: ApplicationRecord, now: datetime, services: Services) -> Due | None:
    """What is due: of a draft a missed window first, else the last reminder; of an amendment its end."""
    if record.status != "draft":
        return _overtaken(form, record, now)
    if now - record.updated_at < _AT_WORK:
        return None
    track = _track(form, record)
    zone = services.program.timezone
    end = deadline(track, now) if track else None
    hours = services.program.quiet_hours
    coming = reminders(track, record.created_at, record.updated_at, now, timezone=zone, quiet=hours)
    past = [(kind, due) for kind, due in coming if due <= now]
    kinds = [(kind, end or due) for kind, due in past]
    closed = _missed(track, record, now) if track else None
    if closed is not None:
        return Due(kind=_MISSED, at=closed, needless=tuple(kinds), deadline=closed)
    if not kinds:
        return None
    kind, at = kinds.pop()
    return Due(kind=kind, at=at, needless=tuple(kinds), deadline=end)


def quiet(now: datetime, services: Services) -> bool:
    """Whether it is night where the program is."""
    return services.program.quiet_until(now) is not None


def _missed(track: FormTrack, record: ApplicationRecord, now: datetime) -> datetime | None:
    """The end of the last window that closed on this draft, unless that is long ago."""
    ends = [window.closes for window in track.windows if window.closes is not None]
    return _latest(
        end
        for end in ends
        if record.created_at < end and record.updated_at <= end + track.grace < now < end + _LONG_PAST
    )


def _overtaken(form: Form, record: ApplicationRecord, now: datetime) -> Due | None:
    """The end of the window that an amendment was not confirmed in, unless that is long ago.

    Told as soon as it can no longer be confirmed, also to a founder who is at work on it.
    """
    track, end = _track(form, record), until(form, record)
    if track is None or end is None or record.amending_at is None or not end < now < end + _LONG_PAST:
        return None
    closes = end - track.grace
    return Due(kind=_OVERTAKEN, at=closes, needless=(), deadline=closes)


def _concerns(due: Due, record: ApplicationRecord) -> bool:
    """Whether an application, looked at again under the lock, is still as it was when this came due."""
    if due.kind == _OVERTAKEN:
        return record.status == "submitted" and record.amending_at is not None
    return record.status == "draft" and record.reminders_stopped_at is None


def _latest(moments: Iterable[datetime]) -> datetime | None:
    return max(moments, default=None)


def _track(form: Form, record: ApplicationRecord) -> FormTrack | None:
    return next((track for track in form.tracks if track.id == record.track), None)
