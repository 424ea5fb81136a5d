"""`founder-bot staff invite` and `token`: how staff get into the console and programs into its API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import CommandError, actor, begin, with_database
from bot.commands.staff import Who, find

if TYPE_CHECKING:
    from storage.announcement_records import StaffRecord
    from storage.database import Database


def invite(context: typer.Context, name: Who) -> None:
    """Print a one-time link by which somebody sets a password for the console; an older link ends."""
    from bot.console.config import Limits

    settings = begin(context)
    lifetime = Limits().link

    async def write(database: Database) -> tuple[StaffRecord, str]:
        async with database.unit_of_work() as work:
            member = await find(work, name)
            token = await work.one_time_links.issue(member.id, lifetime)
            await work.audit.note(
                "staff.invite", actor=actor(), about=("staff", member.id), details={"name": member.name}
            )
            return member, token

    member, token = with_database(settings.database, write)
    typer.echo(f"Let {member.name} open this, once, within {lifetime.days} days:")
    typer.echo(f"  {settings.console_address}/welcome/{token}")
    if not settings.console_listen:
        typer.echo("The console is off: BOT_CONSOLE_LISTEN turns it on.", err=True)


def token(
    context: typer.Context,
    name: Who,
    scope: Annotated[
        list[str], typer.Option("--scope", help="What the token may do, e.g. conversation.see; repeat it.")
    ],
    called: Annotated[str, typer.Option("--called", help="What it is for.")] = "command line",
    days: Annotated[
        int, typer.Option("--days", help="How long it works; 0 means until it is revoked.", min=0, max=3650)
    ] = 90,
) -> None:
    """Print a token of the API that acts for somebody; it is shown only this once."""
    from handlers.staff import PERMISSIONS, may

    settings = begin(context)
    unknown = [one for one in scope if one not in PERMISSIONS]
    if unknown:
        raise CommandError(f"{unknown[0]} is no scope: use {', '.join(PERMISSIONS)}")
    expires = datetime.now(UTC) + timedelta(days=days) if days else None

    async def write(database: Database) -> str:
        async with database.unit_of_work() as work:
            member = await find(work, name)
            for permission in PERMISSIONS:
                if permission in scope and not may(member.role, permission):
                    raise CommandError(f"{member.name} is {member.role}, which does not allow {permission}")
            made = await work.api_tokens.issue(member.id, called, scope, expires)
            details = {"name": called, "scopes": len(scope)}
            await work.audit.note("token.create", actor=actor(), about=("staff", member.id), details=details)
            return made

    typer.echo(with_database(settings.database, write))
