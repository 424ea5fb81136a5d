"""How turns went: the row that every turn leaves, failed ones too."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import insert, select

from storage.entries import NewTrace
from storage.records import TraceRecord
from storage.repository import Repository, columns, named, table
from storage.tables import Trace

_traces = table(Trace)
_ADD = insert(_traces)
_GET = select(*columns(Trace, TraceRecord)).where(_traces.c.message_id == named("message_id"))
_FIELDS = tuple(item.name for item in fields(NewTrace))


class Traces(Repository):
    """Traces, one for each message of a founder that had a turn."""

    __slots__ = ()

    async def add(self, trace: NewTrace) -> None:
        """Store how a turn went."""
        values: dict[str, Any] = {name: getattr(trace, name) for name in _FIELDS}
        values["passages"] = [dict(passage) for passage in trace.passages]
        values["timings"] = dict(trace.timings)
        if trace.conversation_id in self._scope.erased_conversations:
            values.update(question="", searched="", passages=[])
        await self._write(_ADD, {**values, "created_at": self._now()})

    async def for_message(self, message_id: int) -> TraceRecord | None:
        """Find the trace of the turn that a founder's message started."""
        row = await self._row(_GET, {"message_id": message_id})
        if row is None:
            return None
        values = dict(row._mapping)
        return TraceRecord(**{**values, "passages": tuple(values["passages"])})
