"""Brings a database to the tables of this version; Alembic without any file for users to write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from storage.engine import Location, build_engine, locate
from storage.errors import DatabaseInvalid, DatabaseOutdated
from storage.failures import FAILURES, explained, read_only
from storage.schema import require_whole

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x666F756E646572
"""Number of PostgreSQL's advisory lock: two processes that upgrade at once take turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Which revisions a run started from and reached; None is an empty database."""

    before: str | None
    after: str | None


def upgrade(url: str, *, lock_timeout: float = 8.0) -> Migration:
    """Bring a database to the newest revision, making SQLite's file and folder where missing.

    Blocks; call it in a thread from a coroutine. Raises StorageError; a failed run leaves the database
    as it was.
    """
    return _run(url, lambda config: command.upgrade(config, "head"), lock_timeout)


def downgrade(url: str, revision: str, *, lock_timeout: float = 8.0) -> Migration:
    """Take a database back to a revision; "base" removes all tables and what is in them."""
    return _run(url, lambda config: command.downgrade(config, revision), lock_timeout)


def head_revision() -> str:
    """Return the revision this version of the code needs."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def known_revision(revision: str) -> bool:
    """Say whether this version of the code knows a revision; a newer one's it does not."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def current_revision(connection: Connection) -> str | None:
    """Read the revision a database is at; None for one without any."""
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(url: str, step: Callable[[Config], None], lock_timeout: float) -> Migration:
    location = locate(url)
    _make_folder(location)
    # A thread of its own: it has no event loop yet, whatever the caller's is doing.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _migrate(location, step, lock_timeout)).result()


def _make_folder(location: Location) -> None:
    if location.place.path is None:
        return
    folder = location.place.path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise DatabaseInvalid(f"{folder} cannot hold the database: a file is in the way.") from None
    except OSError:
        raise read_only(location.place) from None


async def _migrate(location: Location, step: Callable[[Config], None], lock_timeout: float) -> Migration:
    engine = build_engine(location, lock_timeout, create=True)
    try:
        async with engine.connect() as connection:
            if location.place.dialect == "sqlite":
                await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                # Rebuilding a table drops the old one, which references to it would forbid.
                await connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                await connection.commit()
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            migration = await connection.run_sync(_apply, step)
            if migration.after == head_revision():
                await require_whole(connection, location.place, head_revision())
            await connection.commit()
            return migration
    except CommandError:
        raise DatabaseOutdated(
            f"The database {location.place.label} was set up by a newer founder-bot: "
            "install that version, or restore a backup."
        ) from None
    except FAILURES as error:
        raise explained(error, location.place) from error
    finally:
        await engine.dispose()


def _apply(connection: Connection, step: Callable[[Config], None]) -> Migration:
    config = _config()
    config.attributes["connection"] = connection
    before = current_revision(connection)
    step(config)
    return Migration(before=before, after=current_revision(connection))
