"""`founder-bot db upgrade`: bring the database to the schema of this version."""

from __future__ import annotations

import typer

from bot.commands.common import begin, data_folder

app = typer.Typer(help="Look after the database.", no_args_is_help=True)


@app.callback()
def _database() -> None:
    """Look after the database."""


@app.command("upgrade")
def upgrade(context: typer.Context) -> None:
    """Create the database, or bring an older one to the schema of this version."""
    settings = begin(context)
    data_folder(settings)
    from storage.migrate import upgrade as upgrade_database

    done = upgrade_database(settings.database)
    if done.before == done.after:
        typer.echo(f"The database is up to date (revision {done.after}).")
    else:
        typer.echo(f"The database went from revision {done.before or 'none'} to {done.after}.")
