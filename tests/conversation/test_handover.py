from __future__ import annotations

import pytest

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.fakes import Bot, Clock, payload, rows

ZH, EN = Texts("zh"), Texts("en")


async def test_a_founder_who_wants_a_person_is_told_what_happens_next(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        answer = await bot.say("How much is the rent?")
        reply = await bot.press(payload(answer, "human"))
    assert "Somebody replies on weekdays." in reply.text
    (row,) = await rows(both, "handovers")
    question = (await rows(both, "messages"))[0]
    assert (row["status"], row["question_message_id"]) == ("open", question["id"])


@pytest.mark.parametrize(("wish", "speak"), [("转人工", ZH), ("Can I talk to a human?", EN)])
async def test_a_typed_wish_for_a_person_is_understood(bot: Bot, wish: str, speak: Texts) -> None:
    reply = await bot.say(wish)
    assert reply.text.endswith(speak("human.meanwhile"))
    assert len(await rows(bot.database, "handovers")) == 1
    assert bot.knowledge.questions == []


async def test_the_command_names_the_last_question(bot: Bot) -> None:
    await bot.say("How much is the rent?")
    await bot.command("human")
    (row,) = await rows(bot.database, "handovers")
    assert row["question_message_id"] == (await rows(bot.database, "messages"))[0]["id"]


async def test_asking_twice_opens_one_request(bot: Bot) -> None:
    await bot.say("How much is the rent?")
    await bot.command("human")
    reply = await bot.command("human")
    assert reply.text == EN("human.already", contact="Somebody replies on weekdays.")
    assert len(await rows(bot.database, "handovers")) == 1


async def test_a_request_can_be_cancelled_once_and_only_by_its_founder(bot: Bot) -> None:
    cancel = payload(await bot.command("human"), "unhuman")
    assert (await bot.press(cancel, chat="mallory")).toast
    assert (await rows(bot.database, "handovers"))[0]["status"] == "open"
    assert (await bot.press(cancel)).text == ZH("human.cancelled")
    assert (await rows(bot.database, "handovers"))[0]["status"] == "cancelled"
    assert (await bot.press(cancel)).toast == ZH("human.gone")


async def test_an_old_cancel_button_does_not_cancel_a_new_request(bot: Bot) -> None:
    old = payload(await bot.command("human"), "unhuman")
    await bot.press(old)
    await bot.command("human")
    assert (await bot.press(old)).toast == ZH("human.gone")
    assert [row["status"] for row in await rows(bot.database, "handovers")] == ["cancelled", "open"]
