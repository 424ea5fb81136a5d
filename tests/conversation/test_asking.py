from __future__ import annotations

from datetime import date

import pytest

from handlers.ask import LONGEST_QUESTION
from handlers.texts import Texts
from knowledge.errors import IndexUnavailable
from storage.database import Database
from tests.conversation.fakes import Bot, Clock, answered, payload, payloads, refused, rows

ZH, EN, DE = Texts("zh"), Texts("en"), Texts("de")


async def test_a_founder_who_asks_gets_an_answer_with_its_source(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        reply = await bot.say("租金是多少？")
    assert reply.text == "Answer to: 租金是多少？ [1]"
    assert [(s.number, s.title, s.section, s.link) for s in reply.sources] == [
        (1, "Rent", "Prices", "https://example.org/rent")
    ]
    assert [item.split(":")[1] for item in payloads(reply)] == ["helpful", "unhelpful", "human"]
    assert reply.language == "zh"
    question, answer = await rows(both, "messages")
    assert (question["direction"], question["text"]) == ("in", "租金是多少？")
    assert (answer["direction"], answer["in_reply_to"]) == ("out", question["id"])
    assert payload(reply, "helpful") == f"v1:helpful:{answer['id']}"
    (trace,) = await rows(both, "traces")
    assert (trace["route"], trace["message_id"], bool(trace["answered"])) == ("ask", question["id"], True)
    assert [row["status"] for row in await rows(both, "inbox")] == ["handled"]
    assert [row["status"] for row in await rows(both, "outbox")] == ["sent"]


async def test_a_question_the_documents_do_not_answer_is_refused_and_listed(bot: Bot) -> None:
    bot.knowledge.script.append(refused("What is the weather?", "Rent", "Events"))
    reply = await bot.say("What is the weather?")
    assert reply.text.startswith(EN("ask.refused"))
    assert not reply.sources
    assert [item.split(":")[1] for item in payloads(reply)] == ["topic", "topic", "human"]
    (trace,) = await rows(bot.database, "traces")
    assert trace["answered"] == 0
    assert trace["question"] == "What is the weather?"


async def test_a_pressed_topic_is_asked_in_full(bot: Bot) -> None:
    long_topic = "Everything about the residency of start-ups " * 3
    bot.knowledge.script.append(refused("How about it?", "Rent", long_topic))
    reply = await bot.say("How about it?")
    assert all(len(item.label) <= 60 for row in reply.buttons for item in row)
    again = await bot.press(payloads(reply)[1])
    assert bot.knowledge.questions[-1] == long_topic
    assert again.text.startswith("Your question: Everything about")
    assert again.sources


async def test_a_topic_of_somebody_else_is_not_told(bot: Bot) -> None:
    bot.knowledge.script.append(refused("Anything?", "Secret"))
    reply = await bot.say("Anything?")
    stolen = await bot.press(payloads(reply)[0], chat="mallory")
    assert stolen.text == ""
    assert stolen.toast
    assert bot.knowledge.questions == ["Anything?"]


async def test_an_example_of_the_welcome_can_be_pressed(bot: Bot) -> None:
    welcome = await bot.command("start")
    assert "我回答基地的问题。" in welcome.text
    await bot.press(payloads(welcome)[0])
    assert bot.knowledge.questions == ["租金多少？"]


async def test_a_greeting_gets_a_human_reply_and_a_question_after_it_an_answer(bot: Bot) -> None:
    assert (await bot.say("你好")).text == ZH("small.greeting", program="测试基地")
    assert (await bot.say("danke!")).text == DE("small.thanks")
    assert (await bot.say("What can you do?")).text == EN("help.text", program="Test Base")
    assert bot.knowledge.questions == []
    await bot.say("你好，租金多少？")
    assert bot.knowledge.questions == ["你好，租金多少？"]


async def test_who_is_upset_is_offered_a_person_unless_it_is_why_an_answer_did_not_help(bot: Bot) -> None:
    reply = await bot.say("You are useless!")
    assert reply.text == EN("small.upset")
    assert [item.label for row in reply.buttons for item in row] == [EN("button.human")]
    assert bot.knowledge.questions == []
    answer = await bot.say("How much is the rent?")
    unhelpful = next(b for row in answer.buttons for b in row if b.label == EN("button.unhelpful"))
    await bot.press(unhelpful.payload)
    assert (await bot.say("You are useless!")).text == EN("feedback.noted_text")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"sample": True}, EN("ask.sample")),
        ({"as_of": date(2021, 5, 1)}, EN("ask.dated", date="2021-05-01")),
        ({"answer_language": "zh"}, EN("ask.quoted", language="Chinese")),
        ({"left": ("Who pays?", "And why?")}, EN("ask.left", question="Who pays? / And why?")),
    ],
)
async def test_an_answer_says_what_to_be_careful_about(
    bot: Bot, changes: dict[str, object], note: str
) -> None:
    bot.knowledge.script.append(answered("How much is the rent?", **changes))
    reply = await bot.say("How much is the rent?")
    assert reply.notes == (note,)


async def test_a_fresh_answer_in_the_same_language_has_no_notes(bot: Bot) -> None:
    assert (await bot.say("How much is the rent?")).notes == ()


