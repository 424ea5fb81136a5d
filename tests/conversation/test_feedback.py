from __future__ import annotations

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.fakes import Bot, Clock, payload, payloads, rows

EN = Texts("en")


async def _answer(bot: Bot) -> list[str]:
    return payloads(await bot.say("How much is the rent?"))


async def test_a_founder_who_finds_an_answer_helpful_is_thanked_and_it_is_stored(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        helpful, *_ = await _answer(bot)
        reply = await bot.press(helpful)
    assert (reply.text, reply.toast) == ("", EN("feedback.thanks"))
    assert reply.extra["press"] == "e2"
    (row,) = await rows(both, "feedback")
    assert (row["rating"], row["reason"]) == ("helpful", None)
    assert row["answer_message_id"] == int(helpful.split(":")[2])


async def test_a_second_press_is_harmless_and_says_so(bot: Bot) -> None:
    helpful, unhelpful, _ = await _answer(bot)
    await bot.press(helpful)
    assert (await bot.press(helpful)).toast == EN("feedback.already")
    await bot.press(unhelpful)
    again = await bot.press(unhelpful)
    assert (again.text, again.toast) == ("", EN("feedback.already"))
    assert len(await rows(bot.database, "feedback")) == 1


async def test_a_founder_who_was_not_helped_chooses_the_reason(bot: Bot) -> None:
    _, unhelpful, _ = await _answer(bot)
    why = await bot.press(unhelpful)
    assert why.text == EN("feedback.why")
    reasons = payloads(why)
    assert [item.split(":")[3] for item in reasons] == ["wrong", "outdated", "incomplete", "misunderstood"]
    thanks = await bot.press(reasons[1], under="m7")
    assert (thanks.edits, "out of date" in thanks.text) == ("m7", True)
    (row,) = await rows(bot.database, "feedback")
    assert (row["rating"], row["reason"]) == ("not_helpful", "outdated")
    assert (await bot.press(reasons[1])).toast == EN("feedback.already")


async def test_a_founder_who_was_not_helped_writes_the_reason(bot: Bot) -> None:
    _, unhelpful, _ = await _answer(bot)
    await bot.press(unhelpful)
    thanks = await bot.say("It leaves out the deposit {x} <b>.")
    assert thanks.text == EN("feedback.noted_text")
    assert (await rows(bot.database, "feedback"))[0]["reason"] == "It leaves out the deposit {x} <b>."
    assert bot.knowledge.questions == ["How much is the rent?"]
    await bot.say("And when can I apply")
    assert bot.knowledge.questions[-1] == "And when can I apply"


async def test_a_question_after_not_helpful_is_answered_and_not_taken_for_the_reason(bot: Bot) -> None:
    _, unhelpful, _ = await _answer(bot)
    await bot.press(unhelpful)
    assert (await bot.say("How long is the lease then?")).sources
    assert (await rows(bot.database, "feedback"))[0]["reason"] is None


async def test_a_question_taken_for_a_reason_can_be_asked_by_a_press(bot: Bot) -> None:
    _, unhelpful, _ = await _answer(bot)
    await bot.press(unhelpful)
    taken = await bot.say("the length of the lease please")
    reply = await bot.press(payload(taken, "again"))
    assert reply.sources
    assert bot.knowledge.questions[-1] == "the length of the lease please"


async def test_a_reason_is_awaited_for_ten_minutes_only(bot: Bot) -> None:
    _, unhelpful, _ = await _answer(bot)
    await bot.press(unhelpful)
    bot.clock.pass_by(minutes=11)
    await bot.say("tell me about the lease")
    assert bot.knowledge.questions[-1] == "tell me about the lease"


async def test_nobody_can_rate_the_answer_of_somebody_else(bot: Bot) -> None:
    helpful, _, _ = await _answer(bot)
    assert (await bot.press(helpful, chat="mallory")).toast
    assert await rows(bot.database, "feedback") == []


async def test_a_button_of_another_version_or_without_sense_is_answered_politely(bot: Bot) -> None:
    for stale in ("v0:helpful:1", "v9:x", "v1:helpful:x", "v1:reason:1:nonsense", "v1:reason", "junk", ""):
        reply = await bot.press(stale)
        assert reply.text == ""
        assert reply.toast, stale
        assert reply.extra["press"]
