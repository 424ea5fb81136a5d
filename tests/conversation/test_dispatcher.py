from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.workers import is_dead, new_worker_id
from handlers.texts import Texts
from storage.database import Database
from tests.conversation.fakes import (
    FAST,
    Bot,
    Clock,
    RecordingChannel,
    ScriptedKnowledge,
    questions_answered,
    rows,
    until,
)

ZH, EN = Texts("zh"), Texts("en")


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
        assert questions_answered(bot, chat) == [f"question {n} of {chat}?" for n in range(6)]
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
        assert questions_answered(bot, "ann") == [f"question {n}?" for n in range(40)]


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
        heard = questions_answered(second, chat)
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
        assert questions_answered(second, "ann") == ["How much is the rent?", "When can I apply?"]
    assert len(knowledge.questions) == 2


async def test_a_clean_stop_finishes_the_running_turn_and_leaves_the_rest_for_later(
    store: Database, clock: Clock
) -> None:
    network, knowledge = RecordingChannel(), ScriptedKnowledge()
    knowledge.delay = 0.1
    async with Bot(store, clock=clock, channel=network, knowledge=knowledge) as first:
        await first.receive(*(first.update(text=f"question {n}?") for n in range(3)))
        await asyncio.sleep(0.05)
    assert questions_answered(first, "ann") == ["question 0?"]
    assert [row["status"] for row in await rows(store, "inbox")] == ["handled", "pending", "pending"]
    assert await rows(store, "workers") == []
    async with Bot(store, clock=clock, channel=network, knowledge=knowledge) as second:
        await second.dispatcher.settled("memory", "ann")
    assert questions_answered(second, "ann") == [f"question {n}?" for n in range(3)]


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
    assert questions_answered(two, "ann") == ["question 1?", "question 2?"]


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
    assert questions_answered(survivor, "ann") == ["How much?"]


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
        assert questions_answered(survivor, "ann") == ["How long?"]
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


# --- what goes wrong --------------------------------------------------------------------------------


async def test_a_founder_who_had_blocked_the_bot_and_writes_again_is_reachable(
    store: Database, clock: Clock
) -> None:
    async with Bot(store, clock=clock) as bot:
        await bot.say("How much is the rent?")
        async with store.unit_of_work() as work:
            await work.founders.mark_blocked("memory", "ann", clock() + timedelta(0))
        await bot.say("When can I apply?")
    assert (await rows(store, "conversations"))[0]["blocked_at"] is None
