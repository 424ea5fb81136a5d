"""What documents were good for: how often each was cited, and the questions it did not settle."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Executable, Select, case, func, literal, select

from storage.document_records import CitedQuestion, DocumentUse, FailedQuestion
from storage.document_tables import DocumentDay
from storage.document_tables import DocumentUse as UseTable
from storage.repository import Repository, filled, table
from storage.tables import Feedback, Message, Trace

_uses, _traces, _days = table(UseTable), table(Trace), table(DocumentDay)
_feedback, _messages = table(Feedback), table(Message)
_ON_TRACE = _traces.c.message_id == _uses.c.message_id
_ASKED = (
    _uses.c.message_id,
    _traces.c.conversation_id,
    _traces.c.question,
    _traces.c.language,
    _uses.c.created_at.label("at"),
)
_UNHELPFUL = (
    _feedback.join(_messages, _messages.c.id == _feedback.c.answer_message_id)
    .join(_uses, _uses.c.message_id == _messages.c.in_reply_to)
)  # fmt: skip
_DAY = timedelta(days=1)
_LATE = timedelta(hours=1)
"""No turn takes longer, so after this nothing is added to a day any more."""


class DocumentUses(Repository):
    """Counts and lists over what `Traces.add` noted; erasing a founder changes none of the counts."""

    __slots__ = ()

    async def since(self, day: date) -> list[DocumentUse]:
        """Count for every document that any question came to from that day of UTC on, most cited first."""
        cited, nearest = defaultdict[str, int](int), defaultdict[str, int](int)
        unhelpful = await self._unhelpful(_start(day))
        last = await self._last_day()
        rest = day if last is None else max(day, last + _DAY)
        parts: tuple[Executable, ...] = (_added(day), _counts(_start(rest)))
        for part in parts:
            for row in await self._rows(part):
                cited[row.document_id] += int(row.cited)
                nearest[row.document_id] += int(row.nearest)
        return [
            DocumentUse(
                document_id=name,
                cited=cited[name],
                nearest=nearest[name],
                unhelpful=unhelpful.get(name, 0),
            )
            for name in sorted(cited, key=lambda name: (-cited[name], name))
        ]

    async def add_day(self) -> date | None:
        """Add up the next day that is over; None when all are. Without it `since` counts every question."""
        last = await self._last_day()
        uses = select(func.min(_uses.c.created_at))
        row = await self._row(uses if last is None else uses.where(_uses.c.created_at >= _start(last + _DAY)))
        if row is None or row[0] is None:
            return None
        day: date = row[0].astimezone(UTC).date()
        if self._now() < _start(day + _DAY) + _LATE:
            return None
        counts = _counts(_start(day), _start(day + _DAY)).subquery()
        statement = self._insert(DocumentDay).from_select(
            ["day", "document_id", "cited", "nearest"],
            # The condition, because SQLite takes an ON after a bare SELECT for that of a join.
            select(literal(day), counts.c.document_id, counts.c.cited, counts.c.nearest).where(literal(True)),
        )
        await self._write(statement.on_conflict_do_nothing())
        return day

    async def failed(self, document_id: str, since: date, *, limit: int = 50) -> list[FailedQuestion]:
        """List the latest questions that were refused near a document, or that it answered without help."""
        refused = (
            _failures("refused")
            .select_from(_uses.join(_traces, _ON_TRACE))
            .where(_uses.c.cited.is_(False), _uses.c.created_at >= _start(since))
        )
        unhelpful = (
            _failures("not_helpful")
            .select_from(_UNHELPFUL.join(_traces, _ON_TRACE))
            .where(_uses.c.cited, *_rated(_start(since)))
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

    async def _last_day(self) -> date | None:
        row = await self._row(select(func.max(_days.c.day)))
        return None if row is None else row[0]

    async def _unhelpful(self, moment: datetime) -> dict[str, int]:
        # Counted here: asked to group, SQLite walks through all uses in the order of their documents.
        rows = await self._rows(
            select(_uses.c.document_id).select_from(_UNHELPFUL).where(_uses.c.cited, *_rated(moment))
        )
        return Counter(row.document_id for row in rows)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _rated(moment: datetime) -> tuple[Any, ...]:
    """From the few ratings to the questions: a condition on the questions would lure SQLite the other way."""
    return (_feedback.c.rating == "not_helpful", _feedback.c.created_at >= moment)


def _added(day: date) -> Select[Any]:
    return (
        select(
            _days.c.document_id,
            func.sum(_days.c.cited).label("cited"),
            func.sum(_days.c.nearest).label("nearest"),
        )
        .where(_days.c.day >= day)
        .group_by(_days.c.document_id)
    )


def _counts(start: datetime, end: datetime | None = None) -> Select[str, Any, Any]:
    # An expression: to group by the column, SQLite walks through all uses in the order of an index.
    name: Any = _uses.c.document_id.concat("")
    columns: tuple[Any, ...] = (
        name.label("document_id"),
        func.sum(case((_uses.c.cited, 1), else_=0)).label("cited"),
        func.sum(case((_uses.c.cited, 0), else_=1)).label("nearest"),
    )
    statement = select(*columns).where(_uses.c.created_at >= start)
    if end is not None:
        statement = statement.where(_uses.c.created_at < end)
    return statement.group_by(name)


def _failures(reason: str) -> Select[Any]:
    return select(*_ASKED, literal(reason).label("reason"))
