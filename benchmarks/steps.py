"""What a step of an application costs beside a bare echo, through the same dispatcher into the same database.

One founder after another answers the questions of a form, and sends as many messages to a handler that only
echoes; who is first alternates. Then the same with 10,000 open drafts of other founders. Beside the time that
passes it prints the processor time, which other work on the machine lengthens less. The documents are
scripted, so what it costs to weigh a text by a model is in neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from rich.console import Console
from rich.table import Table

from handlers.messages import Reply
from handlers.review.search_words import search_words
from handlers.route import Route
from handlers.routes import ROUTES
from handlers.turn import Result, Turn
from storage.database import Database
from storage.entries import Sender
from storage.migrate import upgrade
from tests.conversation.applying import TRIAL, Applicant, harbor
from tests.conversation.fakes import Bot, Clock, RecordingChannel
from tests.databases import NoPostgres, find_postgres, migrated_file, new_database

FOUNDERS = 12
DRAFTS = 10_000
_ANSWERS = TRIAL[1:-1]


async def _echo(turn: Turn) -> Result:
    return Result.of(Reply(text=turn.text, language=turn.language))


ECHO = (Route(name="echo", matches=lambda turn: True, handle=_echo),)


Times = list[tuple[float, float]]


async def measure(database: Database, first: int) -> tuple[Times, Times]:
    """Return what steps and echoes took: seconds that passed, and of the processor."""
    steps: Times = []
    echoes: Times = []
    async with _bot(database) as form_bot, _bot(database, echo=True) as echo_bot:
        form_bot.number = echo_bot.number = first * 100
        for number in range(first, first + FOUNDERS):
            founder = Applicant(form_bot, f"applicant{number}")
            await founder.go("/apply", TRIAL[0])
            listener = Applicant(echo_bot, f"listener{number}")
            await listener.last("hello")
            rounds: list[tuple[Times, Applicant]] = [(steps, founder), (echoes, listener)]
            for times, person in rounds if number % 2 else reversed(rounds):
                times += [await _timed(person, text) for text in _ANSWERS]
    return steps, echoes


def medians(times: Times) -> list[float]:
    """The medians of both, in milliseconds."""
    return [statistics.median(column) * 1000 for column in zip(*times, strict=True)]


def _bot(database: Database, *, echo: bool = False) -> Bot:
    return Bot(
        database,
        channel=RecordingChannel(name="echo" if echo else "memory"),
        clock=_Now(),
        routes=ECHO if echo else ROUTES,
        form=harbor(),
    )


class _Now(Clock):
    """The real time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


async def _timed(person: Applicant, text: str) -> tuple[float, float]:
    started, worked = perf_counter(), process_time()
    await person.say(text.replace("/skip", "-") if person.chat.startswith("listener") else text)
    return perf_counter() - started, process_time() - worked


async def seed(database: Database, drafts: int) -> None:
    """Let other founders have open drafts with a few answers' worth of rows."""
    for start in range(0, drafts, 1000):
        async with database.unit_of_work() as work:
            for number in range(start, min(start + 1000, drafts)):
                name = f"other{number}"
                person = await work.founders.identify(Sender(channel="memory", sender=name, chat=name))
                await work.applications.start(person.founder.id, language="en", form_version="1")


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """SQLite and, where a server can be had, PostgreSQL; addresses by name."""
    file = folder / "steps.db"
    shutil.copy(migrated_file(folder), file)
    found = {"SQLite": f"sqlite+aiosqlite:///{file}"}
    with contextlib.ExitStack() as stack:
        try:
            server = find_postgres()
        except NoPostgres as error:
            print(f"without PostgreSQL: {error}")
        else:
            stack.callback(server.close)
            url = stack.enter_context(new_database(server.url, f"founder_bot_steps_{os.getpid()}"))
            upgrade(url)
            found["PostgreSQL"] = url.replace("postgresql://", "postgresql+asyncpg://", 1)
        yield found


async def _run(url: str, tell: Callable[[int, Times, Times], None]) -> None:
    database = Database.open(url, segment=search_words)
    try:
        work: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (0, lambda: asyncio.sleep(0)),
            (DRAFTS, lambda: seed(database, DRAFTS)),
        ]
        for drafts, prepare in work:
            await prepare()
            tell(drafts, *await measure(database, drafts))
    finally:
        await database.close()


def main() -> None:
    """Measure and print."""
    table = Table("database", "open drafts", "time", "step, ms", "echo, ms", "ratio")
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as found:
        for name, url in found.items():

            def tell(drafts: int, steps: Times, echoes: Times, name: str = name) -> None:
                both = zip(("passed", "processor"), medians(steps), medians(echoes), strict=True)
                for kind, step, echo in both:
                    values = f"{step:.1f}", f"{echo:.1f}", f"{step / echo:.2f}"
                    table.add_row(name, f"{drafts:,}", kind, *values)

            asyncio.run(_run(url, tell))
    Console().print(table)
