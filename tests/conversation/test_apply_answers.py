from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from handlers.apply.interpret import Meaning, interpret
from handlers.texts import Texts
from knowledge.errors import KnowledgeError
from storage.database import Database
from tests.conversation.applications import harbor
from tests.conversation.applying import Applicant, answers, labels, text_of
from tests.conversation.fakes import Bot, Clock, RecordingChannel, payloads, refused, rows

EN = Texts("en")


@pytest.fixture
async def ann(store: Database, clock: Clock) -> AsyncIterator[Applicant]:
    async with Bot(store, clock=clock, form=harbor()) as bot:
        founder = Applicant(bot)
        await founder.say("I want to apply")
        yield founder


@pytest.mark.parametrize("way", ["Sea trial", "2", "POC", "button"])
async def test_an_option_is_chosen_by_label_number_other_word_or_button(ann: Applicant, way: str) -> None:
    replies = await (ann.press("Sea trial") if way == "button" else ann.say(way))
    assert "What is your company or team called?" in replies[-1].text
    assert (await answers(ann.bot.database))["track"] == "trial"
    assert ann.bot.knowledge.questions == []


async def test_every_question_says_where_the_founder_stands(ann: Applicant) -> None:
    reply = await ann.go("Berth", "Blue Whale Boats")
    assert "Question 3/16" in reply.text


async def test_an_invalid_answer_is_explained_with_an_example_and_asked_again(ann: Applicant) -> None:
    reply = await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers", "0")
    assert "0 is too small; the least is 1." in reply.text
    assert EN("apply.for_example", example="7") in reply.text
    assert "How many people are in your team?" in reply.text
    assert "team_size" not in await answers(ann.bot.database)


async def test_a_value_found_in_a_sentence_is_said_back(ann: Applicant) -> None:
    reply = await ann.go(
        "Berth", "Blue Whale Boats", "We build electric boats for rivers", "we are seven people in total"
    )
    assert "✓ Team size: 7 people" in reply.text
    assert "Is your company registered?" in reply.text


