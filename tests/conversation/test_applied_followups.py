"""Stories of what reviewers ask a founder, answered with words or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.application_rows import application_row
from bot.commands.application_sheet import sheet
from bot.files import FileStore
from handlers.apply.notices import notice_of_follow_up
from handlers.apply.telling import tell
from handlers.messages import Reply
from handlers.texts import Texts
from storage.database import Database
from tests.bot import samples
from tests.conversation.applications import a_draft, founder_of, harbor, submitted
from tests.conversation.fakes import PROGRAM, Bot, Clock, payload, payloads, rows

EN = Texts("en")


@pytest.fixture
def bot(yard_bot: Bot) -> Bot:
    return yard_bot


async def asked(bot: Bot, application: int, question: str) -> int:
    async with bot.database.unit_of_work() as work:
        found = await work.applications.ask_follow_up(application, asked_by="eva", question=question)
        record = await work.applications.get(application)
        assert record is not None
        notice = notice_of_follow_up(PROGRAM, record, found.id, question, "en")
        assert await tell(work, record.founder_id, notice)
    assert await bot.told(notice.text)
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
