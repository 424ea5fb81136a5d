"""Announcements: drafts that several staff may edit, and what is scheduled, being sent or over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, insert, or_, select, update

from storage.announcement_records import AnnouncementRecord, AnnouncementStatus, NewAnnouncement
from storage.announcement_tables import Announcement, AnnouncementChange, AnnouncementReply
from storage.repository import Repository, columns, filled, table

_announcements, _replies = table(Announcement), table(AnnouncementReply)
_changes = table(AnnouncementChange)
_COLUMNS = columns(Announcement, AnnouncementRecord)


class Announcements(Repository):
    """Announcements; every change of one raises its revision."""

    __slots__ = ()

    async def create(self, new: NewAnnouncement) -> AnnouncementRecord:
        """Store a draft."""
        now = self._now()
        values = _values(new) | {"status": "draft", "revision": 1, "created_at": now, "updated_at": now}
        row = (await self._write(insert(_announcements).values(values).returning(*_COLUMNS))).one()
        return filled(AnnouncementRecord, row)

    async def get(self, announcement_id: int, *, lock: bool = False) -> AnnouncementRecord | None:
        """Find one; `lock` keeps it from changing until the end of the unit of work."""
        statement = select(*_COLUMNS).where(_announcements.c.id == announcement_id)
        row = await self._row(statement.with_for_update() if lock else statement)
        return None if row is None else filled(AnnouncementRecord, row)

    async def latest(
        self, *, statuses: Sequence[AnnouncementStatus] = (), limit: int = 50
    ) -> list[AnnouncementRecord]:
        """List announcements, newest first."""
        statement = select(*_COLUMNS).order_by(_announcements.c.id.desc()).limit(limit)
        if statuses:
            statement = statement.where(_announcements.c.status.in_(statuses))
        return [filled(AnnouncementRecord, row) for row in await self._rows(statement)]

    async def draft_of(self, staff_id: int) -> AnnouncementRecord | None:
        """Find the draft somebody is composing."""
        statement = select(*_COLUMNS).where(
            _announcements.c.created_by == staff_id, _announcements.c.status == "draft"
        )
        row = await self._row(statement.order_by(_announcements.c.id.desc()).limit(1))
        return None if row is None else filled(AnnouncementRecord, row)

    async def edit(self, announcement_id: int, revision: int, new: NewAnnouncement) -> bool:
        """Replace a draft's contents; False when somebody changed or sent it since that revision."""
        values = _values(new)
        values.pop("created_by")
        return await self._change(announcement_id, ("draft",), revision=revision, **values)

    async def confirm(self, announcement_id: int, revision: int) -> bool:
        """Let a draft be sent at its time; False when it is no longer the one that was shown."""
        return await self._change(
            announcement_id, ("draft",), revision=revision, status="scheduled", confirmed_at=self._now()
        )

    async def start(self, announcement_id: int) -> bool:
        """Mark as being sent; False when it was taken back meanwhile."""
        return await self._change(announcement_id, ("scheduled",), status="sending", started_at=self._now())

    async def pause(self, announcement_id: int) -> bool:
        """Stop sending until `resume`; False when nothing is being sent."""
        return await self._change(announcement_id, ("sending",), status="paused")

    async def resume(self, announcement_id: int) -> bool:
        """Go on sending; False when it was not paused."""
        return await self._change(announcement_id, ("paused",), status="sending")

    async def cancel(self, announcement_id: int) -> bool:
        """Send to nobody from now on; False when it is over. What was sent stays sent."""
        statuses = ("draft", "scheduled", "sending", "paused")
        return await self._change(announcement_id, statuses, status="cancelled", finished_at=self._now())

    async def finish(self, announcement_id: int) -> bool:
        """Close one that everybody has; False when it is paused, cancelled or closed already."""
        return await self._change(announcement_id, ("sending",), status="finished", finished_at=self._now())

    async def reopen(self, announcement_id: int) -> bool:
        """Go back to sending, for recipients that staff want to be tried again."""
        return await self._change(announcement_id, ("finished",), status="sending", finished_at=None)

    async def correct(self, announcement_id: int, texts: Mapping[str, str]) -> bool:
        """Say something else from now on; False before it was confirmed, when `edit` is the way.

        Those who have it already are told by a change, see `Changes`.
        """
        statuses = ("scheduled", "sending", "paused", "finished", "cancelled")
        return await self._change(announcement_id, statuses, texts=dict(texts))

    async def watch(self, announcement_id: int, message_id: int | None) -> None:
        """Remember the stored message in which staff follow how far it is."""
        statement = update(_announcements).where(_announcements.c.id == announcement_id)
        await self._write(statement.values(watch_message_id=message_id))

    async def due(self, now: datetime) -> list[AnnouncementRecord]:
        """List what is to be sent now, urgent ones first, then the oldest."""
        ready = or_(
            _announcements.c.status == "sending",
            (_announcements.c.status == "scheduled")
            & or_(_announcements.c.at.is_(None), _announcements.c.at <= now),
        )
        order = (_announcements.c.urgent.desc(), _announcements.c.id)
        rows = await self._rows(select(*_COLUMNS).where(ready).order_by(*order))
        return [filled(AnnouncementRecord, row) for row in rows]

    async def lately(self, since: datetime) -> list[AnnouncementRecord]:
        """List what staff may be following: what waits, is sent or paused, and what changed since then."""
        moving = _announcements.c.status.in_(("scheduled", "sending", "paused"))
        ended = (_announcements.c.updated_at >= since) & (_announcements.c.status != "draft")
        changing = exists().where(
            _changes.c.announcement_id == _announcements.c.id, _changes.c.status == "running"
        )
        statement = select(*_COLUMNS).where(or_(moving, ended, changing)).order_by(_announcements.c.id)
        return [filled(AnnouncementRecord, row) for row in await self._rows(statement)]

    async def next_due(self, now: datetime) -> datetime | None:
        """Say when the next scheduled one is due; None when there is none after `now`."""
        statement = select(func.min(_announcements.c.at)).where(
            _announcements.c.status == "scheduled", _announcements.c.at > now
        )
        row = await self._row(statement)
        return None if row is None else row[0]

    async def reply(self, announcement_id: int, founder_id: int, choice: str) -> None:
        """Remember which button a founder pressed; the last one counts."""
        values = {"choice": choice, "at": self._now()}
        statement = self._insert(AnnouncementReply).values(
            announcement_id=announcement_id, founder_id=founder_id, **values
        )
        await self._write(
            statement.on_conflict_do_update(index_elements=["announcement_id", "founder_id"], set_=values)
        )

    async def reply_counts(self, announcement_id: int) -> dict[str, int]:
        """Count the pressed buttons by choice."""
        statement = (
            select(_replies.c.choice.label("key"), func.count().label("n"))
            .where(_replies.c.announcement_id == announcement_id)
            .group_by(_replies.c.choice)
        )
        rows = await self._rows(statement)
        return {str(row.key): int(row.n) for row in rows}

    async def replies_of(self, announcement_id: int, founder_ids: Collection[int]) -> dict[int, str]:
        """Say which button each of these founders pressed last; who pressed none is left out."""
        statement = select(_replies.c.founder_id, _replies.c.choice).where(
            _replies.c.announcement_id == announcement_id, _replies.c.founder_id.in_(tuple(founder_ids))
        )
        return {int(row.founder_id): str(row.choice) for row in await self._rows(statement)}

    async def _change(
        self,
        announcement_id: int,
        statuses: Sequence[str],
        revision: int | None = None,
        **values: Any,
    ) -> bool:
        statement = update(_announcements).where(
            _announcements.c.id == announcement_id, _announcements.c.status.in_(statuses)
        )
        if revision is not None:
            statement = statement.where(_announcements.c.revision == revision)
        statement = statement.values(**values, revision=_announcements.c.revision + 1, updated_at=self._now())
        return (await self._write(statement)).rowcount == 1


def _values(new: NewAnnouncement) -> dict[str, Any]:
    return {
        "texts": dict(new.texts),
        "link": new.link,
        "file": None if new.file is None else dict(new.file),
        "topic": new.topic,
        "audience": new.audience.to_json(),
        "replies": [dict(item) for item in new.replies],
        "urgent": new.urgent,
        "at": new.at,
        "valid_until": new.valid_until,
        "created_by": new.created_by,
    }
