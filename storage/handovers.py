"""Founders who asked to talk to a person, and who of staff talks to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, null, select, update

from storage.announcement_tables import Staff
from storage.records import HandoverEnding, HandoverRecord, QueuedHandover
from storage.repository import Repository, columns, filled, table
from storage.review_tables import ConversationSummary
from storage.tables import Conversation, Founder, Handover, Identity, Message

_handovers, _messages, _staff = table(Handover), table(Message), table(Staff)
_conversations, _identities = table(Conversation), table(Identity)
_summaries, _founders = table(ConversationSummary), table(Founder)
_COLUMNS = columns(Handover, HandoverRecord)
_OPEN = _handovers.c.status == literal_column("'open'")
_MOST = 500


class Handovers(Repository):
    """Handovers, at most one open in a conversation; an open one waits until a person takes it."""

    __slots__ = ()

    async def open(
        self, conversation_id: int, founder_id: int, question_message_id: int | None = None
    ) -> HandoverRecord:
        """Open a handover, or return the one that is open.

        A question that is not a message of this conversation is left out: the ids of buttons come from
        outside and cannot be trusted.
        """
        question = select(_messages.c.id).where(
            _messages.c.id == question_message_id, _messages.c.conversation_id == conversation_id
        )
        now = self._now()
        statement = self._insert(Handover).values(
            conversation_id=conversation_id,
            founder_id=founder_id,
            question_message_id=None if question_message_id is None else question.scalar_subquery(),
            status="open",
            opened_at=now,
            asked_at=now,
        )
        added = await self._write(statement.on_conflict_do_nothing().returning(*_COLUMNS))
        row = added.first()
        if row is not None:
            return filled(HandoverRecord, row)
        existing = await self.get_open(conversation_id)
        assert existing is not None
        return existing

    async def begin(self, conversation_id: int, staff_id: int) -> HandoverRecord | None:
        """Let a person speak in a conversation without being asked; None when another one does.

        Takes the open handover, or opens one that is in this person's hands from the start.
        """
        row = await self._row(
            select(_conversations.c.founder_id).where(
                _conversations.c.id == conversation_id, _conversations.c.chat.is_not(None)
            )
        )
        if row is None:
            return None
        record = await self.open(conversation_id, row.founder_id)
        return await self.take(record.id, staff_id)

    async def get(self, handover_id: int) -> HandoverRecord | None:
        """Find a handover, open or not."""
        row = await self._row(select(*_COLUMNS).where(_handovers.c.id == handover_id))
        return None if row is None else filled(HandoverRecord, row)

    async def get_open(self, conversation_id: int) -> HandoverRecord | None:
        """Find the open handover of a conversation."""
        row = await self._row(_open().where(_handovers.c.conversation_id == conversation_id))
        return None if row is None else filled(HandoverRecord, row)

    # --- changes ------------------------------------------------------------------------------------

    async def take(
        self, handover_id: int, staff_id: int, *, relay_id: int | None = None, instead_of: int | None = None
    ) -> HandoverRecord | None:
        """Put a handover into a person's hands; None when it is closed or in another's.

        `instead_of` names the colleague it is taken from; `relay_id` the person's own chat to follow it in.
        """
        free = _handovers.c.taken_at.is_(None) | (_handovers.c.staff_id == staff_id)
        if instead_of is not None:
            free = free | (_handovers.c.staff_id == instead_of)
        now = self._now()
        return await self._changed(
            handover_id,
            free,
            staff_id=staff_id,
            relay_id=relay_id,
            taken_at=case(
                (_handovers.c.staff_id == staff_id, func.coalesce(_handovers.c.taken_at, now)), else_=now
            ),
            active_at=now,
            reminded_at=null(),
        )

    async def put_back(self, handover_id: int, staff_id: int) -> HandoverRecord | None:
        """Let a handover wait for another person; None when it is not in this one's hands."""
        return await self._changed(
            handover_id,
            and_(_handovers.c.staff_id == staff_id, _handovers.c.taken_at.is_not(None)),
            staff_id=null(),
            relay_id=null(),
            taken_at=null(),
            active_at=null(),
            asked_at=func.coalesce(_handovers.c.asked_at, self._now()),
            reminded_at=null(),
        )

    async def close(
        self, handover_id: int, ending: HandoverEnding, *, staff_id: int | None = None
    ) -> HandoverRecord | None:
        """End a handover; None when it is closed, or not in the hands of the person who ends it."""
        condition = _OPEN if staff_id is None else and_(_OPEN, _handovers.c.staff_id == staff_id)
        return await self._changed(
            handover_id, condition, status="closed", closed_at=self._now(), ending=ending, asked_at=null()
        )

    async def cancel(self, handover_id: int, conversation_id: int | None = None) -> bool:
        """Take back an open handover; False when it is not open, or not one of that conversation."""
        theirs = _OPEN if conversation_id is None else _handovers.c.conversation_id == conversation_id
        now = self._now()
        changed = await self._changed(
            handover_id, theirs, status="cancelled", closed_at=now, ending="founder", asked_at=null()
        )
        return changed is not None

    async def heard(self, handover_id: int) -> HandoverRecord | None:
        """Note that the founder wrote to the person; None when the handover is closed."""
        now = self._now()
        return await self._changed(
            handover_id, _OPEN, asked_at=func.coalesce(_handovers.c.asked_at, now), active_at=now
        )

    async def spoke(self, handover_id: int, staff_id: int) -> HandoverRecord | None:
        """Note that the person wrote to the founder; None when it is not in their hands any more."""
        mine = and_(_handovers.c.staff_id == staff_id, _handovers.c.taken_at.is_not(None))
        return await self._changed(
            handover_id, mine, asked_at=null(), active_at=self._now(), reminded_at=null()
        )

    async def remind(self, handover_id: int) -> HandoverRecord | None:
        """Note that staff and founder were told how long this one waits."""
        return await self._changed(handover_id, _OPEN, reminded_at=self._now())

    async def _changed(self, handover_id: int, condition: Any, **values: Any) -> HandoverRecord | None:
        statement = (
            update(_handovers)
            .where(_handovers.c.id == handover_id, _OPEN, condition)
            .values(revision=_handovers.c.revision + 1, **values)
            .returning(*_COLUMNS)
        )
        row = (await self._write(statement)).first()
        return None if row is None else filled(HandoverRecord, row)

    # --- lists --------------------------------------------------------------------------------------

    async def queue(self) -> list[QueuedHandover]:
        """List open handovers: those that wait for a person first, then those who wait for a word."""
        waiting = case((_handovers.c.taken_at.is_(None), 0), (_handovers.c.asked_at.is_not(None), 1), else_=2)
        rows = await self._rows(
            _queued()
            .order_by(waiting, func.coalesce(_handovers.c.asked_at, _handovers.c.opened_at), _handovers.c.id)
            .limit(_MOST)
        )
        return [_filled(row) for row in rows]

    async def queued(self, handover_id: int) -> QueuedHandover | None:
        """Find one open handover with where it is."""
        row = await self._row(_queued().where(_handovers.c.id == handover_id))
        return None if row is None else _filled(row)

    async def of_conversation(self, conversation_id: int) -> QueuedHandover | None:
        """Find the open handover of a conversation with where it is."""
        row = await self._row(_queued().where(_handovers.c.conversation_id == conversation_id))
        return None if row is None else _filled(row)

    async def idle(self, since: datetime) -> list[QueuedHandover]:
        """List those in a person's hands in which nobody has written since then."""
        rows = await self._rows(
            _queued().where(_handovers.c.taken_at.is_not(None), _handovers.c.active_at < since).limit(_MOST)
        )
        return [_filled(row) for row in rows]

    async def waiting(self, since: datetime) -> list[QueuedHandover]:
        """List those that wait for a person since then and of which nobody was reminded."""
        rows = await self._rows(
            _queued()
            .where(
                _handovers.c.taken_at.is_(None),
                _handovers.c.asked_at < since,
                _handovers.c.reminded_at.is_(None),
            )
            .limit(_MOST)
        )
        return [_filled(row) for row in rows]


