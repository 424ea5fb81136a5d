"""Polling: what is stored is acknowledged, what is not comes again, and trouble passes."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from bot.channels.base import UnreadableUpdate
from bot.channels.telegram import TelegramChannel, check_token
from bot.channels.telegram_client import TelegramConfig, TelegramSetupError
from tests.telegram.conftest import FakeInbox, running
from tests.telegram_api import TOKEN, TelegramApi

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


async def test_a_message_reaches_the_inbox_and_is_then_acknowledged(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    async with running(channel, inbox):
        number = await api.say(7, "你好")
        [row] = await inbox.wait_for(1)
        await api.wait_until_read()
    assert (row.update_id, row.chat) == (number, "7")
    message = channel.parse(row.payload)
    assert message is not None
    assert (message.text, message.sender_name, message.language_hint) == ("你好", "Li Wei", "zh-hans")


async def test_messages_that_waited_while_the_bot_was_away_come_in_order(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    for number in range(250):
        await api.say(7, str(number))
    async with running(channel, inbox):
        rows = await inbox.wait_for(250)
        await api.wait_until_read()
    texts = [message.text for row in rows if (message := channel.parse(row.payload))]
    assert texts == [str(number) for number in range(250)]
    assert max(inbox.batches) == 100


async def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    inbox.failures = 2
    await api.say(7, "hello")
    async with running(channel, inbox):
        await asyncio.sleep(0.1)
        assert len(api.state.updates) == 1
        await inbox.wait_for(1)
        await api.wait_until_read()
    assert inbox.batches == [1]


async def test_an_update_that_cannot_be_parsed_harms_nobody_else(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    await api.malformed(7)
    await api.state.push_raw({"message": "not even an object"})
    await api.say(8, "and I?")
    async with running(channel, inbox):
        rows = await inbox.wait_for(3)
        await api.say(8, "again")
        rows = await inbox.wait_for(4)
        await api.wait_until_read()
    assert [row.chat for row in rows] == ["7", "", "8", "8"]
    for row in rows[:2]:
        with pytest.raises(UnreadableUpdate, match="telegram_"):
            channel.parse(row.payload)
    assert [m.text for row in rows[2:] if (m := channel.parse(row.payload))] == ["and I?", "again"]


async def test_an_update_without_an_id_is_passed_over_in_polling(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    api.state.updates.append({"update_id": "x"})
    api.state.acknowledge = lambda offset: None  # type: ignore[method-assign]
    await api.say(7, "hello")
    async with running(channel, inbox):
        assert len(await inbox.wait_for(1)) == 1
    assert "without an id" in caplog.text


async def test_new_ids_that_start_lower_are_not_lost(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    api.configure(long_poll_max=0.05)
    async with running(channel, inbox):
        await api.say(7, "before the holidays")
        await inbox.wait_for(1)
        polls = len(api.calls("getUpdates"))
        await api.state.wait_for(lambda: len(api.calls("getUpdates")) >= polls + 3, 5)
        await api.state.push_raw({"update_id": 5, "message": {"message_id": 9}})
        assert [row.update_id for row in await inbox.wait_for(2)][1] == 5
    offsets = [int(call.params.get("offset", 0)) for call in api.calls("getUpdates")]
    # An old offset would make Telegram drop the new, lower ids.
    assert offsets[1] > 1000
    assert offsets[polls + 1] == 0


async def test_a_wrong_token_ends_the_channel_and_names_the_setting(
    api: TelegramApi, inbox: FakeInbox
) -> None:
    config = TelegramConfig(token="123456789:some-other-token-0000000000000", api_url=api.url)
    wrong = TelegramChannel(config)
    with pytest.raises(TelegramSetupError, match="BOT_TELEGRAM_TOKEN") as caught:
        await asyncio.wait_for(wrong.run(inbox, asyncio.Event()), 5)
    await wrong.close()
    assert "some-other-token" not in str(caught.value)
    with pytest.raises(TelegramSetupError, match="BOT_TELEGRAM_TOKEN"):
        await check_token(config)
    me = await check_token(TelegramConfig(token=TOKEN, api_url=api.url))
    assert me.username == "founder_test_bot"


async def test_a_token_revoked_while_polling_ends_the_channel(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    api.fail("getUpdates", status=401)
    with pytest.raises(TelegramSetupError, match="BOT_TELEGRAM_TOKEN"):
        await asyncio.wait_for(channel.run(inbox, asyncio.Event()), 5)


async def test_a_second_process_is_named_and_polling_goes_on_when_it_stops(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail("getUpdates", status=409)
    async with running(channel, inbox):
        await api.state.wait_for(lambda: bool(api.calls("getUpdates")), 5)
        await api.say(7, "hello")
        await inbox.wait_for(1)
    assert "another process polls this bot" in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500, "times": 2},
        {"kind": "garbage", "status": 502},
        {"kind": "garbage", "status": 200},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
    ],
)
async def test_trouble_at_telegram_passes_and_nothing_is_lost(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, fault: dict[str, object]
) -> None:
    await api.say(7, "hello")
    api.fail("getUpdates", **fault)
    api.fail("getMe", **fault)
    api.fail("deleteWebhook", **fault)
    async with running(channel, inbox):
        await inbox.wait_for(1)
        await api.wait_until_read()
    assert len(inbox.rows) == 1


async def test_polling_waits_as_long_as_a_429_asks(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    await api.say(7, "hello")
    api.fail("getUpdates", status=429, retry_after=1)
    async with running(channel, inbox):
        await inbox.wait_for(1)
    first, second = api.calls("getUpdates")[:2]
    assert second.at - first.at >= 1.0


async def test_polling_removes_a_webhook_but_keeps_what_waits(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    await api.methods.setWebhook({"url": "http://127.0.0.1:9/gone"})
    await api.say(7, "sent while the webhook was set")
    async with running(channel, inbox):
        await inbox.wait_for(1)
    assert api.state.webhook is None


async def test_a_stop_ends_a_long_poll_at_once(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    async with running(channel, inbox) as task:
        await api.state.wait_for(lambda: bool(api.calls("getUpdates")), 5)
        began = time.monotonic()
    assert task.done()
    # A poll nobody ends lasts 25 seconds.
    assert time.monotonic() - began < 10


async def test_the_command_menu_is_set_for_every_language(api: TelegramApi, inbox: FakeInbox) -> None:
    hints = {"zh": {"start": "开始", "help": "帮助"}, "en": {"start": "Start", "help": "Help"}}
    made = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url, commands=hints))
    async with running(made, inbox):
        await api.state.wait_for(lambda: "en" in api.state.commands, 5)
    await made.close()
    assert api.state.commands[""] == api.state.commands["zh"]
    assert api.state.commands["en"][1] == {"command": "help", "description": "Help"}


async def test_neither_token_nor_text_is_ever_logged(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for fault in ({"status": 409}, {"kind": "garbage", "status": 200}, {"kind": "drop_before"}):
        api.fail("getUpdates", **fault)
    api.fail("getMe", kind="garbage")
    await api.say(7, "a secret of mine")
    await api.malformed(7, "another secret of mine")
    async with running(channel, inbox):
        for row in await inbox.wait_for(2):
            try:
                channel.parse(row.payload)
            except UnreadableUpdate:
                logging.getLogger("test").exception("as the dispatcher would")
        await channel.typing("7")
    wrong = TelegramChannel(TelegramConfig(token="123456789:another-token-xyz", api_url=api.url))
    with pytest.raises(TelegramSetupError) as caught:
        await wrong.run(inbox, asyncio.Event())
    logging.getLogger("test").error("as the program would", exc_info=caught.value)
    await wrong.close()
    assert caplog.records
    for word in (TOKEN, "another-token", "secret of mine"):
        assert word not in caplog.text
    assert TOKEN not in repr(channel._config)
