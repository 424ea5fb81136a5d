"""What every command does first: read the settings, set up logging, know how to fail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.settings import Settings


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
    configure(level, settings.secrets(), file=file, full=debug)
    return settings


def data_folder(settings: Settings) -> Path:
    """The data folder, made if needed; CommandError names it when it cannot be written."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The data folder {folder} cannot be made: {error.strerror}") from error
    return folder
