"""Founders who asked to talk to a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, update

from storage.records import HandoverRecord
from storage.repository import Repository, columns, filled, table
from storage.tables import Handover, Message

_handovers, _messages = table(Handover), table(Message)
_COLUMNS = columns(Handover, HandoverRecord)


class Handovers(Repository):
    """Handovers, at most one open in a conversation."""

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
        statement = self._insert(Handover).values(
            conversation_id=conversation_id,
            founder_id=founder_id,
            question_message_id=None if question_message_id is None else question.scalar_subquery(),
            status="open",
            opened_at=self._now(),
        )
        added = await self._write(statement.on_conflict_do_nothing().returning(*_COLUMNS))
        row = added.first()
        if row is not None:
            return filled(HandoverRecord, row)
        existing = await self.get_open(conversation_id)
        assert existing is not None
        return existing

    async def cancel(self, handover_id: int, conversation_id: int | None = None) -> bool:
        """Take back an open handover; False when it is not open, or not one of that conversation."""
        statement = (
            update(_handovers)
            .where(_handovers.c.id == handover_id, _handovers.c.status == "open")
            .values(status="cancelled", closed_at=self._now())
        )
        if conversation_id is not None:
            statement = statement.where(_handovers.c.conversation_id == conversation_id)
        return (await self._write(statement)).rowcount == 1

    async def get_open(self, conversation_id: int) -> HandoverRecord | None:
        """Find the open handover of a conversation."""
        row = await self._row(_open().where(_handovers.c.conversation_id == conversation_id))
        return None if row is None else filled(HandoverRecord, row)

    async def list_open(self) -> list[HandoverRecord]:
        """List open handovers, the one that has waited longest first."""
        rows = await self._rows(_open().order_by(_handovers.c.id))
        return [filled(HandoverRecord, row) for row in rows]


def _open() -> Select[Any]:
    return select(*_COLUMNS).where(_handovers.c.status == "open")