async def test_a_question_in_between_is_answered_and_changes_nothing(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers")
    before = await rows(ann.bot.database, "applications")
    answer, again = await ann.say("How much does a berth cost per month?")
    assert answer.sources
    assert "How many people are in your team?" in again.text
    assert await rows(ann.bot.database, "applications") == before
    assert (await ann.last("7")).text.startswith("Question 5/16")


async def test_a_question_that_cannot_be_looked_up_now_costs_nothing(ann: Applicant) -> None:
    await ann.say("Berth")
    ann.bot.knowledge.script += [KnowledgeError("away"), KnowledgeError("away")]
    await ann.say("How much does a berth cost per month?")
    replies = await ann.press(EN("apply.button.is_question"))
    assert replies[0].text == EN("error.knowledge")
    assert "What is your company or team called?" in replies[-1].text


async def test_a_question_beside_an_answer_is_answered_and_the_answer_counts(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers")
    answer, asked = await ann.say("7 people. By the way is the rent included?")
    assert answer.text.startswith(EN("ask.heading", question="By the way is the rent included?"))
    assert answer.sources
    assert "✓ Team size: 7 people" in asked.text
    assert "Is your company registered?" in asked.text
    assert (await answers(ann.bot.database))["team_size"] == 7


async def test_an_answer_counts_though_the_question_beside_it_cannot_be_looked_up(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers")
    ann.bot.knowledge.script.append(KnowledgeError("away"))
    replies = await ann.say("7 people. By the way is the rent included?")
    assert replies[0].text == EN("error.knowledge")
    assert "Is your company registered?" in replies[-1].text
    assert (await answers(ann.bot.database))["team_size"] == 7


@pytest.mark.parametrize("word", ["ok", "yes", "继续", "continue", "go on", "weiter"])
async def test_a_word_that_is_no_answer_shows_the_question_again(ann: Applicant, word: str) -> None:
    await ann.say("Berth")
    (again,) = await ann.say(word)
    assert "What is your company or team called?" in again.text
    assert set(await answers(ann.bot.database)) == {"track"}


@pytest.mark.parametrize("said", ["改一下公司名", "please change the company name"])
async def test_the_wish_to_change_the_answer_that_is_asked_for_is_not_stored(
    ann: Applicant, said: str
) -> None:
    await ann.go("Berth", "Blue Whale Boats", said, said)
    assert (await answers(ann.bot.database))["company_name"] == "Blue Whale Boats"
    await ann.say("Red Whale Boats")
    assert (await answers(ann.bot.database))["company_name"] == "Red Whale Boats"


async def test_what_cannot_be_the_answer_is_refused_and_may_still_be_asked(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers")
    said = "the conditions for rent"
    ann.bot.knowledge.script.append(refused(said))
    reply = await ann.last(said)
    assert said in reply.text
    assert "How many people are in your team?" in reply.text
    assert EN("apply.button.is_answer") not in labels(reply)
    answer, _ = await ann.press(EN("button.as_question"))
    assert answer.text.startswith(EN("ask.heading", question=said))


async def test_small_talk_is_answered_and_the_question_comes_again(ann: Applicant) -> None:
    replies = await ann.say("thank you")
    assert len(replies) == 2
    assert "What do you want to apply for?" in replies[-1].text


async def test_a_wish_for_a_person_is_taken_up_and_the_question_comes_again(ann: Applicant) -> None:
    replies = await ann.say("talk to a human")
    assert len(await rows(ann.bot.database, "handovers")) == 1
    assert "What do you want to apply for?" in replies[-1].text


async def test_why_quotes_what_the_form_says(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats")
    why, again = await ann.press(EN("apply.button.why"))
    assert "Reviewers read this sentence first" in why.text
    assert "one sentence" in again.text


async def test_options_are_ticked_in_place_and_taken_when_done(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers", "7", "no", "/skip")
    (ticked,) = await ann.press("Crane")
    assert ticked.edits == "m1"
    assert "☑ Crane" in labels(ticked)
    (ticked,) = await ann.press("Divers")
    assert {"☑ Crane", "☑ Divers"} < set(labels(ticked))
    await ann.press("Crane")
    done = await ann.press("Done")
    assert "✓ Needs: Divers" in text_of(done)
    assert (await answers(ann.bot.database))["needs"] == ["divers"]


async def test_nothing_ticked_is_not_done(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers", "7", "no", "/skip")
    replies = await ann.press("Done")
    assert EN("apply.invalid.too_few", count=0, limit=1) in text_of(replies)


async def test_several_options_can_be_typed(ann: Applicant) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers", "7", "no", "/skip")
    await ann.say("crane and divers")
    assert (await answers(ann.bot.database))["needs"] == ["crane", "divers"]


async def test_only_an_optional_question_is_skipped(ann: Applicant) -> None:
    reply = await ann.go("Berth", "/skip")
    assert EN("apply.required", label="Company name") in reply.text
    assert "What is your company or team called?" in reply.text


@pytest.mark.parametrize("word", ["no", "没有", "none"])
async def test_a_no_passes_over_an_optional_question(ann: Applicant, word: str) -> None:
    await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers", "7", "no")
    assert "What do you need?" in (await ann.last(word)).text
    assert (await answers(ann.bot.database))["website"] is None


async def test_a_missed_requirement_is_explained_and_stops_nobody(ann: Applicant) -> None:
    reply = await ann.go("Berth", "Blue Whale Boats", "We build electric boats for rivers", "14")
    assert "at most 12 people" in reply.text
    assert EN("apply.rule.goes_on") in reply.text
    assert "Is your company registered?" in reply.text
    assert "Now met" in (await ann.go("/edit 4", "9")).text


async def test_two_messages_in_one_second_answer_two_questions(ann: Applicant) -> None:
    await ann.say("Berth")
    bot = ann.bot
    await bot.receive(bot.update(text="Blue Whale Boats"), bot.update(text="We build electric boats"))
    await bot.dispatcher.settled("memory", "ann")
    stored = await answers(bot.database)
    assert (stored["company_name"], stored["one_sentence"]) == ("Blue Whale Boats", "We build electric boats")


async def test_a_double_tap_counts_once(ann: Applicant) -> None:
    payload = ann.button("Berth").payload
    bot = ann.bot
    await bot.receive(*(bot.update(kind="button", button=payload, button_message="m1") for _ in range(2)))
    await bot.dispatcher.settled("memory", "ann")
    assert [reply.toast for reply in bot.to("ann")][-1] == EN("apply.noted_already")
    assert "What is your company" in bot.to("ann")[-2].text


async def test_a_button_whose_question_is_gone_changes_nothing(ann: Applicant) -> None:
    await ann.go("Sea trial", "Blue Whale Boats", "We build electric boats for rivers", "7", "no", "/skip")
    stale = ann.button("Prototype").payload
    await ann.go("/edit 1", "Berth")
    (reply,) = await ann.push(stale)
    assert reply.toast == EN("apply.stale")
    assert "stage" not in await answers(ann.bot.database)


async def test_a_button_of_another_founder_opens_nothing(ann: Applicant) -> None:
    payload = ann.button("Berth").payload
    (reply,) = await Applicant(ann.bot, "mallory").push(payload)
    assert await answers(ann.bot.database) == {}
    assert "Berth" not in reply.text


async def test_an_answer_in_another_language_counts_and_offers_that_language(ann: Applicant) -> None:
    reply = await ann.go("Berth", "Blue Whale Boats", "我们为内河做电动船，已经有三条在用")
    assert "How many people are in your team?" in reply.text
    assert "团队有几个人？" in text_of(await ann.press("改用中文继续"))


async def test_stickers_are_declined_with_what_is_expected(ann: Applicant) -> None:
    replies = await ann.bot.send("ann", kind="unsupported", unsupported="sticker")
    assert EN("apply.expects.text") in replies[-1].text
    assert "What do you want to apply for?" in replies[-1].text


async def test_what_stays_open_is_asked_and_the_message_is_kept(ann: Applicant) -> None:
    said = "How might a boat stop by itself?"
    await ann.go("Berth", "Blue Whale Boats")
    ann.bot.knowledge.script.append(refused(said))
    unsure = await ann.last(said)
    assert EN("apply.button.is_answer") in labels(unsure)
    assert said not in (await answers(ann.bot.database)).values()
    answer, again = await ann.press(EN("apply.button.is_question"))
    assert answer.text.startswith(EN("ask.heading", question=said))
    assert "Describe your project in one sentence" in again.text
    replies = await ann.push(next(p for p in payloads(unsure) if ":answer:" in p))
    assert "How many people are in your team?" in text_of(replies)
    assert said in (await answers(ann.bot.database)).values()


async def test_a_question_that_only_its_meaning_gives_away_is_not_stored(ann: Applicant) -> None:
    await ann.go("/apply", "Berth", "Blue Whale Boats")
    said = "crane prices for members of the club"
    ann.bot.knowledge.asking.add(said)
    unsure = await ann.last(said)
    assert EN("apply.button.is_question") in labels(unsure)
    assert said not in (await answers(ann.bot.database)).values()


async def test_an_answer_from_two_devices_at_the_same_moment_loses_nothing(
    both: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes have read the same revision before either of them writes."""
    seen = asyncio.Barrier(2)

    async def together(*arguments: Any, **others: Any) -> Meaning:
        meaning = await interpret(*arguments, **others)
        await seen.wait()
        return meaning

    async with (
        Bot(both, clock=clock, form=harbor()) as bot,
        Bot(both, clock=clock, form=harbor(), channel=RecordingChannel(name="other")) as other,
    ):
        other.number = 1000
        ann = Applicant(bot)
        await ann.go("I want to apply", "Berth")
        person = (await rows(both, "applications"))[0]["founder_id"]
        await _as_founder(other, person)
        await Applicant(other, "laptop").go("/apply", "/edit 1")
        monkeypatch.setattr("handlers.apply.interview.interpret", together)
        await asyncio.gather(ann.say("Blue Whale Boats"), Applicant(other, "laptop").say("Sea trial"))
        stored = await answers(both)
    assert (stored["company_name"], stored["track"]) == ("Blue Whale Boats", "trial")


async def _as_founder(bot: Bot, founder_id: int) -> None:
    """Let the other chat belong to the same founder, as linking does."""
    await bot.say("hello", chat="laptop")
    async with bot.database.unit_of_work() as work:
        (linked,) = [row for row in await rows(bot.database, "identities") if row["sender"] == "laptop"]
        await work.founders.merge(linked["founder_id"], founder_id)
