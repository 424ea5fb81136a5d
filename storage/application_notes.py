"""The history of an application, and the questions that the staff asks about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from storage.application_records import EventRecord, FollowUpRecord
from storage.application_tables import ApplicationEvent, ApplicationFollowUp
from storage.repository import Repository, columns, filled, table

_events, _followups = table(ApplicationEvent), table(ApplicationFollowUp)
_FOLLOW_UP = columns(ApplicationFollowUp, FollowUpRecord)

FOUNDER = "founder"
"""The actor of what founders do themselves; the staff goes by name."""


class ApplicationNotes(Repository):
    """Events and follow-up questions."""

    __slots__ = ()

    async def events(self, application_id: int) -> list[EventRecord]:
        """List what happened to an application, oldest first."""
        rows = await self._rows(
            select(*columns(ApplicationEvent, EventRecord))
            .where(_events.c.application_id == application_id)
            .order_by(_events.c.id)
        )
        return [filled(EventRecord, row) for row in rows]

    async def ask_follow_up(self, application_id: int, *, asked_by: str, question: str) -> FollowUpRecord:
        """Store a question of the staff."""
        added = await self._write(
            insert(_followups)
            .values(application_id=application_id, asked_by=asked_by, question=question, asked_at=self._now())
            .returning(*_FOLLOW_UP)
        )
        record = filled(FollowUpRecord, added.one())
        await self._note(application_id, asked_by, "follow_up", {"follow_up": record.id})
        return record

    async def follow_up(self, follow_up_id: int) -> FollowUpRecord | None:
        """Find one follow-up question."""
        row = await self._row(select(*_FOLLOW_UP).where(_followups.c.id == follow_up_id))
        return None if row is None else filled(FollowUpRecord, row)

    async def follow_ups(self, application_id: int) -> list[FollowUpRecord]:
        """List the follow-up questions about an application, oldest first."""
        rows = await self._rows(
            select(*_FOLLOW_UP).where(_followups.c.application_id == application_id).order_by(_followups.c.id)
        )
        return [filled(FollowUpRecord, row) for row in rows]

    async def answer_follow_up(
        self, follow_up_id: int, answer: str, *, message_id: int | None, sha256: str | None = None
    ) -> bool:
        """Store the answer to a follow-up question, words or a file; False when there is one already."""
        statement = (
            update(_followups)
            .where(_followups.c.id == follow_up_id, _followups.c.answered_at.is_(None))
            .values(answer=answer, sha256=sha256, answered_at=self._now(), message_id=message_id)
            .returning(_followups.c.application_id)
        )
        row = (await self._write(statement)).first()
        if row is None:
            return False
        await self._note(row.application_id, FOUNDER, "answered", {"follow_up": follow_up_id})
        return True

    async def _note(
        self, application_id: int, actor: str, kind: str, details: Mapping[str, Any] | None = None
    ) -> None:
        await self._write(
            insert(_events).values(
                application_id=application_id,
                at=self._now(),
                actor=actor,
                kind=kind,
                details=dict(details or {}),
            )
        )
