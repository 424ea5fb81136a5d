"""Stories of what follows a submission: status, withdrawal, amendments, questions of reviewers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from handlers.apply.notices import notice_of_status
from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import a_draft, founder_of, record_of, submitted, yard
from tests.conversation.fakes import PROGRAM, Bot, Clock, actions, payload, payloads, rows

EN = Texts("en")


@pytest.fixture
def bot(yard_bot: Bot) -> Bot:
    return yard_bot


# --- status -----------------------------------------------------------------------------------------


async def test_status_without_an_application_offers_to_begin_one(bot: Bot) -> None:
    reply = await bot.command("status")
    assert reply.text == EN("applied.status.none", program="Test Base")
    assert actions(reply) == ["apply"]


async def test_status_of_a_draft_says_what_is_left_and_until_when(bot: Bot) -> None:
    await a_draft(bot.database, without=("email", "team_size"))
    reply = await bot.command("status")
    assert "Required questions left: 2" in reply.text
    assert "2027-03-31 20:00" in reply.text
    assert actions(reply) == ["continue"]


async def test_status_of_a_submitted_one_has_number_history_and_what_can_be_done(bot: Bot) -> None:
    await submitted(bot.database)
    reply = await bot.command("status")
    assert "2027-0001" in reply.text
    assert EN("applied.state.submitted") in reply.text
    assert EN("applied.event.submitted") in reply.text
    assert EN("applied.next.submitted") in reply.text
    assert actions(reply) == ["answers", "amend", "withdraw"]


async def test_status_shows_a_decision_with_the_words_of_the_team(bot: Bot) -> None:
    application = await submitted(bot.database)
    async with bot.database.unit_of_work() as work:
        await work.applications.set_status(application, "in_review", "eva", "")
        await work.applications.set_status(application, "accepted", "eva", "Welcome on board.")
    reply = await bot.command("status")
    assert EN("applied.state.accepted") in reply.text
    assert EN("applied.event.in_review") in reply.text
    assert "Welcome on board." in reply.text
    assert actions(reply) == ["answers"]


async def test_the_answers_of_a_submitted_one_are_shown_without_buttons(bot: Bot) -> None:
    await submitted(bot.database)
    status = await bot.command("status")
    replies = await bot.send(kind="button", button=payload(status, "answers"), button_message="m1")
    assert "Blue Whale Boats" in "\n".join(reply.text for reply in replies)
    assert not any(reply.buttons for reply in replies)


@pytest.mark.parametrize("command", ["draft", "edit", "submit", "cancel"])
async def test_what_is_handed_in_is_no_draft_and_the_way_to_it_is_told(bot: Bot, command: str) -> None:
    await submitted(bot.database)
    assert (await bot.command(command)).text == EN("apply.submitted_already", number="2027-0001")


async def test_nobody_else_sees_or_touches_an_application(bot: Bot) -> None:
    application = await submitted(bot.database)
    assert (await bot.press(f"v1:answers:{application}", chat="mallory")).toast
    assert (await bot.press(f"v1:withdrawn:{application}:1", chat="mallory")).toast
    assert (await bot.press(f"v1:amend:{application}", chat="mallory")).toast
    assert (await record_of(bot.database, application)).status == "submitted"


# --- withdrawal -------------------------------------------------------------------------------------


async def test_a_withdrawal_is_asked_about_once_and_done_once(bot: Bot) -> None:
    application = await submitted(bot.database)
    question = await bot.command("withdraw")
    assert "2027-0001" in question.text
    yes, no = payloads(question)
    assert (await bot.press(no)).text == EN("applied.withdraw.kept")
    assert (await record_of(bot.database, application)).status == "submitted"
    done = await bot.press(yes)
    assert done.text == EN("applied.withdraw.done", number="2027-0001")
    assert actions(done) == ["earlier"]
    assert (await bot.press(yes)).toast == EN("applied.stale")
    assert (await record_of(bot.database, application)).status == "withdrawn"
    kinds = [row["kind"] for row in await rows(bot.database, "application_events")]
    assert kinds.count("withdrawn") == 1


async def test_two_taps_at_once_withdraw_once(both: Database, clock: Clock) -> None:
    async with yard(both, clock) as bot:
        application = await submitted(both)
        yes = payloads(await bot.command("withdraw"))[0]
        press = {"kind": "button", "button": yes, "button_message": "m1"}
        await asyncio.gather(bot.receive(bot.update(**press)), bot.receive(bot.update(**press)))
        await bot.dispatcher.settled("memory", "ann")
    assert (await record_of(both, application)).status == "withdrawn"
    kinds = [row["kind"] for row in await rows(both, "application_events")]
    assert kinds.count("withdrawn") == 1


async def test_there_is_nothing_to_withdraw_of_a_draft_or_of_nothing(bot: Bot) -> None:
    assert (await bot.command("withdraw")).text == EN("applied.withdraw.none")
    await a_draft(bot.database)
    assert (await bot.command("withdraw")).text == EN("applied.withdraw.draft")


async def test_an_old_button_does_not_withdraw_a_decided_application(bot: Bot) -> None:
    application = await submitted(bot.database)
    yes = payloads(await bot.command("withdraw"))[0]
    async with bot.database.unit_of_work() as work:
        await work.applications.set_status(application, "declined", "eva", "")
    assert (await bot.press(yes)).toast == EN("applied.stale")
    assert (await record_of(bot.database, application)).status == "declined"


async def test_the_answers_of_a_withdrawn_one_begin_a_new_draft(bot: Bot) -> None:
    first = await submitted(bot.database)
    await bot.press(payloads(await bot.command("withdraw"))[0])
    reply = await bot.press(f"v1:earlier:{first}")
    assert EN("applied.copied", count=16) in reply.text
    founder = await founder_of(bot.database)
    async with bot.database.unit_of_work(read_only=True) as work:
        draft = await work.applications.draft_of(founder)
        assert draft is not None
        assert (await work.applications.answers(draft.id, draft.founder_id))["team_size"].data == 7
    assert draft.id != first
    assert draft.track == "berth"


# --- amendments -------------------------------------------------------------------------------------


# --- questions of reviewers -------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en", "de"])
@pytest.mark.parametrize("status", ["submitted", "in_review", "accepted", "declined", "withdrawn"])
async def test_every_status_has_its_notice(bot: Bot, language: str, status: str) -> None:
    record = replace(await record_of(bot.database, await submitted(bot.database)), status=status)
    notice = notice_of_status(PROGRAM, record, "Bring a lamp.", language)
    assert "2027-0001" in notice.text
    assert "Bring a lamp." in notice.text
