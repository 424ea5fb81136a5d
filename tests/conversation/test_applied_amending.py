"""Stories of a submitted application that is amended; the former version counts until the new one is sent."""

from __future__ import annotations

import pytest

from handlers.texts import Texts
from tests.conversation.applications import a_draft, change, record_of, submitted
from tests.conversation.fakes import Bot, actions, payload, rows

EN = Texts("en")


@pytest.fixture
def bot(yard_bot: Bot) -> Bot:
    return yard_bot


async def test_an_amendment_tells_what_changed_and_keeps_the_number(bot: Bot) -> None:
    application = await submitted(bot.database)
    shown = await bot.send(kind="command", command="amend", text="/amend")
    assert EN("applied.amend.begun") in shown[0].text
    assert (await record_of(bot.database, application)).amending_at is not None
    await change(bot.database, application, "team_size", 9)
    again = await bot.send(kind="command", command="amend", text="/amend")
    reply = await bot.press(payload(again[-1], "amended"))
    assert EN("applied.amend.done", number="2027-0001") in reply.text
    assert "7 people → 9 people" in reply.text
    record = await record_of(bot.database, application)
    assert (record.number, record.status, record.amending_at) == ("2027-0001", "submitted", None)
    assert len(await rows(bot.database, "application_versions")) == 2
    status = await bot.command("status")
    assert EN("applied.event.amended") in status.text


async def test_a_founder_edits_an_amendment_in_the_chat(bot: Bot) -> None:
    application = await submitted(bot.database)
    await bot.send(kind="command", command="amend", text="/amend")
    await bot.send(kind="command", command="edit", arguments="team size", text="/edit team size")
    replies = await bot.send(text="11")
    assert (await record_of(bot.database, application)).amending_at is not None
    reply = await bot.press(payload(replies[-1], "amended"))
    assert "7 people → 11 people" in reply.text


async def test_a_discarded_amendment_leaves_the_former_version(bot: Bot) -> None:
    application = await submitted(bot.database)
    shown = await bot.send(kind="command", command="amend", text="/amend")
    await change(bot.database, application, "team_size", 9)
    discard = payload(shown[-1], "unamend")
    assert (await bot.press(discard)).text == EN("applied.amend.restored", number="2027-0001")
    assert (await bot.press(discard)).toast == EN("applied.stale")
    async with bot.database.unit_of_work(read_only=True) as work:
        assert (await work.applications.answers(application, None))["team_size"].data == 7
    assert len(await rows(bot.database, "application_versions")) == 1


async def test_an_amendment_without_a_change_makes_no_version(bot: Bot) -> None:
    await submitted(bot.database)
    shown = await bot.send(kind="command", command="amend", text="/amend")
    assert (await bot.press(payload(shown[-1], "amended"))).text == EN("applied.amend.unchanged")
    assert len(await rows(bot.database, "application_versions")) == 1


async def test_what_was_not_read_back_is_not_confirmed(bot: Bot) -> None:
    application = await submitted(bot.database)
    shown = await bot.send(kind="command", command="amend", text="/amend")
    await change(bot.database, application, "team_size", 9)
    replies = await bot.send(kind="button", button=payload(shown[-1], "amended"), button_message="m1")
    assert len(await rows(bot.database, "application_versions")) == 1
    assert "amended" in actions(replies[-1])


async def test_the_window_closes_while_amending(bot: Bot) -> None:
    application = await submitted(bot.database)
    shown = await bot.send(kind="command", command="amend", text="/amend")
    await change(bot.database, application, "team_size", 9)
    bot.clock.pass_by(days=25)
    late = await bot.press(payload(shown[-1], "amended"))
    assert late.text == EN("applied.amend.too_late")
    assert len(await rows(bot.database, "application_versions")) == 1
    assert (await bot.press(payload(late, "unamend"))).text == EN(
        "applied.amend.restored", number="2027-0001"
    )
    assert (await bot.command("amend")).text == EN("applied.amend.closed")


async def test_after_the_window_an_amendment_is_told_to_be_over_and_takes_no_answers(bot: Bot) -> None:
    application = await submitted(bot.database)
    await bot.send(kind="command", command="amend", text="/amend")
    await bot.send(kind="command", command="edit", arguments="team size", text="/edit team size")
    bot.clock.pass_by(days=25)
    status = await bot.command("status")
    assert EN("applied.state.amendment_over") in status.text
    assert EN("applied.next.amendment_over") in status.text
    assert EN("applied.next.amending") not in status.text
    assert "continue" not in actions(status)
    (late,) = await bot.send(text="9")
    assert late.text == EN("applied.amend.too_late")
    async with bot.database.unit_of_work(read_only=True) as work:
        assert (await work.applications.answers(application, None))["team_size"].data == 7
    restored = await bot.press(payload(late, "unamend"))
    assert restored.text == EN("applied.amend.restored", number="2027-0001")
    assert EN("applied.state.submitted") in (await bot.command("status")).text


async def test_what_is_under_review_is_not_amended(bot: Bot) -> None:
    application = await submitted(bot.database)
    async with bot.database.unit_of_work() as work:
        await work.applications.set_status(application, "in_review", "eva", "")
    assert (await bot.command("amend")).text == EN("applied.amend.in_review")
    assert "amend" not in actions(await bot.command("status"))


async def test_a_draft_needs_no_amendment(bot: Bot) -> None:
    assert (await bot.command("amend")).text == EN("applied.amend.none")
    await a_draft(bot.database)
    assert (await bot.command("amend")).text == EN("applied.amend.draft")
