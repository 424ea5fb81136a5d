"""Stories of what follows a submission: status, withdrawal, amendments, questions of reviewers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.application_rows import application_row
from bot.commands.application_sheet import sheet
from bot.files import FileStore
from handlers.apply.notices import notice_of_follow_up, notice_of_status
from handlers.apply.telling import tell
from handlers.messages import Reply
from handlers.texts import Texts
from storage.database import Database
from tests.bot import samples
from tests.conversation.applications import a_draft, change, founder_of, record_of, submitted, yard
from tests.conversation.applying import harbor
from tests.conversation.fakes import PROGRAM, Bot, Clock, payload, payloads, rows

EN = Texts("en")


@pytest.fixture
async def bot(store: Database, clock: Clock) -> AsyncIterator[Bot]:
    async with yard(store, clock) as running:
        await running.say("How much is the rent?")
        yield running


def actions(reply: Reply) -> list[str]:
    return [item.split(":")[1] for item in payloads(reply)]


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
    assert EN("applied.copied", count=19) in reply.text
    founder = await founder_of(bot.database)
    async with bot.database.unit_of_work(read_only=True) as work:
        draft = await work.applications.draft_of(founder)
        assert draft is not None
        assert (await work.applications.answers(draft.id, draft.founder_id))["team_size"].data == 7
    assert draft.id != first
    assert draft.track == "berth"


# --- amendments -------------------------------------------------------------------------------------


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


# --- questions of reviewers -------------------------------------------------------------------------


async def asked(bot: Bot, application: int, question: str) -> int:
    async with bot.database.unit_of_work() as work:
        found = await work.applications.ask_follow_up(application, asked_by="eva", question=question)
        record = await work.applications.get(application)
        assert record is not None
        notice = notice_of_follow_up(PROGRAM, record, found.id, question, "en")
        assert await tell(work, record.founder_id, notice)
    await asyncio.sleep(0.6)
    return found.id


async def test_a_question_of_the_team_arrives_and_is_answered(bot: Bot) -> None:
    application = await submitted(bot.database)
    await asked(bot, application, "How long is your boat?")
    notice = bot.to("ann")[-1]
    assert "How long is your boat?" in notice.text
    assert "How long is your boat?" in (await bot.press(payload(notice, "followup"))).text
    reply = await bot.say("Twelve meters, and what is the rent?")
    assert reply.text == EN("applied.followup.thanks", number="2027-0001")
    (row,) = await rows(bot.database, "application_followups")
    assert row["answer"] == "Twelve meters, and what is the rent?"
    assert bot.knowledge.questions == ["How much is the rent?"]
    assert EN("applied.event.answered") in (await bot.command("status")).text


async def test_several_questions_are_answered_one_by_one(bot: Bot) -> None:
    application = await submitted(bot.database)
    first = await asked(bot, application, "How long is your boat?")
    second = await asked(bot, application, "How heavy is it?")
    assert EN("applied.status.questions", count=2) in (await bot.command("status")).text
    await bot.press(f"v1:followup:{second}")
    reply = await bot.say("Nine tons.")
    assert payloads(reply) == [f"v1:followup:{first}"]
    await bot.press(f"v1:followup:{first}")
    await bot.say("Twelve meters.")
    answers = [row["answer"] for row in await rows(bot.database, "application_followups")]
    assert answers == ["Twelve meters.", "Nine tons."]
    again = await bot.press(f"v1:followup:{first}")
    assert again.text == EN("applied.followup.already", answer="Twelve meters.")


async def test_a_voice_message_in_place_of_an_answer_leaves_the_question_open(bot: Bot) -> None:
    application = await submitted(bot.database)
    question = await asked(bot, application, "How long is your boat?")
    await bot.press(f"v1:followup:{question}")
    (reply,) = await bot.send(kind="unsupported", unsupported="voice", text="")
    assert reply.text == EN("applied.followup.in_words")
    reply = await bot.say("Twelve meters.")
    assert reply.text == EN("applied.followup.thanks", number="2027-0001")


class Sent:
    """The network's store of what founders sent."""

    name = "memory"
    content = samples.pdf()

    async def fetch(self, reference: str, limit: int) -> bytes:
        return self.content if reference == "drawings" else b"MZ" + bytes(100)


async def attach(bot: Bot, reference: str, **fields: Any) -> Reply:
    file = {"name": "drawings.pdf", "media_type": "application/pdf", "size": 100, "reference": reference}
    return (await bot.send(kind="file", attachments=[file], **{"text": "", **fields}))[-1]


