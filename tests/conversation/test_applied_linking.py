"""Stories of one person in two chats: a code made in one, typed in the other."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest

from handlers.messages import Reply
from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import a_draft, founder_of, record_of, yard
from tests.conversation.fakes import Bot, Clock, payload, payloads, rows

EN = Texts("en")


@pytest.fixture
async def bot(both: Database, clock: Clock) -> AsyncIterator[Bot]:
    async with yard(both, clock) as running:
        await running.say("How much is the rent?")
        await running.say("How much is the rent?", chat="phone")
        yield running


async def code_of(bot: Bot, chat: str = "ann") -> str:
    found = re.search(r"/link ([A-Z0-9]{8})", (await bot.command("link", chat=chat)).text)
    assert found is not None
    return found[1]


async def link(bot: Bot, code: str, chat: str = "phone") -> Reply:
    (reply,) = await bot.send(chat, kind="command", command="link", arguments=code, text=f"/link {code}")
    return reply


async def press(bot: Bot, payload: str, chat: str = "phone") -> list[Reply]:
    return await bot.send(chat, kind="button", button=payload, button_message="m1")


async def test_a_draft_goes_on_in_the_other_chat_exactly_where_it_was(bot: Bot) -> None:
    application = await a_draft(bot.database, without=("one_sentence", "team_size", "email"))
    await bot.send(kind="command", command="apply", text="/apply")
    await bot.send(kind="command", command="edit", arguments="team size", text="/edit team size")
    asked = await link(bot, await code_of(bot))
    (reply,) = await press(bot, payload(asked, "linked"))
    assert EN("applied.link.done") in reply.text
    assert "people" in reply.text or "team" in reply.text.lower()
    await bot.send("phone", text="9")
    async with bot.database.unit_of_work(read_only=True) as work:
        answers = await work.applications.answers(application, None)
    assert answers["team_size"].data == 9
    assert await founder_of(bot.database, "ann") == await founder_of(bot.database, "phone")


async def test_the_first_chat_is_told(bot: Bot) -> None:
    asked = await link(bot, await code_of(bot))
    assert (await press(bot, payload(asked, "linked")))[0].text == EN("applied.link.done")
    assert await bot.told(EN("applied.link.told", channel="Memory"))


async def test_a_draft_of_the_second_chat_moves_to_the_account(bot: Bot) -> None:
    application = await a_draft(bot.database, "phone", without=("email",))
    asked = await link(bot, await code_of(bot))
    await press(bot, payload(asked, "linked"))
    record = await record_of(bot.database, application)
    assert record.founder_id == await founder_of(bot.database, "ann")
    assert await bot.told(EN("applied.link.told", channel="Memory"))
    assert "Required questions left: 1" in (await bot.command("status")).text


@pytest.mark.parametrize("keep", ["here", "there"])
async def test_of_two_drafts_one_is_chosen_and_the_other_deleted_only_after_a_yes(
    bot: Bot, keep: str
) -> None:
    anns = await a_draft(bot.database)
    phones = await a_draft(bot.database, "phone")
    asked = await link(bot, await code_of(bot))
    assert asked.text == EN("applied.link.two_drafts")
    choice = next(item for item in payloads(asked) if item.endswith(f":{keep}"))
    (sure,) = await press(bot, choice)
    assert sure.text == EN(f"applied.link.sure_{keep}")
    assert len(await rows(bot.database, "applications")) == 2
    await press(bot, payload(sure, "linked"))
    (left,) = await rows(bot.database, "applications")
    assert left["id"] == (phones if keep == "here" else anns)
    assert left["founder_id"] == await founder_of(bot.database, "phone")


async def test_two_drafts_can_be_left_as_they_are(bot: Bot) -> None:
    await a_draft(bot.database)
    await a_draft(bot.database, "phone")
    asked = await link(bot, await code_of(bot))
    (reply,) = await press(bot, payloads(asked)[-1])
    assert reply.text == EN("applied.link.not")
    assert len(await rows(bot.database, "applications")) == 2
    assert await founder_of(bot.database, "ann") != await founder_of(bot.database, "phone")


async def test_a_draft_begun_after_the_question_is_not_lost(bot: Bot) -> None:
    await a_draft(bot.database)
    asked = await link(bot, await code_of(bot))
    await a_draft(bot.database, "phone")
    (reply,) = await press(bot, payload(asked, "linked"))
    assert reply.text == EN("applied.link.two_drafts")
    assert len(await rows(bot.database, "applications")) == 2


async def test_codes_that_do_not_work_are_explained(bot: Bot) -> None:
    code = await code_of(bot)
    assert (await link(bot, code, "ann")).text == EN("applied.code.own", command="/link")
    assert (await link(bot, "QQQQ2222")).text == EN("applied.code.unknown", command="/link")
    bot.clock.pass_by(minutes=16)
    assert (await link(bot, code)).text == EN("applied.code.expired", command="/link")
    fresh = await code_of(bot)
    asked = await link(bot, fresh)
    await press(bot, payload(asked, "linked"))
    assert (await press(bot, payload(asked, "linked")))[0].text == EN("applied.code.used", command="/link")


async def test_guessing_is_stopped(bot: Bot) -> None:
    code = await code_of(bot)
    for number in range(5):
        await link(bot, f"QQQQ222{number}")
    assert (await link(bot, code)).text == EN("applied.code.too_many", command="/link")


async def test_a_code_to_link_is_not_kept_in_any_message(bot: Bot) -> None:
    code = await code_of(bot)
    asked = await link(bot, code)
    await press(bot, payload(asked, "linked"))
    for table in ("messages", "traces", "codes", "outbox"):
        assert code not in json.dumps(await rows(bot.database, table), default=str), table


async def test_two_chats_take_one_code_at_once(both: Database, clock: Clock) -> None:
    async with yard(both, clock) as bot:
        for chat in ("ann", "phone", "tablet"):
            await bot.say("How much is the rent?", chat=chat)
        code = await code_of(bot)
        asked = [await link(bot, code, chat) for chat in ("phone", "tablet")]
        updates = [
            bot.update(chat, kind="button", button=payload(reply, "linked"), button_message="m1")
            for chat, reply in zip(("phone", "tablet"), asked, strict=True)
        ]
        await asyncio.gather(*(bot.receive(update) for update in updates))
        await asyncio.gather(*(bot.dispatcher.settled("memory", chat) for chat in ("phone", "tablet")))
        ann = await founder_of(both, "ann")
        same = [await founder_of(both, chat) == ann for chat in ("phone", "tablet")]
    assert sorted(same) == [False, True]
