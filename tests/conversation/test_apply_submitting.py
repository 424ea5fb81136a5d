from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import harbor
from tests.conversation.applying import TRIAL, Applicant, answers, applications, labels, text_of
from tests.conversation.fakes import Bot, Clock

EN = Texts("en")


@pytest.fixture
async def ann(both: Database, clock: Clock) -> AsyncIterator[Applicant]:
    clock.now = datetime(2027, 5, 10, 4, 0, tzinfo=UTC)
    async with Bot(both, clock=clock, form=harbor()) as bot:
        founder = Applicant(bot)
        await founder.go("I want to apply", *TRIAL)
        yield founder


async def test_everything_is_read_back_when_the_last_question_is_answered(ann: Applicant) -> None:
    assert "One-sentence pitch: We build electric boats for rivers" in ann.seen
    last = ann.bot.to("ann")[-1]
    assert "the reviewers of Harbor Lab read your application" in last.text
    assert EN("apply.button.submit") in labels(last)
    assert (await applications(ann.bot.database))[0]["status"] == "draft"


async def test_submitting_gives_a_number_a_time_and_a_receipt(ann: Applicant) -> None:
    (receipt,) = await ann.press(EN("apply.button.submit"))
    assert "2027-0001" in receipt.text
    assert "2027-05-10 12:00 (Beijing time)" in receipt.text
    assert receipt.attachments[0].media_type == "text/html"
    (row,) = await applications(ann.bot.database)
    assert (row["status"], row["number"], row["track"]) == ("submitted", "2027-0001", "trial")
    assert (await ann.last("How much is the rent?")).text.startswith("Answer to")


async def test_whoever_has_submitted_is_asked_before_another_application_begins(ann: Applicant) -> None:
    await ann.press(EN("apply.button.submit"))
    (reply,) = await ann.say("/apply")
    assert reply.text == EN("apply.submitted_before", number="2027-0001")
    assert len(await applications(ann.bot.database)) == 1
    assert "What do you want to apply for?" in (await ann.press(EN("apply.button.another")))[-1].text


async def test_confirming_twice_submits_once(ann: Applicant) -> None:
    button = ann.button(EN("apply.button.submit"))
    await ann.push(button.payload)
    (again,) = await ann.push(button.payload)
    assert again.text == EN("apply.submitted_already", number="2027-0001")
    assert len(await applications(ann.bot.database)) == 1


async def test_what_was_read_back_before_a_change_cannot_be_confirmed(ann: Applicant) -> None:
    button = ann.button(EN("apply.button.submit"))
    await ann.go("/edit 2", "Red Whale Boats")
    replies = await ann.push(button.payload)
    assert EN("apply.changed_meanwhile") in replies[0].text
    assert "Red Whale Boats" in text_of(replies)
    assert (await applications(ann.bot.database))[0]["status"] == "draft"
    await ann.press(EN("apply.button.submit"))
    assert (await applications(ann.bot.database))[0]["status"] == "submitted"


async def test_a_question_at_the_read_back_is_answered_and_the_button_comes_again(ann: Applicant) -> None:
    replies = await ann.say("How much does a berth cost per month?")
    assert replies[0].sources
    assert EN("apply.button.submit") in labels(replies[-1])


async def test_a_question_asked_anew_when_none_is_open_names_no_minutes(ann: Applicant) -> None:
    reply = await ann.last("/edit 2")
    assert reply.text.startswith(f"{EN('apply.progress_edited', number=2, total=16)}\n")


async def test_submitting_early_lists_what_is_missing(store: Database, clock: Clock) -> None:
    async with Bot(store, clock=clock, form=harbor()) as bot:
        ann = Applicant(bot)
        await ann.go("I want to apply", *TRIAL[:5])
        last = await ann.last("/submit")
    assert EN("apply.button.submit") not in labels(last)
    assert EN("apply.button.answer", label="Founders") in labels(last)


async def test_a_closed_track_keeps_the_draft(ann: Applicant, clock: Clock) -> None:
    button = ann.button(EN("apply.button.submit"))
    clock.now = datetime(2027, 6, 1, 4, 0, tzinfo=UTC)
    (reply,) = await ann.push(button.payload)
    assert EN("apply.dates.kept") in reply.text
    assert (await applications(ann.bot.database))[0]["status"] == "draft"
    assert len(await answers(ann.bot.database)) == len(TRIAL)


async def test_minutes_after_the_deadline_an_application_still_counts(ann: Applicant, clock: Clock) -> None:
    button = ann.button(EN("apply.button.submit"))
    clock.now = datetime(2027, 5, 31, 12, 5, tzinfo=UTC)
    (reply,) = await ann.push(button.payload)
    assert "2027-0001" in reply.text


async def test_a_form_that_changed_keeps_what_fits_and_tells_the_rest(store: Database, clock: Clock) -> None:
    form = harbor()
    async with Bot(store, clock=clock, form=form) as bot:
        await Applicant(bot).go("I want to apply", *TRIAL[:7])
    sentence = form.question("one_sentence")
    assert sentence is not None
    shorter = replace(sentence, limits=replace(sentence.limits, max_length=10))
    questions = tuple(shorter if item is sentence else item for item in form.questions)
    async with Bot(store, clock=clock, form=replace(form, version="other", questions=questions)) as bot:
        bot.number = 1000
        reply = await Applicant(bot).last("/apply")
        assert EN("apply.form_changed", names="One-sentence pitch") in reply.text
        assert "Describe your project in one sentence." in reply.text
        again = await Applicant(bot).last("/apply")
        assert "updated" not in again.text
    assert "company_name" in await answers(store)
    assert (await applications(store))[0]["form_version"] == "other"
