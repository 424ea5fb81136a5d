"""What every repository shares: the open unit of work, and running statements in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, CursorResult, Executable, Row, Table, bindparam, or_
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError
from storage.failures import FAILURES, Place, explained
from storage.spelled import spelled
from storage.sqlite_driver import take_along
from storage.tables import Table as Mapped

R = TypeVar("R")
Segment = Callable[[str, Sequence[str]], Collection[str]]
"""Words a text is found by, given the names its founder goes by: word characters, points and commas only.

Those that begin with a point are only in what masking hides; see `Search.hidden`.
"""
Params = Mapping[str, Any]
INSERTS: Mapping[str, Callable[[Table], PostgresInsert | SqliteInsert]] = {
    "sqlite": sqlite_insert,
    "postgresql": postgres_insert,
}


@dataclass(slots=True)
class Scope:
    """The state of one unit of work that its repositories share.

    `erased_*` name what was erased in this very unit: whatever is added for it afterwards (the reply that
    confirms the erasure) is stored without words and is not linked to the person. `failure` is the error of
    a statement that failed: after it PostgreSQL answers COMMIT with a rollback and says nothing. `segment`
    gives the words a message is found by; without it they are left to the next one who indexes. `names`
    are those of the founders of conversations, as far as somebody had to know them.
    """

    connection: AsyncConnection
    place: Place
    clock: Callable[[], datetime]
    read_only: bool
    erased_conversations: set[int] = field(default_factory=set)
    erased_chats: set[tuple[str, str]] = field(default_factory=set)
    failure: StorageError | None = None
    segment: Segment | None = None
    names: dict[int, tuple[str, ...]] = field(default_factory=dict)


def private(chat: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a chat is one person's, as far as is known: groups have numbers below zero in Telegram."""
    return or_(chat.is_(None), chat.not_like("-%"))


class Repository:
    """Base of all repositories; holds nothing of its own."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def _run(self, statement: Executable, params: Params | Sequence[Params] | None = None) -> Any:
        try:
            return await self._scope.connection.execute(statement, params)
        except FAILURES as error:
            self._scope.failure = explained(error, self._scope.place)
            raise self._scope.failure from error

    async def _rows(self, statement: Executable, params: Params | None = None) -> Sequence[Row[Any]]:
        result: CursorResult[Any] = await self._run(statement, params)
        return result.all()

    async def _row(self, statement: Executable, params: Params | None = None) -> Row[Any] | None:
        result: CursorResult[Any] = await self._run(statement, params)
        return result.first()

    async def _write(
        self, statement: Executable, params: Params | Sequence[Params] | None = None
    ) -> CursorResult[Any]:
        """Run a statement that changes rows; SQLite could not upgrade a read-only unit safely, so refuse."""
        if self._scope.read_only:
            raise RuntimeError("this unit of work was opened with read_only=True")
        result: CursorResult[Any] = await self._run(statement, params)
        return result

    async def _write_along(self, statement: Executable, params: Params) -> None:
        """Run a statement that changes rows and whose result nobody needs.

        On SQLite it takes no visit of its own: its failure comes out at the next statement or the commit.
        """
        if self._scope.place.dialect != "sqlite":
            await self._write(statement, params)
            return
        if self._scope.read_only:
            raise RuntimeError("this unit of work was opened with read_only=True")
        written = spelled(statement, tuple(params), self._scope.connection.dialect)
        take_along(self._scope.connection, written.text, written.parameters(params))

    def _now(self) -> datetime:
        return self._scope.clock()

    def _insert(self, mapped: type[Mapped]) -> PostgresInsert | SqliteInsert:
        """Start an INSERT that can say ON CONFLICT, which each dialect spells with a class of its own."""
        return INSERTS[self._scope.place.dialect](table(mapped))


def table(mapped: type[Mapped]) -> Table:
    """Return the plain table: statements on it skip the object mapper, which costs more than the query."""
    found = mapped.__table__
    assert isinstance(found, Table)
    return found


def columns(mapped: type[Mapped], record: type[Any]) -> list[Column[Any]]:
    """Return the columns of a table that fill a record, in the order of its fields."""
    source = table(mapped).c
    return [source[item.name] for item in fields(record)]


def filled(record: type[R], row: Row[Any]) -> R:
    """Build a record from a row whose labels are its fields."""
    return record(**row._mapping)


def named(name: str) -> Any:
    """Return a parameter of a statement that is built once and run often."""
    return bindparam(name)
