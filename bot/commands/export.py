"""`founder-bot export messages`: what was said, for a spreadsheet or a script."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.common import begin

if TYPE_CHECKING:
    from storage.database import Database

PAGE = 500

app = typer.Typer(help="Write what is in the database to a file.", no_args_is_help=True)


class Format(StrEnum):
    """The kinds of file that can be written."""

    csv = "csv"
    jsonl = "jsonl"


@app.callback()
def _export() -> None:
    """Write what is in the database to a file."""


@app.command("messages")
def messages(
    context: typer.Context,
    format: Annotated[Format, typer.Option("--format", help="csv for a spreadsheet, jsonl for a script.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; without it, standard output.")
    ] = None,
) -> None:
    """Write every message in and out, with its route, confidence, sources and feedback.

    The file holds what founders wrote: keep it as safe as the database.
    """
    settings = begin(context)
    if output is None:
        asyncio.run(_export_messages(settings.database, format, sys.stdout.buffer))
        sys.stdout.buffer.flush()
        return
    handle, partial = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.absolute().parent)
    try:
        with os.fdopen(handle, "wb") as file:
            count = asyncio.run(_export_messages(settings.database, format, file))
        Path(partial).replace(output)
    except BaseException:
        with suppress(OSError):
            Path(partial).unlink()
        raise
    typer.echo(f"{count} messages written to {output}", err=True)


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
