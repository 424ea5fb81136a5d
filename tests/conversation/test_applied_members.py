"""Stories of co-founders: invited by a code, each with answers that no other member sees."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from handlers.messages import Reply
from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import a_draft, founder_of, record_of, submitted, yard
from tests.conversation.fakes import Bot, Clock, payload, payloads, rows

EN = Texts("en")


@pytest.fixture
async def bot(yard_bot: Bot) -> Bot:
    await yard_bot.say("How much is the rent?", chat="bo")
    return yard_bot


async def invited(bot: Bot) -> str:
    """A fresh code of Ann's."""
    found = re.search(r"/join ([A-Z0-9]{8})", (await bot.command("invite")).text)
    assert found is not None
    return found[1]


async def join(bot: Bot, code: str, chat: str = "bo") -> list[Reply]:
    return await bot.send(chat, kind="command", command="join", arguments=code, text=f"/join {code}")


async def joined(bot: Bot, chat: str = "bo") -> list[Reply]:
    (question,) = await join(bot, await invited(bot), chat)
    replies = await bot.send(chat, kind="button", button=payloads(question)[0], button_message="m1")
    assert await bot.told(EN("applied.members.joined", name=f"{chat.title()} Lee"))
    return replies


async def test_a_co_founder_joins_with_a_code_and_gets_a_section_of_their_own(bot: Bot) -> None:
    application = await a_draft(bot.database)
    (question,) = await join(bot, await invited(bot))
    assert "Blue Whale Boats" in question.text
    assert "ann@example.org" not in question.text
    (first,) = await bot.send("bo", kind="button", button=payloads(question)[0], button_message="m1")
    assert EN("applied.join.private", count=2, minutes=2) in first.text
    assert "Why do you do this, you yourself?" in first.text
    assert await bot.told(EN("applied.members.joined", name="Bo Lee"))
    members = await rows(bot.database, "application_members")
    assert [(row["application_id"], row["role"]) for row in members] == [
        (application, "owner"),
        (application, "member"),
    ]


async def test_a_co_founder_finishes_and_the_owner_learns_that_and_nothing_else(bot: Bot) -> None:
    application = await a_draft(bot.database)
    await joined(bot)
    assert EN("applied.members.open", name="Bo Lee") in (await bot.command("invite")).text
    await bot.send("bo", text="My father built boats.")
    (done,) = await bot.send("bo", kind="command", command="skip", text="/skip")
    assert EN("applied.join.finished") in done.text
    assert await bot.told(EN("applied.members.finished", name="Bo Lee"))
    assert EN("applied.members.done", name="Bo Lee") in (await bot.command("invite")).text
    shown = await bot.send(kind="command", command="draft", text="/draft")
    told = "\n".join(reply.text for reply in [*shown, *bot.to("ann")])
    assert "My father built boats." not in told
    assert "I grew up on a quay." in "\n".join(reply.text for reply in shown)
    others = "\n".join(reply.text for reply in bot.to("bo"))
    assert "I grew up on a quay." not in others
    async with bot.database.unit_of_work(read_only=True) as work:
        answers = await work.applications.all_answers(application)
    assert len(answers) == 3


async def test_the_read_back_names_who_is_missing(bot: Bot) -> None:
    await a_draft(bot.database)
    await joined(bot)
    replies = await bot.send(kind="command", command="submit", text="/submit")
    assert "Bo Lee" in replies[-1].text


async def test_only_the_owner_submits_and_invites(bot: Bot) -> None:
    application = await a_draft(bot.database)
    await joined(bot)
    revision = (await record_of(bot.database, application)).revision
    await bot.send("bo", kind="button", button=f"v1:send:{application}:{revision}", button_message="m1")
    assert (await record_of(bot.database, application)).status == "draft"
    assert (await bot.command("invite", chat="bo")).text == EN("applied.invite.owner_only")


async def test_a_code_works_once_and_not_for_its_maker(bot: Bot) -> None:
    await a_draft(bot.database)
    code = await invited(bot)
    assert (await join(bot, code, "ann"))[0].text == EN("applied.code.own", command="/join")
    (question,) = await join(bot, code)
    await bot.press(payloads(question)[0], chat="bo")
    assert await bot.told(EN("applied.members.joined", name="Bo Lee"))
    assert (await join(bot, code, "cy"))[0].text == Texts("zh")("applied.code.used", command="/join")


async def test_a_code_expires_after_a_week(bot: Bot) -> None:
    await a_draft(bot.database)
    code = await invited(bot)
    bot.clock.pass_by(days=7, minutes=1)
    assert (await join(bot, code))[0].text == EN("applied.code.expired", command="/join")


async def test_wrong_codes_close_the_door_for_a_while(bot: Bot) -> None:
    await a_draft(bot.database)
    code = await invited(bot)
    for _ in range(5):
        assert (await join(bot, "WRONG234"))[0].text == EN("applied.code.unknown", command="/join")
    assert (await join(bot, code))[0].text == EN("applied.code.too_many", command="/join")
    bot.clock.pass_by(hours=2)
    assert "Blue Whale Boats" in (await join(bot, code))[0].text


async def test_a_link_opens_the_same_question(bot: Bot) -> None:
    await a_draft(bot.database)
    code = await invited(bot)
    (question,) = await bot.send(
        "bo", kind="command", command="start", arguments=f"join_{code}", text=f"/start join_{code}"
    )
    assert "Blue Whale Boats" in question.text


