"""SQLAlchemy's aiosqlite driver with one visit to the connection's thread for each statement.

The stock adapter goes there four times (make a cursor, execute, fetch, close), and each visit costs more
than the statement: on one core the work of a message took 6.2 ms, this way 2.7 ms.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util.concurrency import await_only


class OneVisitCursor:
    """A cursor that holds its rows in memory once a statement has run."""

    server_side = False
    __slots__ = ("_connection", "_rows", "arraysize", "description", "lastrowid", "rowcount")

    def __init__(self, connection: OneVisitConnection) -> None:
        self._connection = connection
        self._rows: deque[Any] = deque()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    def execute(self, operation: str, parameters: Any = None) -> None:
        """Run a statement and fetch all its rows."""
        self._visit(lambda cursor: cursor.execute(operation, parameters or ()))

    def executemany(self, operation: str, parameters: Sequence[Any]) -> None:
        """Run a statement for each set of parameters."""
        self._visit(lambda cursor: cursor.executemany(operation, parameters))

    def _visit(self, run: Callable[[sqlite3.Cursor], object]) -> None:
        def work() -> tuple[Any, int, int | None, list[Any]]:
            cursor = raw.cursor()
            try:
                run(cursor)
                rows = cursor.fetchall() if cursor.description else []
                return cursor.description, cursor.rowcount, cursor.lastrowid, rows
            finally:
                cursor.close()

        raw = self._connection.raw
        self.description, self.rowcount, self.lastrowid, rows = self._connection.visit(work)
        self._rows = deque(rows)

    def fetchone(self) -> Any:
        """Take the next row, or None at the end."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Take up to that many rows."""
        wanted = min(self.arraysize if size is None else size, len(self._rows))
        return [self._rows.popleft() for _ in range(wanted)]

    def fetchall(self) -> list[Any]:
        """Take the remaining rows."""
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def __iter__(self) -> Iterator[Any]:
        while self._rows:
            yield self._rows.popleft()

    def setinputsizes(self, *_sizes: Any) -> None:
        """Accept what SQLite does not need."""

    async def _async_soft_close(self) -> None:
        return None

    def close(self) -> None:
        """Forget the rows; the real cursor was closed when the statement had run."""
        self._rows.clear()


class OneVisitConnection(AsyncAdapt_aiosqlite_connection):
    """A connection whose cursors visit its thread once for each statement.

    Statements whose result nobody looks at need no visit of their own: they wait for the next one.
    """

    __slots__ = ("_waiting",)

    def __init__(self, driver: OneVisitDriver, connection: Any) -> None:
        super().__init__(driver, connection)
        self._waiting: list[tuple[str, Any]] = []

    def take_along(self, operation: str, parameters: Any) -> None:
        """Run a statement with the next visit, before what is visited for; its failure is raised there."""
        self._waiting.append((operation, parameters))

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection that lives in the thread."""
        raw: sqlite3.Connection = self._connection._conn
        return raw

    def visit(self, work: Callable[[], Any], *, undo: bool = False) -> Any:
        """Run a function in the thread and wait for its result; `undo` rolls back at once when it fails."""
        waiting, self._waiting = self._waiting, []

        def all_work() -> Any:
            try:
                for operation, parameters in waiting:
                    raw.execute(operation, parameters)
                return work()
            except BaseException:
                if undo:
                    raw.rollback()
                raise

        raw = self.raw
        try:
            return await_only(self._connection._execute(all_work if waiting or undo else work))
        except Exception as error:
            self._handle_exception(error)

    def commit(self) -> None:
        """Commit, sparing the visit where nothing has begun, as after reading."""
        if self._waiting or self.raw.in_transaction:
            # SQLAlchemy takes a transaction whose commit failed for ended, and would give it to the next one.
            self.visit(self.raw.commit, undo=True)

    def rollback(self) -> None:
        """Roll back, sparing the visit where nothing has begun."""
        self._waiting.clear()
        if self._connection._connection is not None and self.raw.in_transaction:
            super().rollback()

    def cursor(self, server_side: bool = False) -> Any:
        """Make a cursor, which costs nothing yet."""
        return OneVisitCursor(self)


class OneVisitDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver module that SQLAlchemy is given."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneVisitConnection:
        """Connect like the stock driver, then wrap the connection our way."""
        stock = super().connect(*arguments, **options)
        return OneVisitConnection(self, stock._connection)


def take_along(connection: AsyncConnection, operation: str, parameters: Any) -> None:
    """Let a connection of this driver run a statement with its next visit."""
    sync = connection.sync_connection
    raw = None if sync is None else sync.connection.dbapi_connection
    if not isinstance(raw, OneVisitConnection):
        raise RuntimeError("this connection is closed, or not one to SQLite")
    raw.take_along(operation, parameters)
