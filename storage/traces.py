"""How turns went: the row that every turn leaves, failed ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import insert

from storage.document_tables import DocumentUse
from storage.entries import NewTrace
from storage.repository import Repository, table
from storage.tables import Trace

_traces = table(Trace)
_ADD = insert(_traces).inline()
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
        await self._write_along(_ADD, {**values, "created_at": self._now()})
        await self._note_uses(trace, values["passages"])

    async def _note_uses(self, trace: NewTrace, passages: Sequence[Mapping[str, Any]]) -> None:
        """Note which documents were cited; of a refusal, which one came nearest."""
        used = [one for one in passages if one.get("cited") is not None] if trace.answered else passages[:1]
        if not used or trace.answered is None:
            return
        shared = {"message_id": trace.message_id, "cited": trace.answered, "created_at": self._now()}
        rows = {one["document"]: {"document_id": one["document"], "version": one["version"]} for one in used}
        statement = self._insert(DocumentUse).values([{**row, **shared} for row in rows.values()])
        await self._write(statement.on_conflict_do_nothing())