async def test_a_code_is_not_kept_in_any_message(bot: Bot) -> None:
    await a_draft(bot.database)
    code = await invited(bot)
    await bot.send(
        "bo", kind="command", command="start", arguments=f"join_{code}", text=f"/start join_{code}"
    )
    (question,) = await join(bot, code)
    await bot.press(payloads(question)[0], chat="bo")
    for table in ("messages", "traces", "codes", "outbox", "conversations"):
        assert code not in json.dumps(await rows(bot.database, table), default=str), table


async def test_no_is_no(bot: Bot) -> None:
    await a_draft(bot.database)
    (question,) = await join(bot, await invited(bot))
    assert (await bot.press(payloads(question)[1], chat="bo")).text == EN("applied.join.not")
    assert len(await rows(bot.database, "application_members")) == 1


async def test_five_members_are_the_most(bot: Bot) -> None:
    await a_draft(bot.database)
    late = await invited(bot)
    for chat in ("bo", "cy", "di", "ed"):
        await joined(bot, chat)
    assert EN("applied.invite.full", limit=5) in (await bot.command("invite")).text
    assert (await join(bot, late, "flo"))[0].text == Texts("zh")("applied.join.full")


async def test_the_last_place_is_given_once(both: Database, clock: Clock) -> None:
    async with yard(both, clock) as bot:
        await bot.say("How much is the rent?")
        await a_draft(both)
        for chat in ("bo", "cy", "di"):
            await joined(bot, chat)
        asked = [(await join(bot, await invited(bot), chat))[0] for chat in ("ed", "flo")]
        presses = [
            bot.update(chat, kind="button", button=payloads(reply)[0], button_message="m1")
            for chat, reply in zip(("ed", "flo"), asked, strict=True)
        ]
        await asyncio.gather(*(bot.receive(press) for press in presses))
        await asyncio.gather(*(bot.dispatcher.settled("memory", chat) for chat in ("ed", "flo")))
    assert len(await rows(both, "application_members")) == 5


async def test_a_co_founder_leaves_and_takes_their_answers_along(bot: Bot) -> None:
    await a_draft(bot.database)
    await joined(bot)
    await bot.send("bo", text="My father built boats.")
    question = await bot.command("leave", chat="bo")
    assert (await bot.press(payload(question, "unmember"), chat="bo")).text == EN("applied.leave.done")
    assert await bot.told(EN("applied.members.left", name="Bo Lee"))
    assert len(await rows(bot.database, "application_members")) == 1
    assert "My father" not in json.dumps(await rows(bot.database, "application_answers"), default=str)
    await bot.say("How deep is the harbor?", chat="bo")
    assert bot.knowledge.questions[-1] == "How deep is the harbor?"


async def test_the_owner_removes_a_co_founder_and_strangers_cannot(bot: Bot) -> None:
    application = await a_draft(bot.database)
    await joined(bot)
    bo = await founder_of(bot.database, "bo")
    assert (await bot.press(f"v1:unmember:{application}:{bo}", chat="mallory")).toast
    removal = payload(await bot.command("invite"), "unmember")
    assert (await bot.press(removal)).text == EN("applied.members.removed_done")
    assert await bot.told(EN("applied.members.removed", program="Test Base"), "bo")
    assert (await bot.press(removal)).toast
    await bot.say("How deep is the harbor?", chat="bo")
    assert bot.knowledge.questions[-1] == "How deep is the harbor?"


async def test_a_co_founder_removes_nobody_else(bot: Bot) -> None:
    application = await a_draft(bot.database)
    await joined(bot)
    await joined(bot, "cy")
    cy = await founder_of(bot.database, "cy")
    assert (await bot.press(f"v1:unmember:{application}:{cy}", chat="bo")).toast
    assert len(await rows(bot.database, "application_members")) == 3


async def test_a_co_founder_neither_withdraws_nor_amends(bot: Bot) -> None:
    application = await submitted(bot.database)
    bo = await founder_of(bot.database, "bo")
    async with bot.database.unit_of_work() as work:
        await work.applications.add_member(application, bo)
    assert (await bot.command("withdraw", chat="bo")).text == EN("applied.withdraw.none")
    assert (await bot.press(f"v1:withdrawn:{application}:1", chat="bo")).toast
    assert (await bot.press(f"v1:amend:{application}", chat="bo")).toast
    record = await record_of(bot.database, application)
    assert (record.status, record.amending_at) == ("submitted", None)
    status = await bot.command("status", chat="bo")
    assert not payloads(status)
    assert "I grew up on a quay." not in status.text


async def test_an_owner_cannot_leave_and_a_stranger_has_nothing_to_leave(bot: Bot) -> None:
    await a_draft(bot.database)
    assert (await bot.command("leave")).text == EN("applied.leave.owner")
    assert (await bot.command("leave", chat="bo")).text == EN("applied.leave.none")


async def test_inviting_needs_a_draft(bot: Bot) -> None:
    assert (await bot.command("invite")).text == EN("applied.invite.no_draft")


async def test_status_of_a_co_founder_shows_their_part(bot: Bot) -> None:
    await a_draft(bot.database)
    await joined(bot)
    status = await bot.command("status", chat="bo")
    assert EN("applied.status.as_member") in status.text
    assert [item.split(":")[1] for item in payloads(status)] == ["continue", "leave"]
