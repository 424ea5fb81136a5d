from __future__ import annotations

import asyncio
import json
import logging
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.reading import Paste
from bot.turns import Pace
from bot.workers import is_dead, new_worker_id
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
    ScriptedKnowledge,
    payloads,
    rows,
    until,
)

ZH, EN = Texts("zh"), Texts("en")


def _answers(bot: Bot, chat: str) -> list[str]:
    return [reply.text.removeprefix("Answer to: ").removesuffix(" [1]") for reply in bot.to(chat)]


async def _all_settled(bot: Bot, chats: list[str]) -> None:
    for chat in chats:
        await bot.dispatcher.settled(bot.channel.name, chat)


async def test_every_chat_is_answered_in_order_while_chats_overlap(both: Database, clock: Clock) -> None:
    chats = [f"chat{n}" for n in range(6)]
    async with Bot(both, clock=clock) as bot:
        bot.knowledge.delay = bot.channel.delay = 0.01
        updates = [bot.update(chat, text=f"question {n} of {chat}?") for n in range(6) for chat in chats]
        for start in range(0, len(updates), 9):
            await bot.receive(*updates[start : start + 9])
        await _all_settled(bot, chats)
    for chat in chats:
        assert _answers(bot, chat) == [f"question {n} of {chat}?" for n in range(6)]
    assert bot.knowledge.most_running > 1


