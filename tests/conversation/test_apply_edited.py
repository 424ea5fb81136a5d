"""A founder edits a message that was an answer; told on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import harbor
from tests.conversation.applying import Applicant, answers, text_of
from tests.conversation.fakes import Bot, Clock, rows

EN = Texts("en")


@pytest.fixture
async def ann(both: Database, clock: Clock) -> AsyncIterator[Applicant]:
    async with Bot(both, clock=clock, form=harbor()) as bot:
        founder = Applicant(bot)
        await founder.go("I want to apply", "Sea trial")
        await bot.say("Blue Wale Boats", external_id="name")
        yield founder


async def test_an_edited_answer_is_changed_when_the_founder_says_so(ann: Applicant) -> None:
    (offer,) = await ann.bot.send(kind="edited", text="Blue Whale Boats", external_id="name")
    assert "Blue Wale Boats" in offer.text
    assert "Blue Whale Boats" in offer.text
    assert (await answers(ann.bot.database))["company_name"] == "Blue Wale Boats"

    replies = await ann.press(EN("apply.button.change"))
    assert (await answers(ann.bot.database))["company_name"] == "Blue Whale Boats"
    assert "Describe your project in one sentence." in text_of(replies)
    await ann.press(EN("apply.button.change"))
    assert len(await rows(ann.bot.database, "application_answers")) == 2


async def test_an_edited_answer_may_stay_as_it_was(ann: Applicant) -> None:
    await ann.bot.send(kind="edited", text="Blue Whale Boats", external_id="name")
    replies = await ann.press(EN("apply.button.keep_answer"))
    assert (await answers(ann.bot.database))["company_name"] == "Blue Wale Boats"
    assert "Describe your project in one sentence." in text_of(replies)
    reply = await ann.last("We build electric boats for rivers")
    assert "How many people" in reply.text


async def test_an_edit_for_a_link_preview_says_nothing(ann: Applicant) -> None:
    assert await ann.bot.send(kind="edited", text="Blue Wale Boats", external_id="name") == []


async def test_an_edit_that_does_not_fit_the_question_is_explained(ann: Applicant) -> None:
    await ann.last("We build electric boats for rivers")
    await ann.bot.say("7", external_id="size")
    (reply,) = await ann.bot.send(kind="edited", text="0", external_id="size")
    assert "0 is too small" in reply.text
    assert EN("apply.edited") in reply.text
    assert (await answers(ann.bot.database))["team_size"] == 7


async def test_an_answer_that_was_refused_is_taken_once_it_is_edited(ann: Applicant) -> None:
    await ann.last("We build electric boats for rivers")
    await ann.bot.say("0", external_id="size")
    (reply,) = await ann.bot.send(kind="edited", text="8", external_id="size")
    assert (await answers(ann.bot.database))["team_size"] == 8
    assert "Is your company registered?" in reply.text
