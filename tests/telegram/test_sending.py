"""Replies on their way to Telegram: shown as meant, and every refusal has its own name."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.channels.base import (
    PRESS,
    ChatBlocked,
    DeliveryError,
    DeliveryRefused,
    NetworkTrouble,
    RetryLater,
)
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from handlers.messages import Attachment, Button, Reply, Source
from tests.telegram_api import TOKEN, TelegramApi

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
YES = ((Button(label="Yes", payload="v1:yes"),),)


async def test_a_founder_sees_text_notes_sources_and_buttons(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    source = Source(number=1, title="Guide <1>", section="Rent", link="https://x.example/a?b=1&c=2")
    reply = Reply(text="A < B & C [1]", notes=("Sample.",), sources=(source,), buttons=YES)
    result = await channel.send("7", reply)
    [sent] = api.messages(7)
    assert sent.text == "A < B & C [1]\n\nSample.\n\n[1] Guide <1> · Rent"
    assert sent.buttons() == [{"text": "Yes", "callback_data": "v1:yes"}]
    assert sent.entities[1]["url"] == "https://x.example/a?b=1&c=2"
    assert result.external_ids == (str(sent.message_id),)
    assert api.calls("sendMessage")[0].params["link_preview_options"] == '{"is_disabled": true}'


async def test_a_long_reply_comes_in_parts_with_buttons_under_the_last(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    result = await channel.send("7", Reply(text="Eine Zeile.\n" * 700, buttons=YES))
    sent = api.messages(7)
    assert len(sent) == len(result.external_ids) == 3
    assert [bool(message.buttons()) for message in sent] == [False, False, True]
    assert result.external_id == str(sent[-1].message_id)


async def test_a_reply_that_broke_off_goes_on_where_it_stopped(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    reply = Reply(text="Eine Zeile.\n" * 700)
    api.configure(rate=2)
    with pytest.raises(RetryLater) as caught:
        await channel.send("7", reply)
    assert (caught.value.parts_sent, caught.value.seconds) == (2, 1)
    api.configure(rate=None)
    api.fail("sendMessage", status=500)
    with pytest.raises(NetworkTrouble) as trouble:
        await channel.send("7", reply, skip=2)
    assert trouble.value.parts_sent == 2
    result = await channel.send("7", reply, skip=2)
    assert len(result.external_ids) == 1
    assert "".join(api.texts(7)).count("Zeile") == 700


async def test_files_follow_the_text_and_carry_the_buttons(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    file = Attachment(name="我的数据.json", media_type="application/json", content=b"{}")
    result = await channel.send("7", Reply(text="Here it is.", attachments=(file,), buttons=YES))
    text, document = api.messages(7)
    assert (text.text, text.markup) == ("Here it is.", None)
    assert document.document is not None
    assert document.document["file_name"] == "我的数据.json"
    assert api.state.files[document.document["path"]] == b"{}"
    assert document.buttons()
    assert len(result.external_ids) == 2


async def test_markup_that_is_refused_is_sent_once_more_as_plain_text(
    api: TelegramApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram_render.Run.markup", lambda run: "<h1>" + run.text)
    await channel.send("7", Reply(text="2 < 3", buttons=YES))
    [sent] = api.messages(7)
    assert (sent.text, bool(sent.buttons())) == ("2 < 3", True)
    assert [call.status for call in api.calls("sendMessage")] == [400, 200]


async def test_an_edit_replaces_the_message_and_its_buttons(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    first = await channel.send("7", Reply(text="Sure?", buttons=YES))
    edit = Reply(text="Done.", edits=first.external_id)
    assert await channel.send("7", edit) == first
    assert (api.texts(7), api.messages(7)[0].markup) == (["Done."], None)
    assert await channel.send("7", edit) == first
    assert api.messages(7)[0].edits == 1


async def test_an_edit_without_text_changes_only_the_buttons(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    first = await channel.send("7", Reply(text="Helpful?", buttons=YES))
    for _ in range(2):
        assert await channel.send("7", Reply(text="", edits=first.external_id)) == first
    [sent] = api.messages(7)
    assert (sent.text, sent.buttons()) == ("Helpful?", [])


@pytest.mark.parametrize("edits", ["999", "not-a-number"])
async def test_an_edit_of_a_message_that_is_gone_becomes_a_new_message(
    api: TelegramApi, channel: TelegramChannel, edits: str
) -> None:
    await channel.send("7", Reply(text="Done.", edits=edits))
    assert api.texts(7) == ["Done."]
    await channel.send("7", Reply(text="", edits=edits))
    assert api.texts(7) == ["Done."]


async def test_a_press_is_answered_together_with_the_reply(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    await channel.send("7", Reply(text="Helpful?", buttons=YES))
    press = await api.press(7, "Yes")
    await channel.send("7", Reply(text="Thanks!", toast="x" * 300, extra={PRESS: press}))
    assert [len(answer["text"]) for answer in api.state.callbacks[press].answers] == [200]
    assert api.texts(7)[-1] == "Thanks!"


async def test_a_reply_that_only_answers_a_press_sends_nothing(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    await channel.send("7", Reply(text="Helpful?", buttons=YES))
    press = await api.press(7, "Yes")
    reply = Reply(text="", extra={PRESS: press})
    assert (await channel.send("7", reply)).external_ids == ()
    assert api.state.callbacks[press].answers == [{}]
    assert (await channel.send("7", reply)).external_ids == ()
    api.fail("answerCallbackQuery", status=500)
    with pytest.raises(NetworkTrouble):
        await channel.send("7", reply)


async def test_a_stale_press_does_not_keep_the_reply_back(api: TelegramApi, channel: TelegramChannel) -> None:
    await channel.send("7", Reply(text="Still here.", extra={PRESS: "123"}))
    api.fail("answerCallbackQuery", status=500)
    await channel.send("7", Reply(text="And here.", extra={PRESS: "123"}))
    assert api.texts(7) == ["Still here.", "And here."]


async def test_a_press_of_a_retried_reply_is_answered_only_once(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    await channel.send("7", Reply(text="a\n" * 3000, extra={PRESS: "1"}), skip=1)
    assert api.calls("answerCallbackQuery") == []


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ({"status": 429, "retry_after": 7}, RetryLater, "retry_later"),
        ({"status": 403}, ChatBlocked, "blocked"),
        ({"status": 500}, NetworkTrouble, "network"),
        ({"kind": "garbage"}, NetworkTrouble, "network"),
        ({"kind": "garbage", "status": 200}, NetworkTrouble, "telegramerror"),
        ({"kind": "drop_before"}, NetworkTrouble, "network"),
        ({"kind": "drop_after"}, NetworkTrouble, "network"),
        ({"status": 401}, NetworkTrouble, "token_refused"),
        ({"status": 400}, DeliveryRefused, "bad_request"),
    ],
)
async def test_every_refusal_has_its_own_name(
    api: TelegramApi, channel: TelegramChannel, fault: dict[str, object], error: type, code: str
) -> None:
    api.fail("sendMessage", **fault)
    with pytest.raises(error) as caught:
        await channel.send("7", Reply(text="hello"))
    assert isinstance(caught.value, DeliveryError)
    assert caught.value.code == code
    assert caught.value.__suppress_context__
    if isinstance(caught.value, RetryLater):
        assert caught.value.seconds == 7


async def test_a_chat_that_blocked_or_does_not_exist_is_nobody(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    await api.block(7)
    for chat in ("7", "99"):
        with pytest.raises(ChatBlocked):
            await channel.send(chat, Reply(text="hello?"))


async def test_a_server_that_does_not_answer_is_network_trouble(
    api: TelegramApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram_client.READ_SECONDS", 0.1)
    hasty = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
    api.fail("sendMessage", kind="hang", seconds=0.5)
    with pytest.raises(NetworkTrouble) as caught:
        await hasty.send("7", Reply(text="hello"))
    assert caught.value.code == "timed_out"
    await hasty.close()
    nobody = TelegramChannel(TelegramConfig(token=TOKEN, api_url="http://127.0.0.1:9"))
    with pytest.raises(NetworkTrouble):
        await nobody.send("7", Reply(text="hello"))
    await nobody.typing("7")
    await nobody.close()


async def test_the_bot_shows_that_it_is_typing(api: TelegramApi, channel: TelegramChannel) -> None:
    await channel.typing("7")
    assert [call.params["action"] for call in api.calls("sendChatAction")] == ["typing"]


async def test_replies_to_many_chats_overlap(api: TelegramApi, channel: TelegramChannel) -> None:
    api.configure(latency=0.3, rate=None)  # nine seconds one after another
    for user in range(100, 130):
        api.join(user)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(channel.send(str(user), Reply(text="hi")) for user in range(100, 130)))
    assert asyncio.get_running_loop().time() - began < 6
    assert len(api.messages()) == 30


async def test_neither_token_nor_text_is_logged_while_sending(
    api: TelegramApi, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reply = Reply(text="a secret of mine", extra={PRESS: "1"})
    for fault in (
        {"status": 401},
        {"status": 500},
        {"kind": "garbage"},
        {"kind": "drop_after"},
        {"status": 400},
    ):
        api.fail("sendMessage", **fault)
        with pytest.raises(DeliveryError) as caught:
            await channel.send("7", reply)
        logging.getLogger("test").error("as delivery would", exc_info=caught.value)
    await channel.send("7", reply)
    assert caplog.records
    for word in (TOKEN, "secret of mine"):
        assert word not in caplog.text
