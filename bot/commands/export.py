"""`founder-bot export`: what was said, and what was applied for, for a spreadsheet or a script."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.common import CommandError, begin

if TYPE_CHECKING:
    from forms.model import Form
    from storage.application_records import ApplicationExport, ApplicationStatus
    from storage.database import Database

PAGE = 500
Write = Callable[[IO[bytes]], Awaitable[int]]
_Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; without it, standard output.")
]

app = typer.Typer(help="Write what is in the database to a file.", no_args_is_help=True)


class Format(StrEnum):
    """The kinds of file that can be written."""

    csv = "csv"
    jsonl = "jsonl"


class Table(StrEnum):
    """The kinds of file that applications can be written to."""

    csv = "csv"
    jsonl = "jsonl"
    xlsx = "xlsx"


@app.callback()
def _export() -> None:
    """Write what is in the database to a file."""


@app.command("messages")
def messages(
    context: typer.Context,
    format: Annotated[Format, typer.Option("--format", help="csv for a spreadsheet, jsonl for a script.")],
    output: _Output = None,
) -> None:
    """Write every message in and out, with its route, confidence, sources and feedback.

    The file holds what founders wrote: keep it as safe as the database.
    """
    settings = begin(context)
    write_out(output, "messages", lambda file: _export_messages(settings.database, format, file))


@app.command("applications")
def applications(
    context: typer.Context,
    format: Annotated[
        Table, typer.Option("--format", help="csv or xlsx for a spreadsheet, jsonl for a script.")
    ],
    output: _Output = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only these; repeat it. Without it, all but drafts.")
    ] = None,
    track: Annotated[str | None, typer.Option("--track", help="Only this track.")] = None,
) -> None:
    """Write every application in one row, with all answers, the private ones of each founder too.

    The file holds what founders wrote: keep it as safe as the database.
    """
    from bot.commands.applications import statuses_of
    from bot.forms import open_form
    from handlers.program import load_program

    settings = begin(context)
    form = open_form(settings.program, load_program(settings.program))
    wanted = statuses_of(status or ())
    if format is Table.xlsx and output is None and sys.stdout.isatty():
        raise CommandError("An Excel file is not for the screen: name it with --output FILE")

    async def write(file: IO[bytes]) -> int:
        pages = _application_pages(settings.database, wanted, track)
        return await _export_applications(pages, form, format, file)

    write_out(output, "applications", write)


def write_out(output: Path | None, what: str, write: Write) -> None:
    """Write to standard output, or to a file that appears only when it is whole, readable to its owner."""
    if output is None:
        asyncio.run(_awaited(write, sys.stdout.buffer))
        sys.stdout.buffer.flush()
        return
    handle, partial = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.absolute().parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            count = asyncio.run(_awaited(write, file))
        Path(partial).replace(output)
    except BaseException:
        with suppress(OSError):
            Path(partial).unlink()
        raise
    typer.echo(f"{count} {what} written to {output}", err=True)


async def _awaited(write: Write, file: IO[bytes]) -> int:
    return await write(file)


async def _export_applications(
    pages: AsyncIterator[list[ApplicationExport]], form: Form | None, format: Table, file: IO[bytes]
) -> int:
    from bot.application_rows import application_row, column_names
    from bot.tabular import Sheet, csv_writer, json_writer

    names = column_names(form)
    sheet: Sheet = {"csv": csv_writer, "jsonl": json_writer, "xlsx": _workbook}[format.value](names, file)
    count = 0
    async for page in pages:
        for export in page:
            sheet.add(application_row(form, export))
        count += len(page)
    sheet.close()
    return count


def _workbook(names: tuple[str, ...], file: IO[bytes]) -> Any:
    from bot.workbook import Workbook

    return Workbook("applications", names, file)


async def _application_pages(
    url: str, statuses: tuple[ApplicationStatus, ...], track: str | None
) -> AsyncIterator[list[ApplicationExport]]:
    from storage.database import Database

    database, after = Database.open(url), 0
    try:
        while True:
            async with database.unit_of_work(read_only=True) as work:
                page = await work.applications.export(after, PAGE, statuses=statuses, track=track)
            if not page:
                return
            yield page
            after = page[-1].application.id
    finally:
        await database.close()


async def _export_messages(url: str, format: Format, file: IO[bytes]) -> int:
    from bot.tabular import csv_header, csv_lines, json_lines
    from storage.database import Database
    from storage.records import ExportRow

    lines = csv_lines if format is Format.csv else json_lines
    database = Database.open(url)
    count = 0
    try:
        if format is Format.csv:
            file.write(csv_header(ExportRow).encode("utf-8"))
        async for rows in _pages(database):
            file.write(lines(rows).encode("utf-8", "replace"))
            count += len(rows)
    finally:
        await database.close()
    return count


async def _pages(database: Database) -> AsyncIterator[list[Any]]:
    """Read a page at a time, each in a unit of its own, so that a running bot is never held up."""
    after = 0
    while True:
        async with database.unit_of_work(read_only=True) as work:
            rows = await work.messages.export(after, PAGE)
        if not rows:
            return
        yield rows
        after = rows[-1].id
