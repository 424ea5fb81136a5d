"""Full-text search over messages: FTS5 on SQLite, a tsvector with GIN on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, bindparam, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.repository import Repository, table
from storage.review_records import Search
from storage.tables import Message

_messages = table(Message)
_FEW = 5_000
"""Up to so many messages found are collected; of more, most conversations have one, so that looking into
conversation after conversation fills a page sooner."""


def has_words(search: Search, dialect: str, messages: Any = _messages) -> ColumnElement[bool]:
    """Return the condition that a message holds what is looked for."""
    found = _on_postgresql(search, messages) if dialect == "postgresql" else _on_sqlite(search, messages)
    for phrase in search.phrases:
        found = found & func.lower(messages.c.text).contains(phrase, autoescape=True)
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """The condition that a conversation has what is looked for; `few` ones can be counted."""

    condition: ColumnElement[bool]
    few: bool


async def conversations_with(repository: Repository, search: Search, conversation_id: Column[Any]) -> Found:
    """Choose how to tell conversations that have a message with what is looked for."""
    dialect = repository._scope.place.dialect
    found = has_words(search, dialect)
    if dialect == "sqlite" or await _are_few(repository, found):
        return Found(conversation_id.in_(select(_messages.c.conversation_id).where(found)), few=True)
    one = select(literal(1)).where(_messages.c.conversation_id == conversation_id, found).limit(1)
    return Found(one.correlate(conversation_id.table).scalar_subquery() == 1, few=False)


async def _are_few(repository: Repository, found: ColumnElement[bool]) -> bool:
    some = select(literal(1).label("one")).where(found).select_from(_messages).limit(_FEW + 1).subquery()
    row = await repository._row(select(func.count()).select_from(some))
    return row is None or row[0] <= _FEW


def _on_postgresql(search: Search, messages: Any) -> ColumnElement[bool]:
    terms = [f"'{word}'" for word in sorted(search.words)]
    terms += [f"'{begun}':*" for begun in sorted(search.beginnings)]
    query = cast(bindparam(None, " & ".join(terms), TSQUERY), TSQUERY)
    found: ColumnElement[bool] = messages.c.words.op("@@", is_comparison=True)(query)
    return found


def _on_sqlite(search: Search, messages: Any) -> ColumnElement[bool]:
    terms = [f'"{word}"' for word in sorted(search.words)]
    terms += [f'"{begun}" *' for begun in sorted(search.beginnings)]
    rows = text("SELECT rowid FROM message_words WHERE message_words MATCH :terms")
    found: ColumnElement[bool] = messages.c.id.in_(
        rows.bindparams(bindparam("terms", " AND ".join(terms), unique=True))
    )
    return found
