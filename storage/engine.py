"""From a database URL to an engine with this project's habits, for SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util.concurrency import await_only

from storage.errors import DatabaseInvalid
from storage.failures import Place, cannot_open
from storage.sqlite_driver import OneVisitDriver

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_LIVED = "lived"
"""Marks connections that have been of use; one that fails at once speaks for itself."""
_PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    # With a write-ahead log this survives a killed process; only a power cut may lose the last commits.
    "PRAGMA synchronous=NORMAL",
    # What /forget removes is overwritten with zeros rather than left in free pages.
    "PRAGMA secure_delete=ON",
)


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed URL, driver chosen; holds the password, so it is never shown: `place` is."""

    url: URL
    place: Place


def locate(text: str) -> Location:
    """Understand a database URL; raises DatabaseInvalid without quoting it, for it may hold a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseInvalid(
            "BOT_DATABASE_URL cannot be understood: write sqlite:////folder/file.db or "
            "postgresql://user:password@host/name."
        ) from None
    dialect = url.get_backend_name()
    if dialect not in _DRIVERS:
        raise DatabaseInvalid(f"BOT_DATABASE_URL names {dialect}: only sqlite and postgresql are supported.")
    url = url.set(drivername=_DRIVERS[dialect])
    if dialect == "sqlite":
        return _locate_file(url)
    shown = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return Location(url, Place("postgresql", shown))


def _locate_file(url: URL) -> Location:
    name = url.database or ""
    if name in {"", ":memory:"} or url.query.get("mode") == "memory":
        raise DatabaseInvalid("A database in memory would forget everything: give SQLite a file.")
    try:
        if "\x00" in name:
            raise ValueError("a path cannot hold NUL")
        path = Path(name).expanduser().absolute()
        # mode=rw: opening must not leave an empty file where a database was expected.
        query = {"uri": "true", "mode": "rw", **{key: str(value) for key, value in url.query.items()}}
        file_url = URL.create(url.drivername, database="file:" + quote(str(path)), query=query)
    except (RuntimeError, ValueError):
        raise DatabaseInvalid("BOT_DATABASE_URL does not name a file that can exist.") from None
    return Location(file_url, Place("sqlite", str(path), path))


def build_engine(location: Location, lock_timeout: float, *, create: bool = False) -> AsyncEngine:
    """Build an engine; `create` lets SQLite make the file."""
    # Statements carry what founders wrote, and errors quote statements: hide their values.
    common: dict[str, Any] = {"hide_parameters": True, "pool_timeout": 30}
    if location.place.dialect == "sqlite":
        url = location.url.update_query_dict({"mode": "rwc"}) if create else location.url
        # No isolation level: the driver would begin late, and a late write fails beside another writer.
        options = {"timeout": lock_timeout, "isolation_level": None}
        engine = create_async_engine(url, module=OneVisitDriver(), connect_args=options, **common)
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        if not create:
            event.listen(engine.sync_engine, "do_connect", partial(_must_exist, location.place))
        return engine
    # No overflow: such a connection is closed when it is given back, and opening one costs more than waiting.
    common |= {"pool_size": 15, "max_overflow": 0, "pool_use_lifo": True}
    # Compiling a query costs more than any of ours takes, and the server decides for it by a rough guess.
    settings = {"timeout": 10, "command_timeout": 60, "server_settings": {"jit": "off"}}
    engine = create_async_engine(location.url, connect_args=settings, **common)
    event.listen(engine.sync_engine, "checkout", _begin_at_once)
    return engine


def _must_exist(place: Place, *_connecting: object) -> None:
    # Asked before a connection is tried, because the driver leaves a thread behind where that fails.
    if place.path is not None and not place.path.is_file():
        raise cannot_open(place, place.path)


def _begin_at_once(connection: Any, record: Any, _proxy: object) -> None:
    """Begin as soon as a connection is taken, which tells whether it still lives.

    That is no visit to the server more; the stock check is four, as many as most units of work need.
    """
    try:
        await_only(connection._start_transaction())
    except Exception:
        if _LIVED not in record.info:
            raise
        raise DisconnectionError from None  # the pool opens another
    record.info[_LIVED] = True


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
