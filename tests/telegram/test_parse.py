"""What people send becomes one of our messages, nothing at all, or a clear UnreadableUpdate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import Reachability, UnreadableUpdate
from bot.channels.telegram_parse import chat_of, parse, raw_update
from handlers.messages import IncomingMessage
from tests.telegram_api import TelegramApi

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
BOT_ID, USERNAME = 123456789, "founder_test_bot"
GROUP = -100200300


@pytest.fixture
async def people() -> TelegramApi:
    api = TelegramApi()
    api.join(7, "Li Wei", username="liwei", language="zh-hans")
    api.group(GROUP)
    return api


def said(people: TelegramApi) -> IncomingMessage | Reachability | None:
    row = raw_update(people.state.updates[-1])
    assert row is not None
    found = parse(row.payload, BOT_ID, USERNAME)
    assert found is None or found.chat == row.chat
    return found


def newest(people: TelegramApi) -> IncomingMessage | None:
    message = said(people)
    assert not isinstance(message, Reachability)
    return message


async def test_a_text_keeps_every_character(people: TelegramApi) -> None:
    text = "  <b>Rent?</b> *how much* \u200fשלום \u202eabc 👩‍💻 \t\n多少 &amp; "
    await people.say(7, text)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.text, message.chat, message.sender) == ("text", text, "7", "7")
    assert (message.channel, message.sender_name, message.username) == ("telegram", "Li Wei", "liwei")
    assert message.language_hint == "zh-hans"
    assert message.received_at.tzinfo is not None
    assert datetime.now(UTC) - message.received_at < timedelta(seconds=5)


async def test_half_surrogates_and_nul_become_a_sign_that_databases_store(people: TelegramApi) -> None:
    await people.say(7, "a\ud83db\0c")
    message = newest(people)
    assert message is not None
    assert message.text == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("text", "command", "arguments"),
    [
        ("/start", "start", ""),
        ("/Help", "help", ""),
        ("/ask@founder_test_bot How much is a desk?", "ask", "How much is a desk?"),
        ("/ask\nline one\nline two ", "ask", "line one\nline two"),
    ],
)
async def test_commands_are_taken_apart(people: TelegramApi, text: str, command: str, arguments: str) -> None:
    await people.say(7, text)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.command, message.arguments) == ("command", command, arguments)
    assert message.text == text


@pytest.mark.parametrize("text", ["/", "/home/founder/plan.txt", "/ what", "a /start", "/über"])
async def test_a_slash_alone_makes_no_command(people: TelegramApi, text: str) -> None:
    await people.say(7, text)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.text) == ("text", text)


async def test_a_press_carries_its_payload_and_its_message(people: TelegramApi) -> None:
    await people.methods.sendMessage(
        {
            "chat_id": 7,
            "text": "helpful?",
            "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "v1:helpful:42"}]]},
        }
    )
    press = await people.press(7, "Yes")
    message = newest(people)
    assert message is not None
    assert (message.kind, message.button, message.text) == ("button", "v1:helpful:42", "")
    assert (message.external_id, message.button_message) == (press, "1")


async def test_a_press_under_a_message_that_is_gone_still_arrives(people: TelegramApi) -> None:
    await people.press(7, data="v0:old", forged=True)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.button, message.chat) == ("button", "v0:old", "7")


async def test_an_edit_names_the_message_it_changes(people: TelegramApi) -> None:
    await people.say(7, "How much?")
    await people.edit(7, 1, "How much is a desk?")
    message = newest(people)
    assert message is not None
    assert (message.kind, message.external_id, message.text) == ("edited", "1", "How much is a desk?")


@pytest.mark.parametrize(
    "kind", ["sticker", "photo", "voice", "audio", "video", "location", "contact", "dice"]
)
async def test_things_the_bot_cannot_read_are_named(people: TelegramApi, kind: str) -> None:
    await people.send(7, kind)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.unsupported) == ("unsupported", kind)


async def test_a_caption_and_a_thing_of_a_newer_telegram_are_kept(people: TelegramApi) -> None:
    await people.send(7, "photo", caption="what is this?")
    message = newest(people)
    assert message is not None
    assert (message.text, message.attachments[0].reference) == ("what is this?", "PHOTO1")
    await people.send(7, "hologram", hologram={"depth": 3})
    message = newest(people)
    assert message is not None
    assert (message.kind, message.unsupported) == ("unsupported", "message")


async def test_a_file_is_a_reference_and_not_its_content(people: TelegramApi) -> None:
    await people.send_file(7, "计划.pdf", b"%PDF", "application/pdf")
    message = newest(people)
    assert message is not None
    [file] = message.attachments
    assert (message.kind, file.name, file.media_type, file.size) == ("file", "计划.pdf", "application/pdf", 4)
    assert file.reference is not None
    assert file.content is None


async def test_group_chatter_and_channel_posts_are_left_alone(people: TelegramApi) -> None:
    await people.say(7, "who brings cake?", chat=GROUP)
    assert newest(people) is None
    await people.say(7, "/start@another_bot", chat=GROUP)
    assert newest(people) is None
    await people.say(7, "@founder_test_bot2 hi", chat=GROUP)
    assert newest(people) is None
    people.group(-5, "News", kind="channel")
    await people.channel_post(-5, "news")
    assert newest(people) is None


@pytest.mark.parametrize("text", ["/ask@founder_test_bot rent?", "hey @Founder_Test_Bot, rent?"])
async def test_somebody_in_a_group_who_means_the_bot_is_sent_to_the_private_chat(
    people: TelegramApi, text: str
) -> None:
    await people.say(7, text, chat=GROUP)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.unsupported, message.chat) == ("unsupported", "group", str(GROUP))


async def test_a_reply_to_the_bot_in_a_group_counts_as_addressing_it(people: TelegramApi) -> None:
    await people.say(7, "and on Sundays?", chat=GROUP, reply_to=3)
    message = newest(people)
    assert message is not None
    assert (message.unsupported, message.reply_to) == ("group", "3")


async def test_another_bot_in_a_group_is_never_answered(people: TelegramApi) -> None:
    people.state.users[8] = {"id": 8, "is_bot": True, "first_name": "Other bot"}
    await people.say(8, "hey @founder_test_bot", chat=GROUP)
    assert newest(people) is None


async def test_blocking_and_unblocking_are_noted_and_not_answered(people: TelegramApi) -> None:
    await people.block(7)
    blocked = said(people)
    assert isinstance(blocked, Reachability)
    assert blocked.blocked_at is not None
    assert datetime.now(UTC) - blocked.blocked_at < timedelta(seconds=5)
    await people.unblock(7)
    assert said(people) == Reachability(chat="7", blocked_at=None)


async def test_whoever_adds_the_bot_to_a_group_is_sent_to_the_private_chat(people: TelegramApi) -> None:
    await people.invite(7, GROUP)
    message = newest(people)
    assert message is not None
    assert (message.kind, message.unsupported, message.sender) == ("unsupported", "group", "7")


@pytest.mark.parametrize("after", ["administrator", "restricted"])
async def test_a_group_that_has_the_bot_is_not_greeted_again(people: TelegramApi, after: str) -> None:
    await people.invite(7, GROUP, before="member", after=after)
    assert said(people) == Reachability(chat=str(GROUP), blocked_at=None)


async def test_a_group_that_removes_the_bot_is_left_in_peace(people: TelegramApi) -> None:
    await people.remove(7, GROUP)
    left = said(people)
    assert isinstance(left, Reachability)
    assert left.blocked_at is not None


async def test_channels_and_bots_that_add_the_bot_are_not_greeted(people: TelegramApi) -> None:
    people.group(-5, "News", kind="channel")
    await people.invite(7, -5, after="administrator")
    assert said(people) == Reachability(chat="-5", blocked_at=None)
    people.state.users[8] = {"id": 8, "is_bot": True, "first_name": "Other bot"}
    await people.invite(8, GROUP)
    assert said(people) == Reachability(chat=str(GROUP), blocked_at=None)


async def test_service_messages_need_no_answer(people: TelegramApi) -> None:
    await people.send(7, "auto_delete", message_auto_delete_timer_changed={"message_auto_delete_time": 86400})
    assert newest(people) is None


CHAT = {"id": 7, "type": "private"}
SENDER = {"id": 7, "is_bot": False, "first_name": "A"}


@pytest.mark.parametrize(
    "content",
    [
        {"message": {"chat": CHAT, "from": SENDER, "text": "no date"}},
        {"message": {"message_id": 1, "date": 1, "chat": CHAT, "from": SENDER, "text": 5}},
        {"message": {"message_id": 1, "date": "x", "chat": CHAT, "from": SENDER, "text": "a"}},
        {
            "message": {
                "message_id": 1,
                "date": 1,
                "chat": {"id": "7", "type": "private"},
                "from": SENDER,
                "text": "a",
            }
        },
        {"message": "text"},
        {"message": ["text"]},
        {"callback_query": {"id": "1"}},
        {"callback_query": {"id": "1", "from": SENDER, "chat_instance": "1", "data": 7}},
    ],
)
def test_an_update_that_cannot_be_read_says_so(content: dict[str, Any]) -> None:
    with pytest.raises(UnreadableUpdate, match=r"^telegram_") as caught:
        parse(json.dumps({"update_id": 1, **content}), BOT_ID)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", "7", '"x"', "{}", '{"update_id": true}'])
def test_a_payload_that_is_no_update_says_so(payload: str) -> None:
    with pytest.raises(UnreadableUpdate):
        parse(payload, BOT_ID)


def test_an_update_of_a_kind_nobody_knows_needs_no_answer() -> None:
    assert parse('{"update_id": 1, "telepathy": {"from": {"id": 7}}}', BOT_ID) is None
    assert parse('{"update_id": 1}', BOT_ID) is None


def test_an_id_the_database_cannot_hold_makes_no_row() -> None:
    for number in (None, "1", True, -1, 2**63, 1.5):
        assert raw_update({"update_id": number}) is None
    assert raw_update(["update_id"]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "callback_query",
                    "chat",
                    "from",
                    "id",
                    "type",
                    "text",
                    "date",
                    "data",
                    "message_id",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["message", "edited_message", "callback_query", "poll"]), JSON))
def test_no_update_whatever_makes_the_parser_fail_otherwise(content: dict[str, Any]) -> None:
    update = {"update_id": 1, **content}
    assert isinstance(chat_of(update), str)
    try:
        message = parse(json.dumps(update), BOT_ID)
    except UnreadableUpdate:
        return
    assert message is None or message.chat
