"""What documents were good for: how often each was cited, and the questions it did not settle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, literal, select

from storage.document_records import CitedQuestion, DocumentUse, FailedQuestion
from storage.document_tables import DocumentUse as UseTable
from storage.repository import Repository, filled, table
from storage.tables import Feedback, Message, Trace

_uses, _traces = table(UseTable), table(Trace)
_feedback, _messages = table(Feedback), table(Message)
_UNHELPFUL = (
    _uses.join(_messages, _messages.c.in_reply_to == _uses.c.message_id)
    .join(_feedback, _feedback.c.answer_message_id == _messages.c.id)
)  # fmt: skip


class DocumentUses(Repository):
    """Counts and lists over what `Traces.add` noted."""

    __slots__ = ()

    async def since(self, moment: datetime) -> list[DocumentUse]:
        """Count for every document that any question came to since then, the most cited first."""
        cited = func.sum(case((_uses.c.cited, 1), else_=0))
        rows = await self._rows(
            select(_uses.c.document_id, cited.label("cited"), func.count().label("total"))
            .where(_uses.c.created_at >= moment)
            .group_by(_uses.c.document_id)
            .order_by(cited.desc(), _uses.c.document_id)
        )
        unhelpful = await self._unhelpful(moment)
        return [
            DocumentUse(
                document_id=row.document_id,
                cited=int(row.cited),
                nearest=int(row.total - row.cited),
                unhelpful=unhelpful.get(row.document_id, 0),
            )
            for row in rows
        ]

    async def failed(self, document_id: str, *, limit: int = 50) -> list[FailedQuestion]:
        """List the latest questions that were refused near a document, or that it answered without help."""
        refused = _failures("refused").select_from(_uses.join(_traces, _ON_TRACE)).where(~_uses.c.cited)
        unhelpful = (
            _failures("not_helpful")
            .select_from(_UNHELPFUL.join(_traces, _ON_TRACE))
            .where(_uses.c.cited, _feedback.c.rating == "not_helpful")
        )
        found: list[FailedQuestion] = []
        for statement in (refused, unhelpful):
            here = statement.where(_uses.c.document_id == document_id)
            rows = await self._rows(here.order_by(_uses.c.message_id.desc()).limit(limit))
            found += [filled(FailedQuestion, row) for row in rows]
        return sorted(found, key=lambda one: one.message_id, reverse=True)[:limit]

    async def answered(self, document_id: str, *, limit: int = 20) -> list[CitedQuestion]:
        """List the latest questions whose answers cited a document."""
        statement = (
            select(*_ASKED)
            .select_from(_uses.join(_traces, _ON_TRACE))
            .where(_uses.c.cited, _uses.c.document_id == document_id)
            .order_by(_uses.c.message_id.desc())
            .limit(limit)
        )
        return [filled(CitedQuestion, row) for row in await self._rows(statement)]

    async def _unhelpful(self, moment: datetime) -> dict[str, int]:
        rows = await self._rows(
            select(_uses.c.document_id, func.count().label("times"))
            .select_from(_UNHELPFUL)
            .where(_uses.c.cited, _uses.c.created_at >= moment, _feedback.c.rating == "not_helpful")
            .group_by(_uses.c.document_id)
        )
        return {row.document_id: int(row.times) for row in rows}


_ON_TRACE = _traces.c.message_id == _uses.c.message_id
_ASKED = (
    _uses.c.message_id,
    _traces.c.conversation_id,
    _traces.c.question,
    _traces.c.language,
    _uses.c.created_at.label("at"),
)


def _failures(reason: str) -> Select[Any]:
    return select(*_ASKED, literal(reason).label("reason"))
