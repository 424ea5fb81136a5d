"""Whom to write to about an unfinished application or amendment, each time once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update

from storage.application_records import ApplicationRecord, ReminderCandidate
from storage.application_tables import Application, ApplicationReminder
from storage.repository import Repository, columns, named, private, table
from storage.tables import Conversation, Message

_applications, _conversations, _messages = table(Application), table(Conversation), table(Message)
_sent = table(ApplicationReminder)
_COLUMNS = columns(Application, ApplicationRecord)

_chats = _conversations.alias("chats")
_NEWEST = (
    select(func.coalesce(func.max(_messages.c.id), 0))
    .where(_messages.c.conversation_id == _chats.c.id)
    .scalar_subquery()
)
_CHAT = (
    select(_chats.c.id)
    .where(
        _chats.c.founder_id == _applications.c.founder_id,
        _chats.c.chat.is_not(None),
        private(_chats.c.chat),
        _chats.c.blocked_at.is_(None),
    )
    .order_by(_NEWEST.desc(), _chats.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_CANDIDATES = (
    select(*_COLUMNS, _conversations.c.id.label("chat_id"), _conversations.c.channel, _conversations.c.chat)
    .select_from(_applications)
    .join(_conversations, _conversations.c.id == _CHAT)
    .where(
        or_(
            and_(_applications.c.status == "draft", _applications.c.reminders_stopped_at.is_(None)),
            and_(_applications.c.status == "submitted", _applications.c.amending_at.is_not(None)),
        ),
        _applications.c.id > named("after_id"),
    )
    .order_by(_applications.c.id)
    .limit(named("count"))
)


class ApplicationReminders(Repository):
    """Reminders of drafts, and the word that an amendment came too late."""

    __slots__ = ()

    async def reminder_candidates(self, after_id: int = 0, limit: int = 100) -> list[ReminderCandidate]:
        """Return the page of drafts and amendments above `after_id` to look at; an empty page is the end.

        Drafts whose reminders were stopped are left out.

        The chat is the one with the founder's newest message, among those that take messages.
        """
        found = []
        for row in await self._rows(_CANDIDATES, {"after_id": after_id, "count": limit}):
            values = dict(row._mapping)
            where = {name: values.pop(name) for name in ("channel", "chat")}
            chat_id = values.pop("chat_id")
            record = ApplicationRecord(**values)
            found.append(ReminderCandidate(application=record, conversation_id=chat_id, **where))
        return found

    async def note_reminder(self, application_id: int, kind: str, deadline: datetime) -> bool:
        """Note that a reminder goes out; False when one of this kind for this deadline already did."""
        statement = self._insert(ApplicationReminder).values(
            application_id=application_id, kind=kind, deadline=deadline, at=self._now()
        )
        return (await self._write(statement.on_conflict_do_nothing())).rowcount == 1

    async def reminders_sent(self, application_ids: Collection[int]) -> set[tuple[int, str, datetime]]:
        """Return which reminders of these applications went out: id, kind and deadline."""
        rows = await self._rows(
            select(_sent.c.application_id, _sent.c.kind, _sent.c.deadline).where(
                _sent.c.application_id.in_(application_ids)
            )
        )
        return {(row.application_id, row.kind, row.deadline) for row in rows}

    async def stop_reminders(self, application_id: int, *, stopped: bool = True) -> None:
        """Send no more reminders of an application, or take them up again."""
        await self._write(
            update(_applications)
            .where(_applications.c.id == application_id)
            .values(reminders_stopped_at=self._now() if stopped else None)
        )
