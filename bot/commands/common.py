"""What every command does first: read the settings, set up logging, know how to fail."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.database import Database

T = TypeVar("T")


class CommandError(Exception):
    """Something the operator can mend; the message is the one sentence that is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the command line said before any command ran."""

    debug: bool = False


def begin(context: typer.Context, *, quiet: bool = True, log_file: str = "") -> Settings:
    """Read the settings and set up logging; `quiet` commands print results, so they log only warnings."""
    from bot.logs import configure
    from bot.settings import load_settings

    settings = load_settings()
    debug = isinstance(context.obj, Launch) and context.obj.debug
    level = "DEBUG" if debug else settings.log_level
    if quiet and level == "INFO":
        level = "WARNING"
    file = settings.data_dir / "logs" / log_file if log_file else None
    try:
        configure(level, settings.secrets(), file=file, full=debug)
    except OSError as error:
        raise CommandError(
            f"The data folder {settings.data_dir} cannot be written ({error.strerror}): change its owner, or "
            "BOT_DATA_DIR"
        ) from error
    return settings


def data_folder(settings: Settings) -> Path:
    """The data folder, made if needed; CommandError names it when it cannot be written."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The data folder {folder} cannot be made: {error.strerror}") from error
    return folder


def with_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something with the database, opened and closed around it."""
    from storage.database import Database

    async def whole() -> T:
        database = Database.open(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(whole())


def say_none(what: str) -> None:
    """Say on standard error that a list is empty; standard output stays as a script expects it."""
    typer.echo(f"There are no {what}.", err=True)


def actor() -> str:
    """Who types this command, for histories and the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"


def now_utc() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
