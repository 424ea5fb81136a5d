"""Applications as reviewers list them: what was submitted, the newest first, filtered and found by keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from storage.application_export import ApplicationExports
from storage.application_records import ApplicationFilter, ApplicationLine, ApplicationRecord
from storage.application_tables import Application, ApplicationAnswer, ApplicationFollowUp
from storage.repository import columns, filled, table
from storage.tables import Founder

_applications, _answers, _founders = table(Application), table(ApplicationAnswer), table(Founder)
_asked = table(ApplicationFollowUp)
_COLUMNS = columns(Application, ApplicationRecord)
COUNTED = 1_000
"""Counting ends here."""


class ApplicationReviews(ApplicationExports):
    """Lists of submitted applications; those of erased founders are in none."""

    __slots__ = ()

    async def submitted(
        self,
        wanted: ApplicationFilter,
        *,
        before: tuple[datetime, int] | None = None,
        limit: int = 50,
    ) -> list[ApplicationLine]:
        """List applications, the one submitted last first; `before` is time and id of the line it follows."""
        at, number = _applications.c.submitted_at, _applications.c.id
        statement = self._selected(wanted, _COLUMNS).order_by(at.desc(), number.desc()).limit(limit)
        if before is not None:
            statement = statement.where(or_(at < before[0], and_(at == before[0], number < before[1])))
        found = [filled(ApplicationRecord, row) for row in await self._rows(statement)]
        ids = [record.id for record in found]
        titles = await self._titles(ids, wanted.title)
        rows = await self._rows(
            select(_asked.c.application_id, func.count().label("number"))
            .where(_asked.c.application_id.in_(ids), _asked.c.answered_at.is_(None))
            .group_by(_asked.c.application_id)
        )
        unanswered = {row.application_id: row.number for row in rows}
        return [
            ApplicationLine(
                application=record,
                title=titles.get(record.id, ""),
                unanswered=unanswered.get(record.id, 0),
            )
            for record in found
        ]

    async def count_submitted(self, wanted: ApplicationFilter) -> int:
        """Count applications up to `COUNTED` + 1."""
        some = self._selected(wanted, [_applications.c.id]).limit(COUNTED + 1).subquery()
        row = await self._row(select(func.count()).select_from(some))
        return 0 if row is None else int(row[0])

    async def find_submitted(self, application_id: int) -> ApplicationRecord | None:
        """Find one that was submitted, and whose founder is not erased."""
        statement = self._selected(ApplicationFilter(), _COLUMNS).where(_applications.c.id == application_id)
        row = await self._row(statement)
        return None if row is None else filled(ApplicationRecord, row)

    async def tracks_submitted(self) -> list[str]:
        """List the tracks of which there are applications."""
        statement = select(_applications.c.track).where(_applications.c.track.is_not(None))
        rows = await self._rows(statement.distinct().order_by(_applications.c.track))
        return [row.track for row in rows]

    async def _titles(self, ids: Sequence[int], key: str) -> dict[int, str]:
        if not ids or not key:
            return {}
        rows = await self._rows(
            select(_answers.c.application_id, _answers.c.data).where(
                _answers.c.application_id.in_(ids), _answers.c.key == key, _answers.c.member_id.is_(None)
            )
        )
        return {row.application_id: str(row.data) for row in rows if row.data is not None}

    def _selected(self, wanted: ApplicationFilter, shown: Sequence[Any]) -> Select[Any]:
        conditions: list[ColumnElement[bool]] = [
            _applications.c.submitted_at.is_not(None),
            _founders.c.erased_at.is_(None),
        ]
        if wanted.track:
            conditions.append(_applications.c.track == wanted.track)
        if wanted.status:
            conditions.append(_applications.c.status == wanted.status)
        if wanted.since is not None:
            conditions.append(_applications.c.submitted_at >= wanted.since)
        if wanted.until is not None:
            conditions.append(_applications.c.submitted_at < wanted.until)
        if wanted.words:
            conditions.append(_words(wanted, self._scope.place.dialect))
        return (
            select(*shown)
            .join_from(_applications, _founders, _founders.c.id == _applications.c.founder_id)
            .where(*conditions)
        )


def _words(wanted: ApplicationFilter, dialect: str) -> ColumnElement[bool]:
    part = wanted.words.lower()
    numbered = func.lower(_applications.c.number).contains(part, autoescape=True)
    if not wanted.title:
        return numbered
    data = _answers.c.data
    text = data.op("#>>")(literal_column("'{}'")) if dialect == "postgresql" else func.json_extract(data, "$")
    named = exists().where(
        _answers.c.application_id == _applications.c.id,
        _answers.c.key == wanted.title,
        _answers.c.member_id.is_(None),
        func.lower(type_coerce(text, Text)).contains(part, autoescape=True),
    )
    return or_(numbered, named)
