"""`founder-bot eval`: measure the answers on labeled questions."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.common import begin

if TYPE_CHECKING:
    from bot.settings import Settings
    from knowledge.evaluation import LabeledQuestion, Measured

Figures = dict[str, Any]


def evaluate(
    context: typer.Context,
    questions: Annotated[
        Path,
        typer.Argument(
            help="JSON lines with question, doc (file name) and perhaps section, answerable, lang.",
            metavar="QUESTIONS.jsonl",
        ),
    ],
    documents: Annotated[Path, typer.Option("--documents", help="Folder of documents to ask about.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, not a table.")] = False,
) -> None:
    """Index a folder in a temporary place, ask every question and print how well that went."""
    settings = begin(context)
    from knowledge.evaluation import read_questions, summarize

    labeled = read_questions(questions)
    figures = summarize(asyncio.run(_measure(settings, labeled, documents)))
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
    else:
        _print_table(figures)


async def _measure(settings: Settings, labeled: list[LabeledQuestion], documents: Path) -> list[Measured]:
    from bot.app import knowledge_config
    from bot.progress import steps
    from handlers.program import load_program
    from knowledge.evaluation import evaluate as measure

    config = knowledge_config(settings, load_program(settings.program))
    with steps({"ingest": "Indexing passages", "ask": "Asking questions"}) as progress:
        return await measure(config, labeled, documents, progress)


def _print_table(figures: Figures) -> None:
    from rich.console import Console
    from rich.table import Table

    by_language = figures["by_language"]
    table = Table("figure", "all", *by_language)
    for name in figures:
        if name != "by_language":
            table.add_row(name, *(_shown(part[name]) for part in (figures, *by_language.values())))
    Console().print(table)


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4g}"
