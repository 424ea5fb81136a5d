"""Turns the drivers' errors into this room's, each with the sentence that says what to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import (
    DatabaseFull,
    DatabaseInvalid,
    DatabaseLocked,
    DatabaseOutdated,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnavailable,
    StorageError,
)

FAILURES = (DBAPIError, PoolTimeout, OSError, TimeoutError)
"""What a statement may raise through no fault of the code; anything else is a bug and stays as it is."""

UPGRADE = "run `founder-bot db upgrade`"


@dataclass(frozen=True, slots=True)
class Place:
    """Which database an error is about; `label` is safe to show, `path` is None for a server."""

    dialect: str
    label: str
    path: Path | None = None


def explained(error: BaseException, place: Place) -> StorageError:
    """Choose the error to raise for one of SQLAlchemy, a driver or the operating system."""
    if isinstance(error, StorageError):
        return error
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable(f"The database {place.label} is too busy: no connection became free.")
    original = getattr(error, "orig", None) or error
    if place.dialect == "sqlite":
        return _sqlite(original, place)
    return _postgres(error, original, place)


def read_only(place: Place) -> DatabaseReadOnly:
    """Say that the database takes no writes, and what to do about it."""
    if place.path is None:
        return DatabaseReadOnly(
            f"The database {place.label} does not take writes (a standby, or read-only by its settings): "
            "point BOT_DATABASE_URL at the primary server."
        )
    return DatabaseReadOnly(
        f"The database {place.path} cannot be written: give this user write access to the file and its "
        f"folder {place.path.parent}, or set BOT_DATA_DIR to a folder that can be written."
    )


def missing(place: Place) -> DatabaseOutdated:
    """Say that nothing has been set up yet."""
    return DatabaseOutdated(f"The database {place.label} has no tables yet: {UPGRADE}.")


def incomplete(place: Place, revision: str, lacking: Sequence[str]) -> DatabaseInvalid:
    """Say that the tables are not what the revision promises, which no upgrade mends."""
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return DatabaseInvalid(
        f"The database {place.label} says that it is at revision {revision} but lacks {lacking[0]}{more}: "
        "another build of founder-bot made its tables. Restore a backup, or move it away and run "
        "`founder-bot setup`."
    )


def _sqlite(error: BaseException, place: Place) -> StorageError:
    text = str(error).lower()
    if "locked" in text or "busy" in text:
        return DatabaseLocked(
            f"The database {place.label} is locked by another process: "
            "stop that process, or wait until it has finished."
        )
    if "readonly" in text or isinstance(error, PermissionError):
        return read_only(place)
    if "no such table" in text or "no such column" in text:
        return DatabaseOutdated(f"The tables of {place.label} are missing or old: {UPGRADE}.")
    if "full" in text:
        return DatabaseFull(f"No space is left for the database {place.label}: free some, then go on.")
    if "not a database" in text or "malformed" in text:
        return DatabaseInvalid(f"The file {place.label} is not an intact SQLite database: restore a backup.")
    if "unable to open" in text and place.path is not None:
        return cannot_open(place, place.path)
    if isinstance(error, OSError) or "i/o" in text:
        return DatabaseUnavailable(f"The database {place.label} cannot be reached ({_kind(error)}).")
    return DatabaseRefused(f"The database {place.label} refused a statement ({_kind(error)}).")


def cannot_open(place: Place, path: Path) -> StorageError:
    """Find out why SQLite could not open its file."""
    if not path.exists():
        parent_is_file = any(parent.is_file() for parent in path.parents)
        return (
            DatabaseInvalid(f"{path} cannot exist: a folder in it is a file.")
            if parent_is_file
            else (missing(place))
        )
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return read_only(place)
    return DatabaseUnavailable(
        f"The database {path} cannot be opened: see that it is a file with space left."
    )


_POSTGRES: tuple[tuple[tuple[str, ...], type[StorageError], str], ...] = (
    (("28",), DatabaseUnavailable, "refused the user or password: check BOT_DATABASE_URL"),
    (("3D000",), DatabaseUnavailable, "does not exist: create it, or correct BOT_DATABASE_URL"),
    (("42P01", "42703", "3F000"), DatabaseOutdated, f"has missing or old tables: {UPGRADE}"),
    (("53100", "53200"), DatabaseFull, "has no space or memory left"),
    (("55P03", "40"), DatabaseLocked, "is held up by another transaction: try again"),
    (("08", "57P", "53"), DatabaseUnavailable, "is not available at the moment: see that the server runs"),
)


def _postgres(error: BaseException, original: BaseException, place: Place) -> StorageError:
    code = str(getattr(original, "sqlstate", None) or "")
    if code in {"25006", "25001"}:
        return read_only(place)
    for starts, kind, words in _POSTGRES:
        if code and code.startswith(starts):
            return kind(f"The database {place.label} {words}.")
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    if gone or isinstance(original, OSError | TimeoutError | ResourceClosedError):
        return DatabaseUnavailable(
            f"The database {place.label} cannot be reached ({_kind(original)}): see that the server runs."
        )
    return DatabaseRefused(f"The database {place.label} refused a statement ({code or _kind(original)}).")


def _kind(error: BaseException) -> str:
    # The class only: a driver's own words may quote what a founder wrote.
    return type(error).__name__
