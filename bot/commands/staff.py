"""`founder-bot staff`: who works for the program, and the codes that tie them to their chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import CommandError, actor, begin, say_none, with_database

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.announcement_records import Role, StaffRecord
    from storage.database import Database, UnitOfWork

Who = Annotated[str, typer.Argument(metavar="NAME", help="Their name, or their number in the list.")]
"""Whom a command is about."""
_RoleOption = Annotated[str, typer.Option("--role", help="owner, editor, reviewer or viewer.")]

app = typer.Typer(help="Say who works for the program and what they may do.", no_args_is_help=True)


@app.callback()
def _staff() -> None:
    """Say who works for the program and what they may do."""


@app.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they are called.")],
    role: _RoleOption,
    language: Annotated[
        str | None, typer.Option("--language", help="Language of what the bot tells them of its own accord.")
    ] = None,
) -> None:
    """Add a member of staff and print the one-time code that ties their chat to them."""
    settings, wanted, called = begin(context), _role(role), " ".join(name.split())
    if not called or called.isdigit():
        raise CommandError("A member of staff needs a name that is more than a number")

    async def write(database: Database) -> tuple[StaffRecord, str]:
        async with database.unit_of_work() as work:
            if any(item.disabled_at is None for item in await work.staff.named(called)):
                raise CommandError(f"{called} is there already: founder-bot staff code makes a new code")
            member = await work.staff.add(called, wanted, language=language)
            await _note(work, "staff.add", member, role=wanted)
            return member, await _issue(work, member)

    member, code = with_database(settings.database, write)
    typer.echo(f"{member.name} is staff number {member.id}, {member.role}.")
    _tell_code(settings, code)


@app.command("list")
def list_(context: typer.Context) -> None:
    """List staff with number, name, role, and whether their chat is linked."""
    settings = begin(context)

    async def read(database: Database) -> list[StaffRecord]:
        async with database.unit_of_work(read_only=True) as work:
            return await work.staff.everyone()

    members = with_database(settings.database, read)
    if not members:
        say_none("staff yet")
    for member in members:
        state = "linked" if member.founder_id is not None else "not linked"
        typer.echo(
            "\t".join((str(member.id), member.name, member.role, "disabled" if member.disabled_at else state))
        )


@app.command("code")
def code(context: typer.Context, name: Who) -> None:
    """Print a new one-time code for somebody, for another chat or a lost code; older ones end."""
    settings = begin(context)

    async def write(database: Database) -> str:
        async with database.unit_of_work() as work:
            member = await find(work, name)
            await _note(work, "staff.code", member)
            return await _issue(work, member)

    _tell_code(settings, with_database(settings.database, write))


@app.command("role")
def role(context: typer.Context, name: Who, role: _RoleOption) -> None:
    """Give somebody another role; it counts from their next message on."""
    settings, wanted = begin(context), _role(role)

    async def write(database: Database) -> str:
        async with database.unit_of_work() as work:
            member = await find(work, name)
            await work.staff.set_role(member.id, wanted)
            await _note(work, "staff.role", member, before=member.role, role=wanted)
            return member.name

    typer.echo(f"{with_database(settings.database, write)} is {wanted} now.")


@app.command("disable")
def disable(context: typer.Context, name: Who) -> None:
    """Take away somebody's rights at once: chat, sessions, tokens and all; what they did stays in the log."""
    from handlers.staff import disable_all

    settings = begin(context)

    async def write(database: Database) -> str:
        async with database.unit_of_work() as work:
            member = await find(work, name)
            await disable_all(work, member.id)
            await _note(work, "staff.disable", member)
            return member.name

    typer.echo(f"{with_database(settings.database, write)} may do nothing any more.")


@app.command("log")
def log(
    context: typer.Context,
    count: Annotated[int, typer.Option("--count", help="How many of the latest actions.", min=1)] = 50,
) -> None:
    """Show who of staff did what, and when, the latest first."""
    import json

    from handlers.program import load_program

    settings = begin(context)
    zone = load_program(settings.program).timezone

    async def read(database: Database) -> list[str]:
        async with database.unit_of_work(read_only=True) as work:
            entries = await work.audit.entries(limit=count)
        return [
            "\t".join(
                (
                    f"{item.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                    item.actor,
                    item.action,
                    f"{item.object_kind} {item.object_id}" if item.object_kind else "-",
                    json.dumps(dict(item.details), ensure_ascii=False) if item.details else "",
                )
            ).rstrip()
            for item in entries
        ]

    for line in with_database(settings.database, read):
        typer.echo(line)


def _role(word: str) -> Role:
    from handlers.staff import ROLES

    for known in ROLES:
        if word == known:
            return known
    raise CommandError(f"{word} is not a role: use {', '.join(ROLES)}")


async def find(work: UnitOfWork, name: str) -> StaffRecord:
    """Find one active member by name or number; raises CommandError that says what to type instead."""
    found = [item for item in await work.staff.named(name) if item.disabled_at is None]
    if not found:
        raise CommandError(f"There is no {name} on the staff: founder-bot staff list shows everybody")
    if len(found) > 1:
        numbers = ", ".join(str(item.id) for item in found)
        raise CommandError(f"There are several {name} on the staff: use a number, {numbers}")
    return found[0]


async def _issue(work: UnitOfWork, member: StaffRecord) -> str:
    from handlers.staff_account import LIFETIME, PURPOSE

    return await work.codes.issue(PURPOSE, None, None, LIFETIME, staff_id=member.id)


async def _note(work: UnitOfWork, action: str, member: StaffRecord, **details: str) -> None:
    await work.audit.note(
        action, actor=actor(), about=("staff", member.id), details={"name": member.name, **details}
    )


def _tell_code(settings: Settings, code: str) -> None:
    from handlers.staff_account import LIFETIME, LINK

    hours = int(LIFETIME.total_seconds() // 3600)
    typer.echo(f"Let them send this to the bot, once, within {hours} hours:\n  /staff {code}")
    if address := _address(settings):
        typer.echo(f"or open this link and press Start:\n  {address}?start={LINK}{code}")


def _address(settings: Settings) -> str | None:
    """The bot's own address on Telegram; None without a token or when Telegram does not answer."""
    if not settings.telegram_token.get_secret_value():
        return None
    import asyncio

    from bot.channels.telegram import check_token
    from bot.channels.telegram_client import TelegramConfig

    config = TelegramConfig(
        token=settings.telegram_token.get_secret_value(), api_url=settings.telegram_api_url
    )
    try:
        me = asyncio.run(asyncio.wait_for(check_token(config), timeout=8))
    except Exception:
        typer.echo("Telegram did not answer, so there is no link; the code works all the same.", err=True)
        return None
    return f"https://t.me/{me.username}"
