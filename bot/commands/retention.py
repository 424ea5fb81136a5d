"""`founder-bot retention`: remove what the settings say is too old, or show what that would be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.common import begin

if TYPE_CHECKING:
    from bot.settings import Settings


def retention(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; nothing is removed.")] = False,
) -> None:
    """Remove what is older than the BOT_RETENTION_… settings allow, as a running bot does every night.

    Rows stay without words, for statistics; entries of the audit log and files go.
    """
    settings = begin(context)
    report = asyncio.run(_run(settings, dry_run))
    if not report:
        typer.echo("Everything is kept: no BOT_RETENTION_… setting is set.")
    for kind, part in report.items():
        word = "would be removed" if dry_run else "removed"
        typer.echo(f"{kind}: {part['removed']} older than {part['days']} days {word}")


async def _run(settings: Settings, dry_run: bool) -> dict[str, Any]:
    from bot.files import FileStore
    from bot.retention import Keeper
    from bot.retention import retention as ages
    from bot.service import utc_now
    from handlers.program import load_program
    from storage.database import Database

    database = Database.open(settings.database)
    try:
        await database.require_ready()
        keeper = Keeper(
            database,
            FileStore(settings.data_dir, []),
            ages(settings),
            utc_now,
            load_program(settings.program).timezone,
        )
        return await keeper.preview() if dry_run else dict((await keeper.run()).report)
    finally:
        await database.close()
