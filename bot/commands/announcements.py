"""`founder-bot announcements`: what was announced, what became of it, and how to steer it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.announce import read_note
from bot.commands.common import CommandError, actor, begin, now_utc, say_none, with_database
from bot.commands.export import PAGE, Format, write_out

if TYPE_CHECKING:
    from handlers.announce.steering import By
    from handlers.program import Program
    from storage.database import Database, UnitOfWork

_Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The announcement's number.")]
_COLUMNS = (
    "founder", "name", "channel", "language", "status", "error", "attempts", "time", "reply", "changed",
)  # fmt: skip

app = typer.Typer(help="Look at announcements and steer them.", no_args_is_help=True)


@app.callback()
def _announcements() -> None:
    """Look at announcements and steer them."""


@app.command("list")
def list_(
    context: typer.Context,
    count: Annotated[int, typer.Option("--count", help="How many of the latest.", min=1)] = 20,
) -> None:
    """List the latest announcements with number, state, time, recipients who have it, and title."""
    settings = begin(context)
    program = _program(settings)

    async def read(database: Database) -> list[str]:
        from handlers.announce.words import Words

        speak = Words(program, "en")
        lines = []
        async with database.unit_of_work(read_only=True) as work:
            for record in await work.announcements.latest(limit=count):
                counted = await work.recipients.progress(record.id)
                at = (record.started_at or record.at or record.created_at).astimezone(program.timezone)
                sent = f"{counted.get('sent', 0)} of {sum(counted.values())}" if counted else "-"
                words = (record.id, record.status, f"{at:%Y-%m-%d %H:%M}", sent, speak.title(record.texts))
                lines.append("\t".join(map(str, words)))
        return lines

    lines = with_database(settings.database, read)
    for line in lines:
        typer.echo(line)
    if not lines:
        say_none("announcements yet")


@app.command("show")
def show(context: typer.Context, number: _Number) -> None:
    """Show one announcement: its texts, how far it is, failures by reason, replies, unsubscribes, time."""
    settings = begin(context)
    program = _program(settings)

    async def read(database: Database) -> list[str]:
        from handlers.announce.reporting import status_lines
        from handlers.announce.steering import look
        from handlers.announce.words import Words

        async with database.unit_of_work(read_only=True) as work:
            state = await look(work, number)
        if state is None:
            raise _missing(number)
        speak = Words(program, "en")
        return [*status_lines(speak, state), "", speak.card(state.record)]

    for line in with_database(settings.database, read):
        typer.echo(line)


@app.command("report")
def report(
    context: typer.Context,
    number: _Number,
    format: Annotated[Format, typer.Option("--format", help="csv for a spreadsheet, jsonl for a script.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; without it, standard output.")
    ] = None,
) -> None:
    """Write what became of an announcement for every single person, with the reply they pressed.

    The file names founders: keep it as safe as the database.
    """
    settings = begin(context)

    async def write(file: IO[bytes]) -> int:
        from bot.tabular import csv_writer, json_writer

        sheet = (csv_writer if format is Format.csv else json_writer)(_COLUMNS, file)
        count = 0
        async for rows in _rows(settings.database, number):
            for row in rows:
                sheet.add(row)
            count += len(rows)
        sheet.close()
        return count

    write_out(output, "recipients", write)


@app.command("pause")
def pause(context: typer.Context, number: _Number) -> None:
    """Stop sending an announcement until it is resumed; takes effect within a second."""
    from handlers.announce.steering import pause as act

    if not _steer(context, number, act):
        raise CommandError(f"Announcement {number} is not being sent")
    typer.echo(f"Announcement {number} is paused.")


@app.command("resume")
def resume(context: typer.Context, number: _Number) -> None:
    """Go on sending a paused announcement."""
    from handlers.announce.steering import resume as act

    if not _steer(context, number, act):
        raise CommandError(f"Announcement {number} is not paused")
    typer.echo(f"Announcement {number} goes on.")


@app.command("cancel")
def cancel(context: typer.Context, number: _Number) -> None:
    """Send an announcement to nobody else; those who have it keep it."""
    from handlers.announce.steering import cancel as act

    if not _steer(context, number, act):
        raise CommandError(f"Announcement {number} is over already")
    typer.echo(f"Announcement {number} is cancelled.")


@app.command("resend")
def resend(
    context: typer.Context,
    number: _Number,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Those of whom nobody knows; some may get it twice.")
    ] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Those whose sending failed.")] = False,
) -> None:
    """Try again those whose sending failed, or of whom nobody can tell whether they have it."""
    from handlers.announce.steering import resend as act

    if not unknown and not failed:
        raise CommandError("Say whom: --failed, --unknown, or both")

    async def both(work: UnitOfWork, announcement_id: int, by: By) -> int:
        found = await act(work, announcement_id, "failed", by) if failed else 0
        return found + (await act(work, announcement_id, "unknown", by) if unknown else 0)

    typer.echo(f"{_steer(context, number, both)} are tried again.")


@app.command("edit")
def edit(
    context: typer.Context,
    number: _Number,
    file: Annotated[
        Path, typer.Option("--file", "-f", metavar="NOTE.toml", help="A file with the new [text].")
    ],
) -> None:
    """Correct the texts of an announcement, also where it was sent, as far as the channel allows."""
    from bot.notes import NoteReader
    from handlers.announce.steering import correct

    settings = begin(context)
    program = _program(settings)
    texts = read_note(file, NoteReader(file, program, now_utc(), lambda _: "").texts)

    async def act(work: UnitOfWork, announcement_id: int, by: By) -> object:
        record = await work.announcements.get(announcement_id)
        if record is None:
            raise _missing(number)
        return await correct(work, announcement_id, {**record.texts, **texts}, by, program)

    if _steer(context, number, act) is None:
        raise CommandError(f"Announcement {number} is a draft: correct it where it is written")
    typer.echo(f"Announcement {number} is corrected; a running bot edits it where it was sent.")


@app.command("delete")
def delete(
    context: typer.Context,
    number: _Number,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
) -> None:
    """Delete an announcement where it was sent, as far as the channel allows; cannot be undone."""
    from handlers.announce.steering import delete as act

    if not yes and not typer.confirm(f"Delete announcement {number} for everybody?", default=False):
        raise CommandError("Nothing is deleted")
    if _steer(context, number, act) is None:
        raise CommandError(f"Announcement {number} was not sent: cancel it instead")
    typer.echo(f"Announcement {number} is being deleted by the running bot.")


def _steer(context: typer.Context, number: int, act: Callable[[UnitOfWork, int, By], Awaitable[Any]]) -> Any:
    from handlers.announce.steering import By

    async def write(database: Database) -> Any:
        async with database.unit_of_work() as work:
            if await work.announcements.get(number) is None:
                raise _missing(number)
            return await act(work, number, By(name=actor()))

    return with_database(begin(context).database, write)


async def _rows(url: str, number: int) -> AsyncIterator[list[dict[str, Any]]]:
    from storage.database import Database

    database, after = Database.open(url), 0
    try:
        async with database.unit_of_work(read_only=True) as work:
            record = await work.announcements.get(number)
        if record is None:
            raise _missing(number)
        labels = {item["id"]: " / ".join(item["labels"].values()) for item in record.replies}
        while True:
            async with database.unit_of_work(read_only=True) as work:
                lines = await work.recipients.page(number, after_id=after, limit=PAGE)
                people = [line.founder_id for line in lines]
                names = await work.people.names(people)
                chosen = await work.announcements.replies_of(number, people)
            if not lines:
                return
            after = lines[-1].id
            yield [
                {
                    "founder": line.founder_id,
                    "name": names.get(line.founder_id, ""),
                    "channel": line.channel,
                    "language": line.language,
                    "status": line.status,
                    "error": line.error_code,
                    "attempts": line.attempts,
                    "time": line.finished_at,
                    "reply": labels.get(chosen.get(line.founder_id, ""), ""),
                    "changed": line.changed,
                }
                for line in lines
            ]
    finally:
        await database.close()


def _program(settings: Any) -> Program:
    from handlers.program import load_program

    return load_program(settings.program)


def _missing(number: int) -> CommandError:
    return CommandError(f"There is no announcement {number}")