def _open() -> Select[Any]:
    return select(*_COLUMNS).where(_OPEN)


def _queued() -> Select[Any]:
    name = (
        select(func.max(_identities.c.id))
        .where(
            _identities.c.founder_id == _handovers.c.founder_id,
            _identities.c.channel == _conversations.c.channel,
        )
        .correlate(_handovers, _conversations)
        .scalar_subquery()
    )
    return (
        select(
            *_COLUMNS,
            _conversations.c.channel,
            _conversations.c.chat,
            _conversations.c.blocked_at,
            func.coalesce(_identities.c.name, "").label("name"),
            _identities.c.username,
            func.coalesce(_founders.c.language, _summaries.c.language).label("language"),
            _staff.c.name.label("staff_name"),
            func.coalesce(_messages.c.text, "").label("question"),
        )
        .select_from(_handovers)
        .join(_conversations, _conversations.c.id == _handovers.c.conversation_id)
        .join(_founders, _founders.c.id == _handovers.c.founder_id)
        .outerjoin(_identities, _identities.c.id == name)
        .outerjoin(_summaries, _summaries.c.conversation_id == _handovers.c.conversation_id)
        .outerjoin(_staff, _staff.c.id == _handovers.c.staff_id)
        .outerjoin(_messages, _messages.c.id == _handovers.c.question_message_id)
        .where(_OPEN, _conversations.c.chat.is_not(None))
    )


def _filled(row: Any) -> QueuedHandover:
    values = dict(row._mapping)
    record = HandoverRecord(**{column.name: values.pop(column.name) for column in _COLUMNS})
    return QueuedHandover(handover=record, **values)
