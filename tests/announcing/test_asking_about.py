"""Questions that founders ask about an announcement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.announce.steering import By
from tests.announcing.broadcast import announced, delivered
from tests.announcing.desk import EN, audience
from tests.conversation.fakes import Bot, Clock, answered, rows


@pytest.fixture
def bot(broadcasting: Bot) -> Bot:
    return broadcasting


async def test_a_question_in_reply_is_asked_with_the_announcement_as_context(bot: Bot) -> None:
    await audience(bot, "li")
    number = await delivered(bot)
    about = answered("q", text="It starts at 3 pm [1]")
    cited = replace(about.citations[0], document_id=f"en/announcement-{number}")
    bot.knowledge.script = [replace(about, citations=(cited,))]

    (seen,) = await bot.send("li", text="When does it start?", reply_to="a1", language_hint="en")

    assert seen.text.startswith("It starts at 3 pm")
    assert bot.knowledge.questions == [f"When does it start? ({EN})"]
    trace = (await rows(bot.database, "traces"))[-1]
    assert trace["question"] == "When does it start?"


async def test_a_question_right_after_it_is_too_and_the_next_one_as_well(bot: Bot) -> None:
    await audience(bot, "li")
    number = await delivered(bot)
    about = answered("q", text="On the third floor [1]")
    cited = replace(about.citations[0], document_id=f"en/announcement-{number}")
    bot.knowledge.script = [replace(about, citations=(cited,)), replace(about, citations=(cited,))]

    await bot.send("li", text="Where is it?", language_hint="en")
    await bot.send("li", text="Is there coffee?", language_hint="en")

    assert bot.knowledge.questions == [f"Where is it? ({EN})", f"Is there coffee? ({EN})"]


async def test_a_question_about_something_else_is_answered_as_usual(bot: Bot) -> None:
    await audience(bot, "li")
    await delivered(bot)

    (seen,) = await bot.send("li", text="What is the rent?", language_hint="en")

    assert seen.text.startswith("Answer to: What is the rent?")
    assert bot.knowledge.questions[-1] == "What is the rent?"


async def test_an_hour_later_a_question_is_only_a_question(bot: Bot, clock: Clock) -> None:
    await audience(bot, "li")
    await delivered(bot)
    clock.pass_by(hours=2)

    await bot.send("li", text="Where is it?", language_hint="en")

    assert bot.knowledge.questions == ["Where is it?"]


async def test_it_is_known_from_its_sending_until_its_end_and_not_once_it_is_cancelled(bot: Bot) -> None:
    from handlers.announce.steering import cancel

    at, end = bot.clock() + timedelta(hours=1), bot.clock() + timedelta(days=3)
    number = await announced(bot, at=at, valid_until=end, link="https://example.org/workshop")
    async with bot.database.unit_of_work(read_only=True) as work:
        documents = await work.documents.current()
    assert [(item.id, item.twin, item.origin) for item in documents] == [
        (f"en/announcement-{number}", f"zh/announcement-{number}", "announcement"),
        (f"zh/announcement-{number}", f"en/announcement-{number}", "announcement"),
    ]
    assert {(item.valid_from, item.valid_until) for item in documents} == {(at, end)}
    assert documents[0].sources == ("https://example.org/workshop",)
    assert EN in documents[0].markdown

    async with bot.database.unit_of_work() as work:
        assert await cancel(work, number, By(name="Jie"))
        assert await work.documents.current() == []
