"""`founder-bot applications`: what staff do with applications on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from bot.commands.common import CommandError, actor, begin, say_none, with_database

if TYPE_CHECKING:
    from forms.model import Form
    from handlers.program import Program
    from storage.application_records import ApplicationRecord, ApplicationStatus
    from storage.database import Database, UnitOfWork

_Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The application's number, e.g. 2026-0007.")]

app = typer.Typer(help="Look at applications and answer them.", no_args_is_help=True)


@app.callback()
def _applications() -> None:
    """Look at applications and answer them."""


@app.command("list")
def list_(
    context: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only these; repeat it. Without it, all but drafts.")
    ] = None,
    track: Annotated[str | None, typer.Option("--track", help="Only this track.")] = None,
) -> None:
    """List applications with number, status, track, time and language."""
    settings = begin(context)
    wanted = statuses_of(status or ())

    async def read(database: Database) -> bool:
        after = 0
        while True:
            async with database.unit_of_work(read_only=True) as work:
                page = await work.applications.listing(statuses=wanted, track=track, after_id=after)
            if not page:
                return after > 0
            for item in page:
                at = (item.submitted_at or item.updated_at).astimezone(program.timezone)
                words = (item.number or f"draft {item.id}", item.status, item.track or "-", item.language)
                typer.echo("\t".join((*words, f"{at:%Y-%m-%d %H:%M}")))
            after = page[-1].id

    program, _ = _program(settings)
    if not with_database(settings.database, read):
        say_none("applications" if status or track else "applications but drafts, if any: --status draft")


@app.command("show")
def show(context: typer.Context, number: _Number) -> None:
    """Show one application with all answers, its history and its follow-up questions."""
    from bot.commands.application_sheet import sheet

    settings = begin(context)
    program, form = _program(settings)

    async def read(database: Database) -> list[str]:
        async with database.unit_of_work(read_only=True) as work:
            record = await _find(work, number)
            found = await work.applications.export(record.id - 1, 1, statuses=(record.status,))
            events = await work.applications.events(record.id)
            questions = await work.applications.follow_ups(record.id)
        return sheet(program, form, found[0], events, questions)

    for line in with_database(settings.database, read):
        typer.echo(line)


@app.command("set-status")
def set_status(
    context: typer.Context,
    number: _Number,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="in_review, accepted or declined.")],
    note: Annotated[str, typer.Option("--note", help="A word to the founder, sent with the notice.")] = "",
) -> None:
    """Set the status of an application and tell its founder in their chat."""
    from handlers.review.deciding import SETTABLE, Deciding, Reviewer

    wanted = next((one for one in SETTABLE if one == status), None)
    if wanted is None:
        raise CommandError(f"{status} is not a status to set: use {', '.join(SETTABLE)}")
    settings = begin(context)
    program, _ = _program(settings)

    async def write(database: Database) -> bool | None:
        async with database.unit_of_work() as work:
            record = await _find(work, number)
            return await Deciding(work, program, Reviewer(name=actor())).set_status(record, wanted, note)

    told = with_database(settings.database, write)
    if told is None:
        raise CommandError(f"{number} is {status} already, or is withdrawn or a draft")
    typer.echo(f"{number} is now {status}. {_told(told)}")


@app.command("ask")
def ask(
    context: typer.Context,
    number: _Number,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What reviewers want to know.")],
) -> None:
    """Ask the founder of an application a question; they answer in their chat."""
    from handlers.review.deciding import Deciding, Reviewer

    if not question.strip():
        raise CommandError("The question is empty")
    settings = begin(context)
    program, _ = _program(settings)

    async def write(database: Database) -> bool:
        async with database.unit_of_work() as work:
            record = await _find(work, number)
            if record.status == "withdrawn":
                raise CommandError(f"{number} is withdrawn: its founder is not asked about it any more")
            _, told = await Deciding(work, program, Reviewer(name=actor())).ask(record, question.strip())
            return told

    typer.echo(f"Asked about {number}. {_told(with_database(settings.database, write))}")


@app.command("file")
def file(
    context: typer.Context,
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="The hash that export and show give.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write it.")],
) -> None:
    """Write a file that a founder sent, as it was sent."""
    from bot.files import FOLDER, Shelf

    settings = begin(context)
    try:
        content = Shelf(settings.data_dir / FOLDER).get(sha256.lower())
    except LookupError:
        raise CommandError(f"There is no file {sha256} in {settings.data_dir / FOLDER}") from None
    output.touch(mode=0o600)
    output.write_bytes(content)
    typer.echo(f"{len(content)} bytes written to {output}", err=True)


def statuses_of(words: Iterable[str]) -> tuple[ApplicationStatus, ...]:
    """Statuses as typed; CommandError names the ones there are."""
    from storage.application_records import ApplicationStatus

    known = get_args(ApplicationStatus)
    if unknown := [word for word in words if word not in known]:
        raise CommandError(f"There is no status {unknown[0]}: use {', '.join(known)}")
    return tuple(word for word in known if word in set(words))


def _program(settings: Any) -> tuple[Program, Form | None]:
    from bot.forms import open_form
    from handlers.program import load_program

    program = load_program(settings.program)
    return program, open_form(settings.program, program)


async def _find(work: UnitOfWork, number: str) -> ApplicationRecord:
    record = await work.applications.by_number(number.strip())
    if record is None:
        raise CommandError(f"There is no application {number}")
    return record


def _told(told: bool) -> str:
    if told:
        return "The founder is told in their chat."
    return "The founder could not be told: no chat of theirs can be written to."
