"""The application that a chat is in, read in one statement together with the answers of whoever writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, type_coerce
from sqlalchemy.types import String

from storage.application_records import ApplicationRecord, StoredAnswer
from storage.application_tables import Application, ApplicationAnswer, ApplicationMember
from storage.repository import columns, named, table

_applications, _answers, _members = table(Application), table(ApplicationAnswer), table(ApplicationMember)
_COLUMNS = columns(Application, ApplicationRecord)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedApplication:
    """An application as one founder in it sees it: what is shared, and what that founder alone answered."""

    application: ApplicationRecord
    answers: Mapping[str, StoredAnswer]


def opened(row: Row[Any]) -> OpenedApplication:
    """Read what `OPENED` found."""
    values, found = row[:-1], row[-1]
    names = [column.name for column in _COLUMNS]
    answers = sorted(json.loads(found) if isinstance(found, str) else found or [])
    return OpenedApplication(
        application=ApplicationRecord(**dict(zip(names, values, strict=True))),
        answers={
            key: StoredAnswer(data, wording, bool(skipped)) for _, key, data, wording, skipped in answers
        },
    )


def _statement(answers: ColumnElement[Any]) -> Select[Any]:
    own = or_(_answers.c.member_id.is_(None), _answers.c.member_id == named("founder_id"))
    found = select(answers).where(_answers.c.application_id == _applications.c.id, own).scalar_subquery()
    joined = (
        select(_members.c.id)
        .where(_members.c.application_id == _applications.c.id, _members.c.founder_id == named("founder_id"))
        .exists()
    )
    return select(*_COLUMNS, type_coerce(found, String).label("answers")).where(
        _applications.c.id == named("application_id"),
        or_(_applications.c.founder_id == named("founder_id"), joined),
    )


def _answer(build: Any, data: Any) -> Any:
    return build(_answers.c.id, _answers.c.key, data, _answers.c.wording, _answers.c.skipped)


OPENED: Mapping[str, Select[Any]] = {
    "sqlite": _statement(func.json_group_array(_answer(func.json_array, func.json(_answers.c.data)))),
    "postgresql": _statement(func.json_agg(_answer(func.json_build_array, _answers.c.data))),
}
"""By dialect; no row for an application that the founder is not in."""
