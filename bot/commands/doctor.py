"""`founder-bot doctor`: look at everything the bot needs and say what to do."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def doctor(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show only what needs attention.")] = False,
    health: Annotated[
        bool,
        typer.Option("--health", help="Only ask whether `run` is alive; for container health checks."),
    ] = False,
) -> None:
    """Check settings, program, data folder, database, index, models and Telegram, and say what to do.

    Ends with 1 when something has to be mended. Never shows a token or a password.
    """
    if health:
        _health()
        return
    from bot.doctor import examine, show

    failed = asyncio.run(show(examine(), quiet=quiet))
    if failed:
        raise typer.Exit(1)


def _health() -> None:
    from bot.health import STALE, seconds_since_last
    from bot.settings import load_settings

    age = seconds_since_last(load_settings().data_dir)
    if age is None or age > STALE:
        typer.echo("not running" if age is None else f"stuck: no sign of life for {age:.0f} s", err=True)
        raise typer.Exit(1)
    typer.echo("alive")