async def test_one_slow_founder_does_not_hold_up_another(bot: Bot) -> None:
    bot.knowledge.delay = 1.0
    await bot.receive(bot.update("slow", text="How much is the rent?"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.8):
        assert (await bot.say("hello", chat="quick")).text == EN("small.greeting", program="Test Base")


async def test_no_more_turns_think_at_once_than_allowed(store: Database, clock: Clock) -> None:
    async with Bot(store, clock=clock, limits=replace(FAST, turns_at_once=2)) as bot:
        bot.knowledge.delay = 0.03
        await bot.receive(*(bot.update(f"c{n}", text=f"question {n}?") for n in range(8)))
        await _all_settled(bot, [f"c{n}" for n in range(8)])
        assert bot.knowledge.most_running == 2
        assert len(bot.channel.sent) == 8


async def test_an_update_delivered_twice_is_answered_once(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        update = bot.update(text="How much is the rent?")
        await bot.receive(update, update)
        await bot.receive(update)
        await bot.dispatcher.settled("memory", "ann")
        await bot.receive(update)
        await bot.dispatcher.settled("memory", "ann")
        assert len(bot.channel.sent) == 1


async def test_a_flood_of_one_founder_waits_in_the_database_and_nothing_is_lost(
    store: Database, clock: Clock
) -> None:
    async with Bot(store, clock=clock, limits=replace(FAST, backlog=3)) as bot:
        bot.knowledge.delay = 0.002
        for n in range(40):
            await bot.receive(bot.update(text=f"question {n}?"))
        assert bot.dispatcher._lanes.waiting(("memory", "ann")) <= 3
        async with asyncio.timeout(20):
            await bot.dispatcher.settled("memory", "ann")
        assert _answers(bot, "ann") == [f"question {n}?" for n in range(40)]


@pytest.mark.parametrize("killed_after", [0.0, 0.02, 0.06, 0.12])
async def test_after_a_crash_everything_is_answered_in_order(
    both: Database, clock: Clock, killed_after: float
) -> None:
    chats = ["a", "b", "c"]
    network, knowledge = RecordingChannel(delay=0.004), ScriptedKnowledge()
    knowledge.delay = 0.004
    first = Bot(both, clock=clock, channel=network, knowledge=knowledge)
    await first.dispatcher.start()
    await first.receive(*(first.update(chat, text=f"question {n}?") for n in range(8) for chat in chats))
    await asyncio.sleep(killed_after)
    await first.crash()

    async with Bot(both, clock=clock, channel=network, knowledge=knowledge) as second:
        await _all_settled(second, chats)
    for chat in chats:
        heard = _answers(second, chat)
        # What was on its way at the kill may come twice in a row: networks know no "the same again".
        once = [text for n, text in enumerate(heard) if n == 0 or heard[n - 1] != text]
        assert once == [f"question {n}?" for n in range(8)]
        assert len(heard) <= 9
    stored = await rows(both, "messages")
    assert len(stored) == 2 * 8 * 3
    assert {row["status"] for row in await rows(both, "inbox")} == {"handled"}
    assert {row["status"] for row in await rows(both, "outbox")} == {"sent"}


async def test_a_reply_that_was_stored_but_not_sent_is_sent_after_the_crash_and_thought_of_once(
    store: Database, clock: Clock
) -> None:
    network, knowledge = RecordingChannel(delay=5), ScriptedKnowledge()
    first = Bot(store, clock=clock, channel=network, knowledge=knowledge)
    await first.dispatcher.start()
    await first.receive(first.update(text="How much is the rent?"), first.update(text="When can I apply?"))
    await asyncio.sleep(0.3)
    await first.crash()
    assert network.sent == []

    network.delay = 0
    async with Bot(store, clock=clock, channel=network, knowledge=knowledge) as second:
        await second.dispatcher.settled("memory", "ann")
        assert _answers(second, "ann") == ["How much is the rent?", "When can I apply?"]
    assert len(knowledge.questions) == 2


async def test_a_clean_stop_finishes_the_running_turn_and_leaves_the_rest_for_later(
    store: Database, clock: Clock
) -> None:
    network, knowledge = RecordingChannel(), ScriptedKnowledge()
    knowledge.delay = 0.1
    async with Bot(store, clock=clock, channel=network, knowledge=knowledge) as first:
        await first.receive(*(first.update(text=f"question {n}?") for n in range(3)))
        await asyncio.sleep(0.05)
    assert _answers(first, "ann") == ["question 0?"]
    assert [row["status"] for row in await rows(store, "inbox")] == ["handled", "pending", "pending"]
    assert await rows(store, "workers") == []
    async with Bot(store, clock=clock, channel=network, knowledge=knowledge) as second:
        await second.dispatcher.settled("memory", "ann")
    assert _answers(second, "ann") == [f"question {n}?" for n in range(3)]


async def test_two_living_workers_keep_the_order_of_a_chat_and_answer_once(
    both: Database, clock: Clock
) -> None:
    network = RecordingChannel()
    slow = ScriptedKnowledge()
    slow.delay = 0.4
    another_process = new_worker_id().replace(f"/{os.getpid()}/", f"/{os.getppid()}/")
    async with (
        Bot(both, clock=clock, channel=network, knowledge=slow, worker=another_process) as one,
        Bot(both, clock=clock, channel=network) as two,
    ):
        one.dispatcher._share(await one.dispatcher._membership.beat())
        two.number = 1
        await one.receive(one.update(text="question 1?"))
        await two.receive(two.update(text="question 2?"))
        await one.dispatcher.settled("memory", "ann")
        await two.dispatcher.settled("memory", "ann")
    assert _answers(two, "ann") == ["question 1?", "question 2?"]


async def test_a_living_worker_takes_over_what_a_dead_one_left(store: Database, clock: Clock) -> None:
    network = RecordingChannel()
    async with Bot(store, clock=clock, channel=network) as survivor:
        async with store.unit_of_work() as work:
            await work.workers.register("elsewhere/1/x", "memory")
            await work.inbox.store("memory", "elsewhere/1/x", [survivor.update(text="How much?")])
        await asyncio.sleep(0.4)
        assert network.sent == []
        clock.pass_by(seconds=60)
        await until(lambda: bool(network.sent))
    assert _answers(survivor, "ann") == ["How much?"]


async def test_a_block_that_a_dead_worker_left_is_noted_in_its_place_among_the_messages(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        await bot.say("How much is the rent?")
        updates = [bot.update(blocked=True), bot.update(text="How long?"), bot.update(blocked=True)]
    async with both.unit_of_work() as work:
        await work.workers.register("elsewhere/1/x", "memory")
        await work.inbox.store("memory", "elsewhere/1/x", updates)
    clock.pass_by(seconds=60)
    async with Bot(both, clock=clock) as survivor:
        await until(lambda: bool(survivor.channel.sent))
        await survivor.dispatcher.settled("memory", "ann")
        assert _answers(survivor, "ann") == ["How long?"]
        (chat,) = await rows(both, "conversations")
        assert chat["blocked_at"] is not None
        assert {row["status"] for row in await rows(both, "inbox")} == {"handled"}
        survivor.number = 100
        await survivor.say("How long?")
        (chat,) = await rows(both, "conversations")
        assert chat["blocked_at"] is None


async def test_a_worker_of_this_machine_is_known_to_be_dead_at_once() -> None:
    mine = new_worker_id()
    place, process, _ = mine.split("/")
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    assert is_dead(f"{place}/{gone.pid}/x")
    assert is_dead(f"{place}/{process}/an-earlier-life")
    assert not is_dead(f"{place}/{os.getppid()}/x")
    assert not is_dead("elsewhere/1/x")
    assert not is_dead("nonsense")


# --- pastes -----------------------------------------------------------------------------------------


async def test_a_paste_that_was_split_is_one_question(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        first, second = "a" * 4096, "and how much is the rent?"
        await bot.receive(bot.update(text=first))
        await asyncio.sleep(0.03)
        await bot.receive(bot.update(text=second))
        await bot.dispatcher.settled("memory", "ann")
        assert bot.knowledge.questions == [first + second]
        assert len(bot.channel.sent) == 1
    assert [row["direction"] for row in await rows(both, "messages")] == ["in", "in", "out"]
    assert {row["status"] for row in await rows(both, "inbox")} == {"handled"}


async def test_a_paste_in_three_parts_with_emoji_is_one_question(bot: Bot) -> None:
    parts = ["租" * 4096, "👍" * 2048, "？end"]
    await bot.receive(*(bot.update(text=part) for part in parts))
    await bot.dispatcher.settled("memory", "ann")
    assert bot.knowledge.questions == ["".join(parts)]


async def test_a_long_message_that_nothing_follows_is_answered_by_itself(bot: Bot) -> None:
    assert (await bot.say("a" * 4096)).sources


async def test_a_message_sent_later_is_not_part_of_the_paste_even_when_both_waited(bot: Bot) -> None:
    long = bot.update(text="a" * 4096)
    bot.clock.pass_by(seconds=30)
    await bot.receive(long, bot.update(text="When can I apply?"))
    await bot.dispatcher.settled("memory", "ann")
    assert bot.knowledge.questions == ["a" * 4096, "When can I apply?"]


async def test_a_press_after_a_long_message_is_not_part_of_the_paste(bot: Bot) -> None:
    press = bot.update(kind="button", button="v1:forget:no", button_message="m1")
    await bot.receive(bot.update(text="a" * 4096), press)
    await bot.dispatcher.settled("memory", "ann")
    assert [len(question) for question in bot.knowledge.questions] == [4096]
    assert len(bot.channel.sent) == 2


async def test_short_messages_in_quick_succession_have_an_answer_each(bot: Bot) -> None:
    await bot.receive(bot.update(text="How much?"), bot.update(text="When?"))
    await bot.dispatcher.settled("memory", "ann")
    assert _answers(bot, "ann") == ["How much?", "When?"]


async def test_a_crash_in_the_middle_of_a_paste_does_not_tear_it(store: Database, clock: Clock) -> None:
    network, knowledge = RecordingChannel(), ScriptedKnowledge()
    patient = replace(FAST, paste=Paste(wait=5))
    first = Bot(store, clock=clock, channel=network, knowledge=knowledge, limits=patient)
    await first.dispatcher.start()
    await first.receive(first.update(text="a" * 4096))
    await asyncio.sleep(0.05)
    await first.crash()
    async with Bot(store, clock=clock, channel=network, knowledge=knowledge) as second:
        second.number = first.number
        await second.receive(second.update(text="the end?"))
        await second.dispatcher.settled("memory", "ann")
    assert knowledge.questions == ["a" * 4096 + "the end?"]


# --- what goes wrong --------------------------------------------------------------------------------


async def test_an_unreadable_update_is_kept_marked_and_passed_over(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        await bot.receive(
            bot.update(broken=True), bot.update(ignored=True), bot.update(text="How much is the rent?")
        )
        await bot.dispatcher.settled("memory", "ann")
        assert _answers(bot, "ann") == ["How much is the rent?"]
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
    assert _answers(bot, "ann") == ["How much is the rent?"]
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
    assert _answers(bot, "ann") == ["How much is the rent?"]


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


async def test_a_founder_who_had_blocked_the_bot_and_writes_again_is_reachable(
    store: Database, clock: Clock
) -> None:
    async with Bot(store, clock=clock) as bot:
        await bot.say("How much is the rent?")
        async with store.unit_of_work() as work:
            await work.founders.mark_blocked("memory", "ann", clock() + timedelta(0))
        await bot.say("When can I apply?")
    assert (await rows(store, "conversations"))[0]["blocked_at"] is None
