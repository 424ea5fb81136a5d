"""`founder-bot setup`: everything that must happen once before the first question."""

from __future__ import annotations

import typer

from bot.commands.common import begin


def setup(context: typer.Context) -> None:
    """Migrate the database and index the program's documents; does nothing when nothing changed."""
    settings = begin(context)
    from bot.readiness import prepare

    done = prepare(settings)
    for line in done:
        typer.echo(line)
    typer.echo("founder-bot is ready." if done else "founder-bot is ready; nothing has changed.")
