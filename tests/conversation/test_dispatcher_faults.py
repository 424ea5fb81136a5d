"""What goes wrong while a message is handled, and what the founder and the operator see of it."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from bot.turns import Pace
from handlers.messages import Reply
from handlers.routes import Route
from handlers.texts import Texts
from handlers.turn import Result, Turn
from storage.database import Database
from storage.errors import DatabaseLocked, DatabaseOutdated, DatabaseReadOnly
from tests.conversation.fakes import (
    FAST,
    Bot,
    Clock,
    RecordingChannel,
    payloads,
    questions_answered,
    rows,
    until,
)

ZH, EN = Texts("zh"), Texts("en")


async def test_an_unreadable_update_is_kept_marked_and_passed_over(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        await bot.receive(
            bot.update(broken=True), bot.update(ignored=True), bot.update(text="How much is the rent?")
        )
        await bot.dispatcher.settled("memory", "ann")
        assert questions_answered(bot, "ann") == ["How much is the rent?"]
    unreadable, ignored, handled = await rows(both, "inbox")
    assert (unreadable["status"], unreadable["error_code"]) == ("unreadable", "memory_broken")
    assert json.loads(unreadable["payload"])["broken"] is True
    assert (ignored["status"], handled["status"]) == ("handled", "handled")


async def test_an_update_whose_chat_cannot_be_told_stops_nobody(bot: Bot) -> None:
    lost = replace(bot.update(broken=True), chat=None)
    await bot.receive(lost, replace(bot.update(broken=True), chat=""))
    assert (await bot.say("How much is the rent?")).sources
    await bot.dispatcher.settled("memory", "")
    statuses = [row["status"] for row in await rows(bot.database, "inbox")]
    assert statuses == ["unreadable", "unreadable", "handled"]


async def _explode(turn: Turn) -> Result:
    raise RuntimeError(f"secret words of a founder: {turn.text}")


async def _hang(turn: Turn) -> Result:
    await asyncio.sleep(60)
    raise AssertionError("never reached")


async def _break_the_commit(turn: Turn) -> Result:
    async def write(work: Any, _: int) -> tuple[Reply, ...]:
        raise RuntimeError("in the commit")

    return Result(replies=(Reply(text="never sent"),), write=write)


def _only(handle: Any) -> list[Route]:
    return [Route(name="only", matches=lambda turn: True, handle=handle)]


async def test_a_crashing_handler_apologizes_leaves_its_row_and_is_not_tried_again(
    both: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with Bot(both, clock=clock, routes=_only(_explode)) as bot:
        reply = await bot.say("How much is the rent?")
        await asyncio.sleep(0.3)
        assert len(bot.channel.sent) == 1
    assert reply.text == EN("error.apology")
    assert payloads(reply)[0].startswith("v1:human:")
    (trace,) = await rows(both, "traces")
    assert (trace["route"], trace["error_code"]) == ("only", "RuntimeError")
    assert (await rows(both, "inbox"))[0]["status"] == "failed"
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert "rent" not in caplog.text


async def test_a_handler_whose_writes_fail_apologizes_instead_of_half_a_turn(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock, routes=_only(_break_the_commit)) as bot:
        assert (await bot.say("How much is the rent?")).text == EN("error.apology")
    assert len(await rows(both, "messages")) == 2


async def test_a_handler_that_hangs_is_given_up_while_the_founder_sees_typing(
    store: Database, clock: Clock
) -> None:
    limits = replace(FAST, pace=Pace(typing_after=0.02, typing_again=0.05, give_up_after=0.3))
    async with Bot(store, clock=clock, routes=_only(_hang), limits=limits) as bot:
        assert (await bot.say("How much is the rent?")).text == EN("error.slow")
        assert len(bot.channel.typed) >= 3


async def test_a_message_no_route_takes_is_apologized_for(store: Database, clock: Clock) -> None:
    async with Bot(store, clock=clock, routes=[]) as bot:
        assert (await bot.say("How much is the rent?")).text == EN("error.apology")


class _Troubled:
    """A database whose writing units of work fail a few times."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.troubles: list[Exception] = []

    @asynccontextmanager
    async def unit_of_work(self, *, read_only: bool = False) -> Any:
        if self.troubles and not read_only:
            raise self.troubles.pop(0)
        async with self._database.unit_of_work(read_only=read_only) as work:
            yield work


