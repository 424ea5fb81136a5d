"""The application that a chat is in, read together with who writes there: parts of that one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, and_, func, or_, select, type_coerce
from sqlalchemy.types import String

from storage.application_records import ApplicationRecord, StoredAnswer
from storage.application_tables import Application, ApplicationAnswer, ApplicationMember
from storage.repository import columns, table
from storage.tables import Conversation

_answers, _members = table(ApplicationAnswer), table(ApplicationMember)
_chats = table(Conversation)
_NAMES = tuple(item.name for item in fields(ApplicationRecord))

APPLICATIONS = table(Application)
COLUMNS = tuple(
    column.label(f"application_{column.name}") for column in columns(Application, ApplicationRecord)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedApplication:
    """An application as one founder in it sees it: what is shared, and what that founder alone answered."""

    application: ApplicationRecord
    answers: Mapping[str, StoredAnswer]


def opened_by(founder: Column[int]) -> ColumnElement[bool]:
    """Join the application that a chat is in, if the founder is in it too."""
    joined = (
        select(_members.c.id)
        .where(_members.c.application_id == APPLICATIONS.c.id, _members.c.founder_id == founder)
        .correlate(APPLICATIONS, founder.table)
        .exists()
    )
    here = _chats.c.interview["application"].as_integer()
    return and_(APPLICATIONS.c.id == here, or_(APPLICATIONS.c.founder_id == founder, joined))


def answers_of(founder: Column[int], dialect: str) -> ColumnElement[Any]:
    """Collect the answers of that application that the founder may see, as JSON."""
    own = or_(_answers.c.member_id.is_(None), _answers.c.member_id == founder)
    found = (
        select(_COLLECTED[dialect])
        .where(_answers.c.application_id == APPLICATIONS.c.id, own)
        .correlate(APPLICATIONS, founder.table)
        .scalar_subquery()
    )
    return type_coerce(found, String).label("answers")


def opened(row: Row[Any]) -> OpenedApplication | None:
    """Read what the statement found; None for no application."""
    if row.application_id is None:
        return None
    values, found = row._mapping, row.answers
    answers = sorted(json.loads(found) if isinstance(found, str) else found or [])
    return OpenedApplication(
        application=ApplicationRecord(**{name: values[f"application_{name}"] for name in _NAMES}),
        answers={
            key: StoredAnswer(data, wording, bool(skipped)) for _, key, data, wording, skipped in answers
        },
    )


def _answer(build: Any, data: Any) -> Any:
    return build(_answers.c.id, _answers.c.key, data, _answers.c.wording, _answers.c.skipped)


_COLLECTED: Mapping[str, ColumnElement[Any]] = {
    "sqlite": func.json_group_array(_answer(func.json_array, func.json(_answers.c.data))),
    "postgresql": func.json_agg(_answer(func.json_build_array, _answers.c.data)),
}
