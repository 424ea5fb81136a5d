"""The webhook: stores before it says yes, refuses strangers, and asks for a repeat when it cannot store."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from bot.channels.base import UnreadableUpdate
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig, TelegramSetupError
from tests.telegram.conftest import SECRET, FakeInbox, running
from tests.telegram_api import TOKEN, TelegramApi

HEADER = "X-Telegram-Bot-Api-Secret-Token"


async def post(url: str, body: bytes, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {HEADER: secret}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status


async def webhook_set(api: TelegramApi) -> str:
    await api.state.wait_for(lambda: api.state.webhook is not None, 5)
    assert api.state.webhook is not None
    return api.state.webhook.url


async def test_a_message_arrives_through_the_webhook(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox
) -> None:
    await api.say(7, "waited before the start")
    async with running(webhook_channel, inbox):
        await api.say(7, "came later")
        rows = await inbox.wait_for(2)
        await api.wait_until_read()
    texts = [m.text for row in rows if (m := webhook_channel.parse(row.payload))]
    assert texts == ["waited before the start", "came later"]
    assert api.state.webhook is not None
    assert api.state.webhook.secret == SECRET
    assert api.state.allowed_updates == ["message", "edited_message", "callback_query", "my_chat_member"]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "é"])
async def test_a_wrong_secret_is_refused_and_nothing_is_stored(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox, secret: str | None
) -> None:
    async with running(webhook_channel, inbox):
        url = await webhook_set(api)
        assert await post(url, b'{"update_id": 1}', secret) == 403
        assert await post(url, b'{"update_id": 2}') == 200
    assert list(inbox.rows) == [2]


async def test_strangers_who_knock_cannot_fill_the_log(
    api: TelegramApi,
    webhook_channel: TelegramChannel,
    inbox: FakeInbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(webhook_channel, inbox):
        url = await webhook_set(api)
        assert [await post(url, b"{}", "wrong") for _ in range(5)] == [403] * 5
    assert caplog.text.count("BOT_TELEGRAM_WEBHOOK_SECRET") == 1


async def test_telegram_repeats_what_could_not_be_stored(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox
) -> None:
    inbox.failures = 2
    async with running(webhook_channel, inbox):
        number = await api.say(7, "hello")
        await inbox.wait_for(1)
        await api.wait_until_read()
    assert api.courier.attempts == [(number, 503), (number, 503), (number, 200)]


async def test_a_body_that_is_no_update_is_kept_and_does_not_block_the_queue(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox
) -> None:
    async with running(webhook_channel, inbox):
        url = await webhook_set(api)
        for body in (b"{broken", b"\xff\xfe\x00", b"[]", b'{"update_id": "x"}', b"[" * 100_000):
            assert await post(url, body) == 200
        await api.malformed(7)
        await api.say(7, "still there?")
        rows = await inbox.wait_for(7)
    for row in rows[:-1]:
        with pytest.raises(UnreadableUpdate):
            webhook_channel.parse(row.payload)
    last = webhook_channel.parse(rows[-1].payload)
    assert last is not None
    assert last.text == "still there?"
    assert len({row.update_id for row in rows}) == 7
    assert all("\0" not in row.payload for row in rows)


async def test_a_body_above_a_megabyte_is_refused(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox
) -> None:
    async def endless() -> object:
        for _ in range(40):
            yield b"x" * 65536

    async with running(webhook_channel, inbox):
        url = await webhook_set(api)
        assert await post(url, b"x" * (1024 * 1024 + 1)) == 413
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=endless(), headers={HEADER: SECRET}) as answer:
                assert answer.status == 413
            async with session.get(url) as answer:
                assert answer.status == 405
            async with session.post(url + "/elsewhere", headers={HEADER: SECRET}) as answer:
                assert answer.status == 404
    assert inbox.rows == {}


async def test_concurrent_calls_share_a_commit(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox
) -> None:
    inbox.seconds = 0.05
    async with running(webhook_channel, inbox):
        url = await webhook_set(api)
        bodies = [json.dumps({"update_id": n}).encode() for n in range(30)]
        assert await asyncio.gather(*(post(url, body) for body in bodies)) == [200] * 30
    assert sum(inbox.batches) == 30
    assert len(inbox.batches) < 10


async def test_a_taken_port_and_a_refused_address_name_their_settings(
    api: TelegramApi, webhook_channel: TelegramChannel, inbox: FakeInbox
) -> None:
    taken = f"127.0.0.1:{api.port}"
    for listen, url, name in (
        (taken, "http://127.0.0.1/hook", "BOT_TELEGRAM_WEBHOOK_LISTEN"),
        ("127.0.0.1:0", "http://example.org/hook", "BOT_TELEGRAM_WEBHOOK_URL"),
    ):
        made = TelegramChannel(
            TelegramConfig(
                token=TOKEN, api_url=api.url, webhook_url=url, webhook_secret=SECRET, webhook_listen=listen
            )
        )
        with pytest.raises(TelegramSetupError, match=name):
            await asyncio.wait_for(made.run(inbox, asyncio.Event()), 5)
        await made.close()
