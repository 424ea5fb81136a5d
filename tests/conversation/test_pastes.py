"""A long text that the network cut into pieces is one question."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.reading import Paste
from storage.database import Database
from tests.conversation.fakes import (
    FAST,
    Bot,
    Clock,
    RecordingChannel,
    ScriptedKnowledge,
    questions_answered,
    rows,
)


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
    assert questions_answered(bot, "ann") == ["How much?", "When?"]


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
