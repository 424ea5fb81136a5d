"""`founder-bot announce`: an announcement from a file, shown and counted before it is sent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.commands.common import CommandError, actor, begin, now_utc, with_database

if TYPE_CHECKING:
    from bot.settings import Settings
    from handlers.announce.sending import Reach
    from handlers.program import Program
    from storage.announcement_records import AnnouncementRecord, NewAnnouncement
    from storage.database import Database, UnitOfWork

T = TypeVar("T")


def announce(
    context: typer.Context,
    file: Annotated[
        Path, typer.Option("--file", "-f", metavar="NOTE.toml", help="The announcement, with its [text].")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
) -> None:
    """Announce what a file says: shows how it looks and who gets it, and asks before it is sent.

    A running bot sends it, at its time; docs/announcements.md describes the file.
    """
    from handlers.announce.checks import as_record
    from handlers.program import load_program

    settings = begin(context)
    program = load_program(settings.program)

    async def work(database: Database) -> int:
        draft = await _draft(database, settings, program, file)
        record = as_record(draft, now_utc())
        async with database.unit_of_work(read_only=True) as unit:
            found = await _reach(unit, record, settings)
        _show(record, found, settings, program)
        for line in await _golden(database, settings, record, program):
            typer.echo(line)
        if not found.recipients:
            raise CommandError("Nobody would get it, so nothing is sent")
        _ask(yes, found.recipients)
        return await _confirm(database, draft, program)

    number = with_database(settings.database, work)
    typer.echo(
        f"Announcement {number} is confirmed. See how far it is: founder-bot announcements show {number}"
    )


def read_note(file: Path, read: Callable[[], T]) -> T:
    """Read a note, or a part of one; every mistake has a line of its own before the command ends."""
    from bot.notes import NoteError

    try:
        return read()
    except NoteError as error:
        if len(error.problems) == 1:
            raise
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise CommandError(f"{file} has {len(error.problems)} mistakes; nothing is sent") from None


async def _draft(database: Database, settings: Settings, program: Program, file: Path) -> NewAnnouncement:
    from dataclasses import replace

    from bot.files import FOLDER, Shelf
    from bot.notes import NoteReader

    shelf = Shelf(settings.data_dir / FOLDER)
    note = read_note(file, NoteReader(file, program, now_utc(), shelf.put).read)
    if not note.founders:
        return note.draft
    async with database.unit_of_work(read_only=True) as unit:
        found = await unit.people.find(note.founders)
    if unknown := [word for word, ids in found.items() if not ids]:
        raise CommandError(f"{file}: audience.founders: nobody is called {', '.join(unknown)}")
    ids = tuple(dict.fromkeys(number for numbers in found.values() for number in numbers))
    return replace(note.draft, audience=replace(note.draft.audience, founders=ids))


async def _reach(unit: UnitOfWork, record: AnnouncementRecord, settings: Settings) -> Reach:
    from handlers.announce.sending import reach

    return await reach(unit, record, await channels(unit, settings))


async def channels(unit: UnitOfWork, settings: Settings) -> tuple[str, ...]:
    """The channels that announcements reach: of the running bots, else of the settings."""
    from datetime import timedelta

    from bot.workers import DEAD_SECONDS

    live = await unit.workers.live(now_utc() - timedelta(seconds=DEAD_SECONDS))
    found = {kind for worker in live for kind in worker.kind.split(",") if kind}
    if settings.telegram_token.get_secret_value():
        found.add("telegram")
    return tuple(sorted(found)) or ("terminal",)


def _show(record: AnnouncementRecord, found: Reach, settings: Settings, program: Program) -> None:
    from handlers.announce.rendering import announcement_reply
    from handlers.announce.sending import reach_lines
    from handlers.announce.words import Words

    speak = Words(program, "en")
    for code in program.languages:
        reply = announcement_reply(record, code, program)
        typer.echo(f"--- {speak.say.name_of(code)} ---\n{reply.text}")
        for note in reply.notes:
            typer.echo(f"※ {note}")
        for row in reply.buttons:
            typer.echo("  ".join(f"[{item.label}]" for item in row))
        for attachment in reply.attachments:
            typer.echo(f"({attachment.name}, {attachment.size} bytes)")
    typer.echo("---")
    topic = speak.topic(record.topic) or speak.say("announce.card.no_topic")
    typer.echo(f"Topic: {topic}")
    typer.echo(f"For: {speak.audience_of(record)}")
    typer.echo(f"Answers questions until: {speak.until(record.valid_until)}")
    for line in reach_lines(speak, record, found, settings.telegram_rate, now_utc()):
        typer.echo(line)


async def _golden(
    database: Database, settings: Settings, record: AnnouncementRecord, program: Program
) -> list[str]:
    """What it does to the golden questions; says on the way how far that is."""
    from bot.app import GOLDEN, golden_rehearsals, open_knowledge, open_library
    from handlers.announce.trying import rehearse, warning_lines
    from handlers.announce.words import Words
    from knowledge.errors import KnowledgeError

    if not (settings.program / GOLDEN).is_file():
        return []
    speak = Words(program, "en")
    typer.echo("Trying out the golden questions …", err=True)
    try:
        knowledge = await asyncio.to_thread(open_knowledge, settings)
        try:
            rehearsals = golden_rehearsals(settings, open_library(settings, program), knowledge)
            found = await rehearse(rehearsals, database, record, program, _tell_step)
        finally:
            await knowledge.close()
    except KnowledgeError as error:
        return [f"{speak.say('announce.golden.untried')} {error}"]
    return warning_lines(speak, found) if found is not None else []


def _tell_step(step: str, done: int, total: int) -> None:
    if step != "build" and sys.stderr.isatty():
        typer.echo(f"\rGolden questions, {step}: {done} of {total}", err=True, nl=done == total)


def _ask(yes: bool, recipients: int) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("Nothing is sent: add --yes to send without being asked")
    if not typer.confirm(f"Send it to {recipients}?", default=False):
        raise CommandError("Nothing is sent")


async def _confirm(database: Database, draft: NewAnnouncement, program: Program) -> int:
    from handlers.announce.steering import By, confirm

    by = By(name=actor())
    async with database.unit_of_work() as unit:
        record = await unit.announcements.create(draft)
        await confirm(unit, record, by, program)
    return record.id
