from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import harbor
from tests.conversation.applying import Applicant, answers, labels, text_of
from tests.conversation.fakes import Bot, Clock

EN = Texts("en")
BEGUN = (
    "Sea trial",
    "Blue Whale Boats",
    "We build electric boats for rivers",
    "7",
    "no",
    "/skip",
    "Prototype",
)


@pytest.fixture
async def ann(both: Database, clock: Clock) -> AsyncIterator[Applicant]:
    async with Bot(both, clock=clock, form=harbor()) as bot:
        founder = Applicant(bot)
        await founder.go("I want to apply", *BEGUN)
        yield founder


async def test_back_shows_the_answer_and_a_new_one_replaces_it(ann: Applicant) -> None:
    reply = await ann.last("/back")
    assert EN("apply.current", value="Prototype") in reply.text
    reply = await ann.last("In series")
    assert "What should the sea trial prove?" in reply.text
    assert (await answers(ann.bot.database))["stage"] == "series"


async def test_a_correction_tells_what_it_opened_and_closed(ann: Applicant) -> None:
    reply = await ann.go("/edit track", "Berth")
    assert EN("apply.closed", count=1, names="Stage") in reply.text
    assert EN("apply.opened", count=2, names="Needs, Move-in month") in reply.text
    assert "What do you need?" in reply.text
    assert "stage" not in await answers(ann.bot.database)


@pytest.mark.parametrize("words", ["2", "company name", "team name", "公司名"])
async def test_a_question_to_change_is_found_by_number_and_name(ann: Applicant, words: str) -> None:
    reply = await ann.last(f"/edit {words}")
    assert "What is your company or team called?" in reply.text
    await ann.say("Red Whale Boats")
    assert (await answers(ann.bot.database))["company_name"] == "Red Whale Boats"


async def test_an_unknown_name_shows_what_can_be_changed(ann: Applicant) -> None:
    replies = await ann.say("/edit shoe size")
    assert "✏️ 1" in labels(replies[0])
    assert "shoe size" in replies[-1].text


async def test_a_sentence_corrects_an_earlier_answer(ann: Applicant) -> None:
    reply = await ann.last("actually we are 9 people")
    assert "✓ Team size: 9 people" in reply.text
    assert "What should the sea trial prove?" in reply.text
    assert (await answers(ann.bot.database))["team_size"] == 9


async def test_an_old_button_changes_an_old_answer(ann: Applicant) -> None:
    replies = await ann.press("In series")
    assert "✓ Stage: In series" in text_of(replies)
    assert "What should the sea trial prove?" in text_of(replies)


async def test_the_draft_shows_all_answers_with_buttons_to_change_them(ann: Applicant) -> None:
    replies = await ann.say("/draft")
    assert "Company name: Blue Whale Boats" in replies[0].text
    assert "Website: (skipped)" in replies[0].text
    assert EN("apply.so_far", done=7, total=16) in replies[-1].text
    changed = await ann.press("✏️ 2")
    assert "What is your company or team called?" in changed[-1].text


async def test_rows_of_a_group_are_added_and_removed(ann: Applicant) -> None:
    await ann.go("We want to prove that the boat stops by itself.", "/skip", "/skip")
    await ann.go("yes", "Seed", "1 million RMB", "yes", "Series A", "5 million RMB")
    assert {"funding/1/round", "funding/2/round"} <= set(await answers(ann.bot.database))
    reply = (await ann.press(EN("apply.button.remove_row", number=1)))[-1]
    assert EN("apply.row_removed", group="Past funding") in reply.text
    assert "1. Series A" in reply.text
    assert "funding/1/round" not in await answers(ann.bot.database)


async def test_a_group_counts_as_one_question_that_is_open_until_it_is_finished(ann: Applicant) -> None:
    await ann.go("We want to prove that the boat stops by itself.", "/skip", "/skip", "no")
    assert EN("apply.so_far", done=11, total=16) in (await ann.go("Ann Lee", "/draft")).text
    assert (
        EN("apply.missing", count=3, names="Founders, Email, Motivation") in (await ann.last("/submit")).text
    )


async def test_going_on_leaves_an_answer_that_was_only_looked_at_for_the_next_open_question(
    ann: Applicant,
) -> None:
    assert "Question 2/16" in (await ann.last("/edit 2")).text
    assert "What should the sea trial prove?" in (await ann.last("continue")).text


async def test_a_group_without_rows_is_closed_by_a_no(ann: Applicant) -> None:
    reply = await ann.go("We want to prove that the boat stops by itself.", "/skip", "/skip", "no")
    assert "What is this founder's name?" in reply.text
