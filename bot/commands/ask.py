"""`founder-bot ask`: one question, or one a line, answered from the documents."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import CommandError, begin

if TYPE_CHECKING:
    from bot.settings import Settings
    from knowledge.service import Knowledge


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="What to ask; - reads one question a line from stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a question.")] = False,
) -> None:
    """Ask the program's documents a question and print the answer with its sources.

    Works with and without a running bot, stores nothing, and needs no Telegram.
    """
    if not question.strip():
        raise CommandError('There is no question: write it in quotes, as in founder-bot ask "Who can apply?"')
    settings = begin(context)
    asyncio.run(_answer_all(settings, question, as_json=as_json))


async def _answer_all(settings: Settings, question: str, *, as_json: bool) -> None:
    from rich.console import Console

    from bot.answers import answer_line, print_answer

    console = Console(highlight=False)
    knowledge = await asyncio.to_thread(_open, settings)
    try:
        async for text in _questions(question):
            answer = await knowledge.ask(text)
            if as_json:
                sys.stdout.write(answer_line(answer))
            else:
                print_answer(answer, console, repeat_question=question == "-")
            sys.stdout.flush()
    finally:
        await knowledge.close()


def _open(settings: Settings) -> Knowledge:
    """Open the index; the very first question makes it."""
    from bot.app import open_knowledge
    from bot.readiness import index_folder
    from handlers.program import load_program
    from knowledge.errors import IndexMissing

    try:
        return open_knowledge(settings)
    except IndexMissing:
        typer.echo("Nothing has been indexed yet: indexing the program's documents first.", err=True)
        index_folder(settings, load_program(settings.program), settings.documents)
        return open_knowledge(settings)


async def _questions(question: str) -> AsyncIterator[str]:
    """The one question, or every line of standard input that holds more than blanks."""
    from bot.channels.terminal_lines import PipedLines

    if question != "-":
        yield question
        return
    lines = PipedLines(0)
    while (line := await lines.next("")) is not None:
        if text := line.strip("\ufeff \t\r\n\v\f"):
            yield text
