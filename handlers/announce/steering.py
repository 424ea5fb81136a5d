"""What staff can do with an announcement that is confirmed, each in one unit of work and on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from handlers.announce.checks import draft_from
from handlers.announce.knowledge import publish, withdraw
from handlers.program import Program
from storage.announcement_records import AnnouncementRecord, ChangeRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

Resent = Literal["unknown", "failed"]
LEFT_OUT = ("unsubscribed", "blocked", "erased", "no_channel")
"""What becomes of founders that an announcement names and that are not written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who does something: a member of staff, or whoever types a command on the machine."""

    name: str
    staff_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An announcement and what became of it so far.

    `lines` counts the ledger by status, `reasons` what was not delivered by (status, error), `change` is the
    last order to edit or delete it with how far that is.
    """

    record: AnnouncementRecord
    lines: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    replies: Mapping[str, int]
    stopped: int
    change: ChangeRecord | None = None
    changed: Mapping[str, int] | None = None

    @property
    def total(self) -> int:
        """How many were to be written to; those left out from the start are not among them."""
        return sum(n for status, n in self.lines.items() if status not in LEFT_OUT)


async def look(work: UnitOfWork, announcement_id: int) -> State | None:
    """Read how far an announcement is; None when there is none."""
    record = await work.announcements.get(announcement_id)
    if record is None:
        return None
    changes = await work.changes.of(announcement_id)
    reasons = await work.recipients.reasons(announcement_id)
    return State(
        record=record,
        lines={str(key): n for key, n in (await work.recipients.progress(announcement_id)).items()},
        reasons={(str(status), code): n for (status, code), n in reasons.items()},
        replies=await work.announcements.reply_counts(announcement_id),
        stopped=await work.subscriptions.stopped_under(announcement_id),
        change=changes[0] if changes else None,
        changed=await work.changes.progress(changes[0]) if changes else None,
    )


async def confirm(work: UnitOfWork, record: AnnouncementRecord, by: By, program: Program) -> bool:
    """Let a draft be sent as it was shown, and be known from then on; False when it changed meanwhile."""
    if not await work.announcements.confirm(record.id, record.revision):
        return False
    confirmed = await work.announcements.get(record.id)
    assert confirmed is not None
    await publish(work, confirmed, program, by.name)
    return await _note(work, "announcement.confirm", record.id, by)


async def pause(work: UnitOfWork, announcement_id: int, by: By) -> bool:
    """Stop sending; False when nothing is being sent."""
    done = await work.announcements.pause(announcement_id)
    return done and await _note(work, "announcement.pause", announcement_id, by)


async def resume(work: UnitOfWork, announcement_id: int, by: By) -> bool:
    """Go on sending; False when it was not paused."""
    done = await work.announcements.resume(announcement_id)
    return done and await _note(work, "announcement.resume", announcement_id, by)


async def cancel(work: UnitOfWork, announcement_id: int, by: By) -> bool:
    """Send to nobody else; False when it is over. Those who have it keep it."""
    if not await work.announcements.cancel(announcement_id):
        return False
    left = await work.recipients.cancel(announcement_id)
    record = await work.announcements.get(announcement_id)
    if record is not None:
        await withdraw(work, record, by.name)
    return await _note(work, "announcement.cancel", announcement_id, by, recipients=left)


async def resend(work: UnitOfWork, announcement_id: int, status: Resent, by: By) -> int:
    """Try once more those whose sending failed, or of whom nobody knows; return how many."""
    record = await work.announcements.get(announcement_id, lock=True)
    if record is None or record.status not in ("finished", "sending", "paused"):
        return 0
    count = await work.recipients.resend(announcement_id, (status,))
    if count:
        await work.announcements.reopen(announcement_id)
        await _note(work, "announcement.resend", announcement_id, by, status=status, recipients=count)
    return count


async def correct(
    work: UnitOfWork, announcement_id: int, texts: Mapping[str, str], by: By, program: Program
) -> ChangeRecord | None:
    """Say something else, also to those who have it where the channel allows; None for a draft."""
    before = await work.announcements.get(announcement_id, lock=True)
    if before is None or not await work.announcements.correct(announcement_id, texts):
        return None
    after = await work.announcements.get(announcement_id)
    assert after is not None
    if after.status != "cancelled":
        await publish(work, after, program, by.name)
    change = await work.changes.begin(announcement_id, "edit", created_by=by.staff_id)
    changes = {"texts": [dict(before.texts), dict(texts)]}
    await _note(work, "announcement.correct", announcement_id, by, changes=changes)
    return change


async def delete(work: UnitOfWork, announcement_id: int, by: By) -> ChangeRecord | None:
    """Take it away from those who have it, where the channel allows; what was not sent never will be."""
    record = await work.announcements.get(announcement_id, lock=True)
    if record is None or record.status in ("draft", "scheduled"):
        return None
    if await work.announcements.cancel(announcement_id):
        await work.recipients.cancel(announcement_id)
    await withdraw(work, record, by.name)
    change = await work.changes.begin(announcement_id, "delete", created_by=by.staff_id)
    await _note(work, "announcement.delete", announcement_id, by)
    return change


async def copy(work: UnitOfWork, announcement_id: int, by: By) -> AnnouncementRecord | None:
    """Begin a new draft with the same contents, to be sent at once."""
    record = await work.announcements.get(announcement_id)
    if record is None:
        return None
    new = replace(draft_from(record), at=None, valid_until=None, created_by=by.staff_id)
    made = await work.announcements.create(new)
    await _note(work, "announcement.create", made.id, by, revision=made.revision, copy_of=announcement_id)
    return made


async def _note(work: UnitOfWork, action: str, announcement_id: int, by: By, **details: Any) -> bool:
    await work.audit.note(
        action,
        actor=by.name,
        staff_id=by.staff_id,
        about=("announcement", announcement_id),
        details=details,
    )
    return True