async def test_a_locked_database_delays_the_answer_and_loses_nothing(store: Database, clock: Clock) -> None:
    troubled = _Troubled(store)
    async with Bot(troubled, clock=clock) as bot:  # type: ignore[arg-type]
        await bot.receive(bot.update(text="How much is the rent?"))
        troubled.troubles = [DatabaseLocked("locked"), DatabaseLocked("locked")]
        await bot.dispatcher.settled("memory", "ann")
    assert questions_answered(bot, "ann") == ["How much is the rent?"]
    assert bot.knowledge.questions == ["How much is the rent?"]


async def test_an_update_that_cannot_be_stored_is_not_acknowledged(store: Database, clock: Clock) -> None:
    troubled = _Troubled(store)
    async with Bot(troubled, clock=clock) as bot:  # type: ignore[arg-type]
        update = bot.update(text="How much is the rent?")
        troubled.troubles = [DatabaseLocked("locked")]
        with pytest.raises(DatabaseLocked):
            await bot.receive(update)
        await bot.receive(update)
        await bot.dispatcher.settled("memory", "ann")
    assert len(bot.channel.sent) == 1


async def test_a_database_that_refuses_writes_for_a_while_gets_the_turn_later(
    store: Database, clock: Clock
) -> None:
    troubled = _Troubled(store)
    async with Bot(troubled, clock=clock) as bot:  # type: ignore[arg-type]
        await bot.receive(bot.update(text="How much is the rent?"))
        troubled.troubles = [DatabaseReadOnly("read-only") for _ in range(4)]
        await until(lambda: bool(bot.channel.sent))
    assert questions_answered(bot, "ann") == ["How much is the rent?"]


async def test_nothing_a_founder_writes_reaches_the_log(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await bot.say("my very private question?")
    await bot.receive(bot.update(broken=True, text="my very private question?"))
    await bot.dispatcher.settled("memory", "ann")
    own = [r.getMessage() for r in caplog.records if r.name.startswith(("bot", "handlers"))]
    assert not any("private" in line for line in own)


async def test_the_failure_of_a_channel_ends_the_service_cleanly_and_is_told(
    store: Database, clock: Clock
) -> None:
    class Refused(RecordingChannel):
        async def run(self, inbox: Any, stop: asyncio.Event) -> None:
            await asyncio.sleep(0.05)
            raise PermissionError("token refused")

    bot = Bot(store, clock=clock, channel=Refused())
    with pytest.raises(PermissionError, match="token refused"):
        await bot.dispatcher.serve(asyncio.Event())
    assert await rows(store, "workers") == []


async def test_a_database_without_its_tables_ends_the_service_and_is_told(
    store: Database, clock: Clock
) -> None:
    receiving = asyncio.Event()

    class Receiving(RecordingChannel):
        async def run(self, inbox: Any, stop: asyncio.Event) -> None:
            receiving.set()
            await stop.wait()

    bot = Bot(store, clock=clock, channel=Receiving())
    serving = asyncio.create_task(bot.dispatcher.serve(asyncio.Event()))
    await receiving.wait()
    async with store.unit_of_work() as work:
        await work.founders._run(text("ALTER TABLE conversations DROP COLUMN interview"))
    await bot.receive(bot.update(text="How much is the rent?"))
    with pytest.raises(DatabaseOutdated, match="tables"):
        async with asyncio.timeout(20):
            await serving
    assert bot.channel.sent == []
    assert [row["status"] for row in await rows(store, "inbox")] == ["pending"]


async def test_the_service_ends_when_it_is_told_to(store: Database, clock: Clock) -> None:
    bot, stop = Bot(store, clock=clock), asyncio.Event()
    serving = asyncio.create_task(bot.dispatcher.serve(stop))
    await asyncio.sleep(0.1)
    assert (await bot.say("How much is the rent?")).sources
    stop.set()
    async with asyncio.timeout(3):
        await serving
    assert await rows(store, "workers") == []