async def test_an_answer_never_reaches_900_characters(bot: Bot) -> None:
    bot.knowledge.script.append(answered("How much?", text="word " * 400))
    reply = await bot.say("How much?")
    assert len(reply.text) < 900


async def test_a_failing_index_is_explained_recorded_and_not_tried_for_ever(bot: Bot) -> None:
    bot.knowledge.script.append(IndexUnavailable("secret text of a founder"))
    reply = await bot.say("How much is the rent?")
    assert reply.text == EN("error.knowledge")
    assert [item.split(":")[1] for item in payloads(reply)] == ["human"]
    (trace,) = await rows(bot.database, "traces")
    assert (trace["error_code"], trace["question"]) == ("IndexUnavailable", "How much is the rent?")
    (update,) = await rows(bot.database, "inbox")
    assert (update["status"], update["error_code"]) == ("failed", "IndexUnavailable")
    assert bot.knowledge.questions == ["How much is the rent?"]


async def test_markup_in_a_question_is_searched_and_stored_as_typed(bot: Bot) -> None:
    typed = "<b>rent</b> & *how* [much](x) {0} %s?"
    await bot.say(typed)
    assert bot.knowledge.questions == [typed]
    assert (await rows(bot.database, "messages"))[0]["text"] == typed


async def test_control_characters_and_direction_marks_do_not_reach_the_search(bot: Bot) -> None:
    await bot.say("\u202ehow \x07much\u200f is the rent?")
    assert bot.knowledge.questions == ["how much is the rent?"]


async def test_a_message_of_4000_characters_is_answered(bot: Bot) -> None:
    long = "How much is the rent? " * 182
    reply = await bot.say(long)
    assert reply.sources
    assert bot.knowledge.questions == [long.strip()]


async def test_a_question_as_long_as_a_book_is_declined_with_the_limit(bot: Bot) -> None:
    reply = await bot.say("long word " * 2_000)
    assert str(LONGEST_QUESTION) in reply.text
    assert bot.knowledge.questions == []


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "unsupported.empty"),
        ("  \n ", "unsupported.empty"),
        ("\x00\x01\x02", "unsupported.empty"),
        ("\u200f\u202e\u2066", "unsupported.empty"),
        ("?!…", "ask.no_words"),
    ],
)
async def test_a_message_without_words_is_answered_kindly(bot: Bot, typed: str, key: str) -> None:
    assert (await bot.say(typed)).text == ZH(key)
    assert bot.knowledge.questions == []


async def test_emoji_alone_get_a_friendly_word(bot: Bot) -> None:
    assert (await bot.say("👍🎉👨‍👩‍👧")).text == ZH("small.emoji", program="测试基地")


@pytest.mark.parametrize(
    ("kind", "unsupported", "key"),
    [
        ("unsupported", "sticker", "sticker"),
        ("unsupported", "photo", "photo"),
        ("unsupported", "voice", "voice"),
        ("unsupported", "video_note", "video"),
        ("unsupported", "group", "group"),
        ("unsupported", "venue", "other"),
        ("unsupported", "caption", "other"),
        ("file", None, "file"),
    ],
)
async def test_what_cannot_be_read_is_declined_by_its_name(
    bot: Bot, kind: str, unsupported: str | None, key: str
) -> None:
    (reply,) = await bot.send(kind=kind, unsupported=unsupported, language_hint="en-US")
    assert reply.text == EN(f"unsupported.{key}")


async def test_a_question_under_a_photo_is_answered(bot: Bot) -> None:
    (reply,) = await bot.send(kind="unsupported", unsupported="photo", text="How much is the rent here?")
    assert reply.sources
    assert reply.notes == (EN("unsupported.caption"),)


async def test_the_last_question_edited_is_answered_anew(bot: Bot) -> None:
    await bot.say("How much is the rnt?", external_id="q1")
    (reply,) = await bot.send(kind="edited", text="How much is the rent?", external_id="q1")
    assert reply.sources
    assert bot.knowledge.questions == ["How much is the rnt?", "How much is the rent?"]


async def test_an_older_question_edited_is_not_answered_out_of_order(bot: Bot) -> None:
    await bot.say("How much is the rnt?", external_id="q1")
    await bot.say("When can I apply?", external_id="q2")
    (reply,) = await bot.send(kind="edited", text="How much is the rent?", external_id="q1")
    assert reply.text == EN("unsupported.edited_old")


async def test_an_edit_that_changes_nothing_is_passed_over_in_silence(bot: Bot) -> None:
    await bot.say("How much is the rent?", external_id="q1")
    assert await bot.send(kind="edited", text="How much is the rent?", external_id="q1") == []
    assert [row["status"] for row in await rows(bot.database, "inbox")] == ["handled", "handled"]


async def test_an_unknown_command_points_to_help(bot: Bot) -> None:
    assert "/help" in (await bot.command("frobnicate")).text


async def test_a_founder_sees_that_somebody_looks_it_up_but_not_for_a_command(bot: Bot) -> None:
    await bot.command("help")
    assert bot.channel.typed == []
    bot.knowledge.delay = 0.1
    await bot.say("How much is the rent?")
    assert bot.channel.typed == ["ann"]
