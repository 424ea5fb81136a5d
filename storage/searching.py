"""Full-text search over messages: FTS5 on SQLite, a tsvector with GIN on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    ScalarSelect,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from storage.repository import Repository, table
from storage.review_records import ANYTHING_HIDDEN, HIDDEN, Search
from storage.tables import Conversation, Message, Number

_messages, _conversations = table(Message), table(Conversation)
_SAMPLE = 2_000
_OFTEN = 20
_IN_CONVERSATIONS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """The condition that a conversation has what is looked for; None is to be looked up in each of them."""

    condition: ColumnElement[bool] | None


async def conversations_with(repository: Repository, search: Search, conversation_id: Column[Any]) -> Found:
    """Choose how to tell conversations that have a message with what is looked for.

    What is rare is collected from the index first. What is often among the newest messages is in so many
    conversations that looking into one after the other fills a page sooner than the index gives them all.
    """
    if repository._scope.place.dialect == "sqlite":
        inside = select(_messages.c.conversation_id).where(has_words(search, "sqlite"))
        return Found(conversation_id.in_(inside))
    if await _is_often_said(repository, search):
        return Found(None)
    rows = await repository._rows(
        select(_messages.c.conversation_id).where(has_words(search, "postgresql")).distinct()
    )
    return Found(conversation_id == any_(_array([row.conversation_id for row in rows])))


async def among(repository: Repository, search: Search, conversations: Sequence[int]) -> dict[int, int]:
    """Return those of some conversations that have what is looked for, each with the newest such message."""
    newest = newest_message(has_words(search, repository._scope.place.dialect, indexed=False))
    rows = await repository._rows(
        select(_conversations.c.id, newest.label("message_id")).where(_conversations.c.id.in_(conversations))
    )
    return {row.id: row.message_id for row in rows if row.message_id is not None}


def newest_message(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """Find a conversation's newest message with a condition, looking at no more messages than needed."""
    return (
        select(_messages.c.id)
        .where(_messages.c.conversation_id == _conversations.c.id, condition)
        .order_by(_messages.c.conversation_id.desc(), _messages.c.id.desc())
        .limit(1)
        .correlate(_conversations)
        .scalar_subquery()
    )


def _array(numbers: Sequence[int]) -> ColumnElement[Any]:
    return bindparam(None, list(numbers), ARRAY(Number))


def has_words(search: Search, dialect: str, *, indexed: bool = True) -> ColumnElement[bool]:
    """Return the condition that a message holds what is looked for.

    `indexed` False is for few messages that are at hand: PostgreSQL would read the index of words for each
    conversation, since it takes words to be rarer than they are.
    """
    found = _on_postgresql(search, indexed) if dialect == "postgresql" else _on_sqlite(search)
    for phrase in search.phrases:
        found = found & func.lower(_messages.c.text).contains(phrase, autoescape=True)
    return found


async def _is_often_said(repository: Repository, search: Search) -> bool:
    newest = select(_messages.c.id).order_by(_messages.c.id.desc()).limit(_SAMPLE)
    row = await repository._row(
        select(
            func.count().label("messages"),
            func.count(_messages.c.conversation_id.distinct()).label("conversations"),
        ).where(_messages.c.id.in_(newest), has_words(search, "postgresql", indexed=False))
    )
    return row is not None and row.messages >= _OFTEN and row.conversations >= _IN_CONVERSATIONS


def _on_postgresql(search: Search, indexed: bool) -> ColumnElement[bool]:
    terms = [_either(search, "'{}'", word, " | ") for word in sorted(search.words)]
    terms += [_either(search, "'{}':*", begun, " | ") for begun in sorted(search.beginnings)]
    if search.phrases and not search.hidden:
        terms.append(f"!'{ANYTHING_HIDDEN}'")
    query = cast(bindparam(None, " & ".join(terms), TSQUERY), TSQUERY)
    nothing = cast(literal("", TSVECTOR), TSVECTOR)
    words = _messages.c.words if indexed else func.coalesce(_messages.c.words, nothing)
    found: ColumnElement[bool] = words.op("@@", is_comparison=True)(query)
    return found


def _on_sqlite(search: Search) -> ColumnElement[bool]:
    terms = [_either(search, '"{}"', word, " OR ") for word in sorted(search.words)]
    terms += [_either(search, '"{}" *', begun, " OR ") for begun in sorted(search.beginnings)]
    wanted = " AND ".join(terms)
    if search.phrases and not search.hidden:
        wanted = f'({wanted}) NOT "{ANYTHING_HIDDEN}"'
    rows = text("SELECT rowid FROM message_words WHERE message_words MATCH :terms")
    found: ColumnElement[bool] = _messages.c.id.in_(rows.bindparams(bindparam("terms", wanted, unique=True)))
    return found


def _either(search: Search, pattern: str, word: str, joined: str) -> str:
    shown = pattern.format(word)
    return f"({shown}{joined}{pattern.format(HIDDEN + word)})" if search.hidden else shown
