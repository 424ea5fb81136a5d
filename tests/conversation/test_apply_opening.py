from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.applications import harbor
from tests.conversation.applying import Applicant, answers, applications, labels, text_of
from tests.conversation.fakes import Bot, Clock

ZH, EN = Texts("zh"), Texts("en")


@pytest.fixture
async def ann(store: Database, clock: Clock) -> AsyncIterator[Applicant]:
    async with Bot(store, clock=clock, form=harbor()) as bot:
        yield Applicant(bot)


@pytest.mark.parametrize(
    ("wish", "question"),
    [
        ("我想申请入驻", "你想申请哪一种？"),
        ("I'd like to apply for a sea trial", "What do you want to apply for?"),
        ("/apply", "你想申请哪一种？"),
    ],
)
async def test_a_wish_to_apply_begins_with_an_introduction_and_the_first_question(
    ann: Applicant, wish: str, question: str
) -> None:
    introduction, first = await ann.say(wish)
    assert "2027-03-01 10:00" in introduction.text
    assert introduction.notes
    assert question in first.text
    assert ann.bot.knowledge.questions == []


async def test_a_german_founder_is_led_in_german(ann: Applicant) -> None:
    introduction, first = await ann.say("Ich möchte mich bewerben")
    assert "Pekinger Zeit" in introduction.text
    assert "What do you want to apply for?" in first.text


async def test_a_question_about_applying_is_answered_and_offers_to_start(ann: Applicant) -> None:
    reply = await ann.last("How do I apply?")
    assert reply.text.startswith("Answer to: How do I apply?")
    assert await applications(ann.bot.database) == []
    replies = await ann.press(EN("apply.button.start"))
    assert "What do you want to apply for?" in replies[-1].text


async def test_other_answers_offer_no_start(ann: Applicant) -> None:
    assert EN("apply.button.start") not in labels(await ann.last("How much is the rent?"))


async def test_without_a_form_nobody_is_led_into_one(bot: Bot) -> None:
    ann = Applicant(bot)
    assert (
        "Somebody replies" in (await ann.last("/apply")).text or "有人回复" in (await ann.last("/apply")).text
    )
    assert EN("apply.button.start") not in labels(await ann.last("How do I apply?"))
    assert (await ann.last("I want to apply")).text.startswith("Answer to")


async def test_the_first_answer_is_said_to_be_saved_and_not_submitted_once(ann: Applicant) -> None:
    await ann.say("I want to apply")
    assert EN("apply.saved") in text_of(await ann.press("Sea trial"))
    await ann.go("Blue Whale Boats", "We build electric boats for rivers")
    assert ann.seen.count(EN("apply.saved")) == 1


async def test_a_draft_is_resumed_where_it_stopped(ann: Applicant) -> None:
    await ann.go("I want to apply", "Sea trial", "Blue Whale Boats", "/pause")
    reply = await ann.last("/apply")
    assert EN("apply.welcome_back", done=2, total=16) in reply.text
    assert "Describe your project in one sentence." in reply.text
    assert len(await applications(ann.bot.database)) == 1


async def test_while_paused_messages_are_questions_again(ann: Applicant) -> None:
    await ann.go("I want to apply", "Sea trial")
    assert EN("apply.paused", done=1, total=16) in (await ann.last("/pause")).text
    assert (await ann.last("How much is the rent?")).text.startswith("Answer to")
    assert set(await answers(ann.bot.database)) == {"track"}
    assert "What is your company" in text_of(await ann.press(EN("apply.button.continue")))


@pytest.mark.parametrize("word", ["continue", "Go on!", "继续", "接着填吧", "weitermachen"])
async def test_a_paused_draft_goes_on_at_a_word(ann: Applicant, word: str) -> None:
    await ann.go("I want to apply", "Sea trial", "Blue Whale Boats", "/pause")
    assert EN("apply.welcome_back", done=2, total=16) in (await ann.last(word)).text
    assert ann.bot.knowledge.questions == []


async def test_going_on_without_a_draft_is_a_question_like_any_other(ann: Applicant) -> None:
    assert (await ann.last("继续")).text.startswith("Answer to")
    assert await applications(ann.bot.database) == []


async def test_a_language_chosen_in_the_middle_is_spoken_at_once(ann: Applicant) -> None:
    await ann.go("I want to apply", "Sea trial")
    await ann.say("/language")
    confirmed, again = await ann.press("中文")
    assert confirmed.text == ZH("language.set")
    assert "公司或团队叫什么名字？" in again.text
    assert (await applications(ann.bot.database))[0]["language"] == "zh"
    await ann.say("/language")
    confirmed, again = await ann.press(ZH("button.language_auto"))
    assert confirmed.text == ZH("language.automatic")
    assert "公司或团队叫什么名字？" in again.text


async def test_a_language_chosen_while_paused_is_that_of_the_draft(ann: Applicant) -> None:
    await ann.go("I want to apply", "Sea trial", "/pause", "/language")
    (confirmed,) = await ann.press("中文")
    assert confirmed.text == ZH("language.set")
    assert (await applications(ann.bot.database))[0]["language"] == "zh"


async def test_a_draft_that_is_deleted_is_deleted_after_a_yes_only(ann: Applicant) -> None:
    await ann.go("I want to apply", "Sea trial", "Blue Whale Boats")
    asked = await ann.last("/cancel")
    assert EN("apply.cancel_ask", count=2) in asked.text
    kept = await ann.press(EN("apply.button.keep"))
    assert EN("apply.cancel_kept") in text_of(kept)
    assert "one sentence" in text_of(kept)
    await ann.say("/cancel")
    assert text_of(await ann.press(EN("apply.button.discard"))) == EN("apply.cancelled")
    assert await applications(ann.bot.database) == []
    assert (await ann.last("How much is the rent?")).text.startswith("Answer to")


async def test_a_delete_button_does_not_delete_answers_given_since(ann: Applicant) -> None:
    await ann.go("I want to apply", "Sea trial", "/cancel")
    button = ann.button(EN("apply.button.discard"))
    await ann.say("Blue Whale Boats")
    assert EN("apply.cancel_ask", count=2) in text_of(await ann.push(button.payload))
    assert len(await answers(ann.bot.database)) == 2


async def test_commands_without_an_application_offer_to_start_one(ann: Applicant) -> None:
    for command in ("/draft", "/skip", "/submit"):
        assert labels(await ann.last(command)) == [ZH("apply.button.start")]