async def test_a_file_is_an_answer_and_an_unsafe_one_leaves_the_question_open(
    both: Database, clock: Clock, tmp_path: Path
) -> None:
    async with Bot(both, clock=clock, form=harbor(), files=FileStore(tmp_path, [Sent()])) as bot:
        await bot.say("How much is the rent?")
        application = await submitted(both)
        question = await asked(bot, application, "Do you have drawings?")
        await bot.press(f"v1:followup:{question}")
        refused = await attach(bot, "a program")
        assert "PDF" in refused.text
        thanks = await attach(bot, "drawings", text="the hull, side view")
        assert EN("applied.followup.got_file", name="drawings.pdf") in thanks.text
        (row,) = await rows(both, "application_followups")
        assert row["answer"] == "drawings.pdf\nthe hull, side view"
        assert await FileStore(tmp_path, []).read(row["sha256"]) == Sent.content
        person = await founder_of(both)
        async with both.unit_of_work() as work:
            held = await work.founders.held(person)
            assert [one["sha256"] for one in held["files"]] == [row["sha256"]]
            assert held["application_followups"][0]["sha256"] == row["sha256"]
            assert await work.files.unreferenced([row["sha256"]]) == []
            (export,) = await work.applications.export()
            assert application_row(harbor(), export)["application.questions"][0]["sha256"] == row["sha256"]
            shown = sheet(PROGRAM, harbor(), export, (), export.questions)
            assert f"(file {row['sha256']})" in "\n".join(shown)
            await work.founders.erase(person)
        async with both.unit_of_work(read_only=True) as work:
            assert await work.files.unreferenced([row["sha256"]]) == [row["sha256"]]


async def test_a_file_as_a_reply_to_the_message_that_asked_is_the_answer(
    store: Database, clock: Clock, tmp_path: Path
) -> None:
    async with Bot(store, clock=clock, form=harbor(), files=FileStore(tmp_path, [Sent()])) as bot:
        await bot.say("How much is the rent?")
        await asked(bot, await submitted(store), "Do you have drawings?")
        place = next(at for at, (_, one) in enumerate(bot.channel.sent, start=1) if "drawings" in one.text)
        thanks = await attach(bot, "drawings", reply_to=f"m{place}")
        assert EN("applied.followup.thanks", number="2027-0001") in thanks.text
        (row,) = await rows(store, "application_followups")
        assert (row["answer"], row["sha256"] is not None) == ("drawings.pdf", True)


async def test_a_question_of_the_team_is_not_mixed_up_with_the_interview(bot: Bot) -> None:
    first = await submitted(bot.database)
    question = await asked(bot, first, "How long is your boat?")
    draft = await a_draft(bot.database, without=("email", "one_sentence"))
    await bot.send(kind="command", command="apply", text="/apply")
    await bot.press(f"v1:followup:{question}")
    await bot.say("Twelve meters.")
    await bot.send(text="Boats without any noise")
    async with bot.database.unit_of_work(read_only=True) as work:
        found = await work.applications.answers(draft, None)
    assert found["one_sentence"].data == "Boats without any noise"
    assert (await rows(bot.database, "application_followups"))[0]["answer"] == "Twelve meters."


async def test_a_reply_to_the_message_that_asked_is_the_answer(bot: Bot) -> None:
    application = await submitted(bot.database)
    await asked(bot, application, "How long is your boat?")
    await asked(bot, application, "How heavy is it?")
    sent = [reply.text for _, reply in bot.channel.sent]
    place = next(at for at, text in enumerate(sent, start=1) if "How long" in text)
    reply = await bot.say("Twelve meters.", reply_to=f"m{place}")
    assert EN("applied.followup.thanks", number="2027-0001") in reply.text
    answers = [row["answer"] for row in await rows(bot.database, "application_followups")]
    assert answers == ["Twelve meters.", None]


async def test_a_reply_to_any_other_message_is_a_question(bot: Bot) -> None:
    await asked(bot, await submitted(bot.database), "How long is your boat?")
    await bot.say("How much is a berth?", reply_to="m1")
    assert bot.knowledge.questions[-1] == "How much is a berth?"
    assert (await rows(bot.database, "application_followups"))[0]["answer"] is None


async def test_strangers_cannot_answer_a_question_of_the_team(bot: Bot) -> None:
    question = await asked(bot, await submitted(bot.database), "How long is your boat?")
    assert (await bot.press(f"v1:followup:{question}", chat="mallory")).toast


async def test_a_question_is_answered_within_a_day_of_the_press(bot: Bot) -> None:
    question = await asked(bot, await submitted(bot.database), "How long is your boat?")
    await bot.press(f"v1:followup:{question}")
    bot.clock.pass_by(hours=25)
    await bot.say("How much is a berth?")
    assert bot.knowledge.questions[-1] == "How much is a berth?"


@pytest.mark.parametrize("language", ["zh", "en", "de"])
@pytest.mark.parametrize("status", ["submitted", "in_review", "accepted", "declined", "withdrawn"])
async def test_every_status_has_its_notice(bot: Bot, language: str, status: str) -> None:
    record = replace(await record_of(bot.database, await submitted(bot.database)), status=status)
    notice = notice_of_status(PROGRAM, record, "Bring a lamp.", language)
    assert "2027-0001" in notice.text
    assert "Bring a lamp." in notice.text
