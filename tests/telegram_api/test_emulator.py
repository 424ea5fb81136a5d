"""The emulator is as strict as Telegram, seen through python-telegram-bot's own Bot."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
import telegram
from aiohttp import web
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from tests.telegram_api import TOKEN, TelegramApi

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="v1:yes")]])


@pytest.fixture
async def api() -> AsyncIterator[TelegramApi]:
    async with TelegramApi() as running:
        running.join(7)
        yield running


@pytest.fixture
async def bot(api: TelegramApi) -> AsyncIterator[Bot]:
    async with make_bot(api) as made:
        yield made


def make_bot(api: TelegramApi, token: str = TOKEN) -> Bot:
    return Bot(token, base_url=f"{api.url}/bot", base_file_url=f"{api.url}/file/bot")


async def test_an_update_comes_again_until_a_higher_offset_acknowledges_it(
    api: TelegramApi, bot: Bot
) -> None:
    first = await api.say(7, "one")
    await api.say(7, "two")
    assert [u.message.text for u in await bot.get_updates()] == ["one", "two"]
    assert [u.message.text for u in await bot.get_updates()] == ["one", "two"]
    assert [u.message.text for u in await bot.get_updates(offset=first + 1)] == ["two"]
    assert await bot.get_updates(offset=first + 2) == ()


async def test_a_long_poll_ends_when_a_message_comes(api: TelegramApi, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.05)
    assert not poll.done()
    await api.say(7, "hello")
    assert [u.message.text for u in await asyncio.wait_for(poll, 1)] == ["hello"]


async def test_a_second_poller_ends_the_first_with_409(api: TelegramApi, bot: Bot) -> None:
    async with make_bot(api) as other:
        poll = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(other.get_updates(timeout=1))
        with pytest.raises(Conflict, match="terminated by other getUpdates"):
            await asyncio.wait_for(poll, 2)
        assert await second == ()


async def test_polling_beside_a_webhook_is_409(api: TelegramApi, bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""
    assert await bot.get_updates() == ()


@pytest.mark.parametrize(
    ("markup", "problem"),
    [
        ("<b>open", "find end tag"),
        ("<h1>no</h1>", "Unsupported start tag"),
        ("a < b", "Unsupported start tag"),
        ("<b><i>x</b></i>", "Unmatched end tag"),
        ("x</b>", "Unexpected end tag"),
    ],
)
async def test_wrong_markup_is_refused(api: TelegramApi, bot: Bot, markup: str, problem: str) -> None:
    with pytest.raises(BadRequest, match="an't parse entities") as caught:
        await bot.send_message(7, markup, parse_mode="HTML")
    assert problem.lower() in str(caught.value).lower()
    assert api.messages(7) == []


async def test_markup_becomes_text_and_entities(api: TelegramApi, bot: Bot) -> None:
    await bot.send_message(
        7, '<b>A &lt; B</b> <a href="https://x.example/?a=1&amp;b=2">link</a>', parse_mode="HTML"
    )
    [sent] = api.messages(7)
    assert sent.text == "A < B link"
    assert sent.entities == [
        {"type": "bold", "offset": 0, "length": 5},
        {"type": "text_link", "offset": 6, "length": 4, "url": "https://x.example/?a=1&b=2"},
    ]
    assert sent.connected is True


async def test_text_is_limited_in_utf16_units_after_markup(api: TelegramApi, bot: Bot) -> None:
    await bot.send_message(7, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    for text in ("x" * 4097, "😀" * 2049):
        with pytest.raises(BadRequest, match="too long"):
            await bot.send_message(7, text)
    with pytest.raises(BadRequest, match="text is empty"):
        await bot.send_message(7, " \n ")


async def test_callback_data_is_limited_to_64_bytes(bot: Bot) -> None:
    too_long = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="问" * 22)]])
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(7, "hello", reply_markup=too_long)


async def test_a_press_gets_one_answer(api: TelegramApi, bot: Bot) -> None:
    await bot.send_message(7, "sure?", reply_markup=BUTTONS)
    await api.press(7, "Yes")
    [update] = await bot.get_updates()
    assert update.callback_query
    assert update.callback_query.data == "v1:yes"
    assert await bot.answer_callback_query(update.callback_query.id, "done")
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await bot.answer_callback_query(update.callback_query.id)
    with pytest.raises(LookupError):
        await api.press(7, "No")


async def test_an_edit_must_change_something(api: TelegramApi, bot: Bot) -> None:
    sent = await bot.send_message(7, "sure?", reply_markup=BUTTONS)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("sure?", 7, sent.message_id, reply_markup=BUTTONS)
    await bot.edit_message_text("done", 7, sent.message_id)
    assert (api.texts(7), api.messages(7)[0].markup) == (["done"], None)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(7, sent.message_id)
    await bot.delete_message(7, sent.message_id)
    with pytest.raises(BadRequest, match="not found"):
        await bot.edit_message_text("again", 7, sent.message_id)


async def test_files_go_both_ways(api: TelegramApi, bot: Bot) -> None:
    await bot.send_document(
        7, b"all about you", filename="data.json", caption="<i>yours</i>", parse_mode="HTML"
    )
    [sent] = api.messages(7)
    assert sent.text == "yours"
    assert sent.document
    assert api.state.files[sent.document["path"]] == b"all about you"
    await api.send_file(7, "plan.txt", b"our plan")
    [update] = await bot.get_updates()
    file = await bot.get_file(update.message.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"our plan"


async def test_wrong_tokens_methods_and_chats_are_refused(api: TelegramApi, bot: Bot) -> None:
    with pytest.raises(InvalidToken):
        await make_bot(api, "123456789:another-token").initialize()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{api.url}/bot{TOKEN}/sendNothing") as answer,
    ):
        assert answer.status == 404
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(8, "who?")
    await api.block(7)
    with pytest.raises(Forbidden, match="blocked"):
        await bot.send_message(7, "hello?")
    await api.unblock(7)
    await bot.send_message(7, "hello again")


async def test_thirty_messages_a_second_and_no_more(api: TelegramApi, bot: Bot) -> None:
    api.configure(rate=3)
    for number in range(3):
        await bot.send_message(7, str(number))
    with pytest.raises(RetryAfter):
        await bot.send_message(7, "one too many")
    await asyncio.sleep(1.01)
    await bot.send_message(7, "now")
    assert len(api.messages(7)) == 4


async def test_faults_come_on_demand_and_pass(api: TelegramApi, bot: Bot) -> None:
    api.fail("sendMessage", status=500)
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await bot.send_message(7, "a")
    api.fail("sendMessage", kind="garbage")
    with pytest.raises(NetworkError):
        await bot.send_message(7, "b")
    api.fail("sendMessage", kind="hang", seconds=0.5)
    with pytest.raises(TimedOut):
        await bot.send_message(7, "late", read_timeout=0.1)
    api.fail("sendMessage", kind="drop_before")
    with pytest.raises(NetworkError):
        await bot.send_message(7, "c")
    assert api.messages(7) == []
    api.fail("sendMessage", kind="drop_after")
    with pytest.raises(NetworkError):
        await bot.send_message(7, "accepted, answer lost")
    assert (api.texts(7), api.messages(7)[0].connected) == (["accepted, answer lost"], None)
    await bot.send_message(7, "fine")
    assert len(api.messages(7)) == 2


async def test_a_webhook_gets_updates_in_order_with_its_secret_until_it_says_yes(
    api: TelegramApi, bot: Bot
) -> None:
    seen: list[tuple[str, str]] = []

    async def hook(request: web.Request) -> web.Response:
        text = (await request.json())["message"]["text"]
        seen.append((text, request.headers["X-Telegram-Bot-Api-Secret-Token"]))
        return web.Response(status=503 if len(seen) == 1 else 200)

    async with served(hook) as url:
        await api.say(7, "one")
        await api.say(7, "two")
        await bot.set_webhook(url, secret_token="s3cret")
        await api.wait_until_read()
        assert seen == [("one", "s3cret"), ("one", "s3cret"), ("two", "s3cret")]
        assert "503" in str((await bot.get_webhook_info()).last_error_message)


async def test_parallel_webhook_deliveries_keep_each_chat_in_order(api: TelegramApi, bot: Bot) -> None:
    api.configure(webhook_connections=8)
    busy: set[int] = set()
    overlaps: list[int] = []
    order: dict[int, list[str]] = {}

    async def hook(request: web.Request) -> web.Response:
        message = (await request.json())["message"]
        chat = message["chat"]["id"]
        assert chat not in busy
        busy.add(chat)
        overlaps.append(len(busy))
        await asyncio.sleep(0.005)
        busy.discard(chat)
        order.setdefault(chat, []).append(message["text"])
        return web.Response()

    async with served(hook) as url:
        await bot.set_webhook(url)
        for number in range(5):
            for user in range(1, 5):
                await api.say(user, str(number))
        await api.wait_until_read()
    assert max(overlaps) > 1
    assert order == {user: ["0", "1", "2", "3", "4"] for user in range(1, 5)}


async def test_an_update_that_lacks_a_field_stops_the_librarys_own_parser(api: TelegramApi, bot: Bot) -> None:
    await api.malformed(7)
    with pytest.raises((TypeError, KeyError, telegram.error.TelegramError)):
        await bot.get_updates()


async def test_another_process_steers_it_over_http(api: TelegramApi, bot: Bot) -> None:
    async with aiohttp.ClientSession() as session:

        async def act(name: str, **params: object) -> dict[str, object]:
            async with session.post(f"{api.url}/control/{name}", json=params) as answer:
                return dict(await answer.json())

        assert (await act("say", user=9, text="/start"))["ok"]
        assert (await act("fail", method="sendMessage", status=429, retry_after=1))["ok"]
        assert not (await act("press", user=9, label="Nothing"))["ok"]
        with pytest.raises(RetryAfter):
            await bot.send_message(9, "hi")
        await bot.send_message(9, "hi")
        async with session.get(f"{api.url}/control/log?chat=9") as answer:
            assert [m["text"] for m in (await answer.json())["result"]] == ["hi"]
        async with session.get(f"{api.url}/control/state") as answer:
            assert (await answer.json())["result"]["waiting"] == 1


@contextlib.asynccontextmanager
async def served(hook: object) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", hook)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()
