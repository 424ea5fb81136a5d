"""What a step of the interview asks of the database beside a bare echo; the time is a benchmark's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import event

from handlers.messages import Reply
from handlers.route import Route
from handlers.routes import ROUTES
from handlers.turn import Result, Turn
from storage.database import Database
from tests.conversation.applications import harbor
from tests.conversation.applying import TRIAL, Applicant
from tests.conversation.fakes import FAST, Bot

PLAIN = TRIAL[2:6]


async def echo(turn: Turn) -> Result:
    return Result.of(Reply(text=turn.text, language=turn.language))


@pytest.fixture
async def statements(both: Database) -> AsyncIterator[list[str]]:
    """The statements whose result was waited for, in order."""
    ran: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        ran.append(statement)

    engine = both._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield ran
    event.remove(engine, "before_cursor_execute", note)


async def fewest(bot: Bot, statements: list[str], first: tuple[str, ...], then: tuple[str, ...]) -> int:
    """How many a message takes when nothing is done in the background meanwhile."""
    founder = Applicant(bot)
    await founder.go(*first)
    counts = []
    for text in then:
        statements.clear()
        await founder.say(text)
        counts.append(len(statements))
    return min(counts)


async def test_a_step_waits_for_one_statement_more_than_an_echo(
    both: Database, statements: list[str]
) -> None:
    calm = replace(FAST, look_again=60.0)
    async with Bot(
        both, limits=calm, routes=(Route(name="echo", matches=lambda turn: True, handle=echo),)
    ) as bot:
        echoed = await fewest(bot, statements, PLAIN[:1], PLAIN)
    async with Bot(both, limits=calm, routes=ROUTES, form=harbor()) as bot:
        bot.number = 100
        answered = await fewest(bot, statements, ("/apply", *TRIAL[:2]), PLAIN)
    assert answered <= echoed + 1
