"""Changes of a draft that several staff may have open: nobody overwrites what they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from handlers.announce.checks import draft_from
from handlers.staff_rights import still_allowed
from handlers.turn import Turn
from handlers.words import clip
from storage.announcement_records import AnnouncementRecord, AuditRecord, NewAnnouncement

if TYPE_CHECKING:
    from storage.database import UnitOfWork

Edit = Callable[[NewAnnouncement], NewAnnouncement]
_LONGEST_NOTE = 300
_FIELDS = ("texts", "link", "file", "topic", "audience", "replies", "urgent", "at", "valid_until")


class Gone(Exception):
    """There is no such draft any more, or the person may not change it; `record` is what it became."""

    def __init__(self, record: AnnouncementRecord | None = None) -> None:
        super().__init__("gone")
        self.record = record


class Overtaken(Exception):
    """Others changed the draft since it was shown; `record` is the draft now, `entries` what they did."""

    def __init__(self, record: AnnouncementRecord, entries: Sequence[AuditRecord]) -> None:
        super().__init__("overtaken")
        self.record = record
        self.entries = entries


async def save(work: UnitOfWork, turn: Turn, draft_id: int, revision: int, edit: Edit) -> AnnouncementRecord:
    """Change a draft as it was shown at a revision; raises Gone, Overtaken, or what `edit` raises.

    One's own changes since are no conflict: one may have the draft open in two places.
    """
    member = await still_allowed(work, turn, "announcement.write")
    record = await work.announcements.get(draft_id, lock=True)
    if member is None or record is None or record.status != "draft":
        raise Gone(record)
    if record.revision != revision:
        entries = await changes_since(work, draft_id, revision)
        if others := [entry for entry in entries if entry.staff_id != member.id]:
            raise Overtaken(record, others)
    before = draft_from(record)
    after = edit(before)
    changed = {name: (getattr(before, name), getattr(after, name)) for name in _FIELDS}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if not changed:
        return record
    await work.announcements.edit(draft_id, record.revision, after)
    stored = await work.announcements.get(draft_id)
    assert stored is not None
    await work.audit.note(
        "announcement.edit",
        actor=member.name,
        staff_id=member.id,
        about=("announcement", draft_id),
        details={
            "revision": stored.revision,
            "changes": {name: [_plain(old), _plain(new)] for name, (old, new) in changed.items()},
        },
    )
    return stored


async def changes_since(work: UnitOfWork, draft_id: int, revision: int) -> list[AuditRecord]:
    """List what was changed after a revision, the oldest first."""
    entries = await work.audit.entries(about=("announcement", draft_id))
    newer = [entry for entry in entries if int(entry.details.get("revision", 0)) > revision]
    return newer[::-1]


async def create(work: UnitOfWork, turn: Turn, new: NewAnnouncement) -> AnnouncementRecord:
    """Store a new draft of whoever writes; raises Gone for those who may not."""
    member = await still_allowed(work, turn, "announcement.write")
    if member is None:
        raise Gone
    record = await work.announcements.create(new)
    await work.audit.note(
        "announcement.create",
        actor=member.name,
        staff_id=member.id,
        about=("announcement", record.id),
        details={"revision": record.revision},
    )
    return record


def _plain(value: Any) -> Any:
    """A value as the audit log keeps it: long texts shortened."""
    if isinstance(value, str):
        return clip(value, _LONGEST_NOTE)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
