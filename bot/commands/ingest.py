"""`founder-bot ingest`: put a folder of documents into the index."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import begin


def ingest(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of documents; without it, the program's own.", metavar="DIR"),
    ] = None,
) -> None:
    """Index documents: embeds what changed, removes what is gone; a running bot follows within 2 seconds.

    Files that cannot be read are named and the rest is indexed.
    """
    settings = begin(context)
    from bot.readiness import index_folder, report_lines
    from handlers.program import load_program

    report = index_folder(settings, load_program(settings.program), folder or settings.documents)
    for line in report_lines(report):
        typer.echo(line)
