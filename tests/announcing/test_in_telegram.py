"""An announcement from the first word to the reply, as the Bot API shows it to staff and founders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.announcing import Announcing, Hooks, Timing
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from bot.files import FileStore
from bot.watching import Watching
from storage.database import Database
from tests.announcing.desk import EN, ZH
from tests.announcing.team import employ
from tests.bot import samples
from tests.conversation.fakes import Bot, Clock, rows, until
from tests.telegram_api import TOKEN, Sent, TelegramApi

JIE, LI, ANN = 1, 11, 12


@dataclass
class Network:
    """Staff and founders in Telegram, each of whom waits for the answer."""

    api: TelegramApi
    bot: Bot

    async def say(self, who: int, text: str) -> list[Sent]:
        return await self._after(who, self.api.say(who, text))

    async def press(self, who: int, label: str) -> list[Sent]:
        return await self._after(who, self.api.press(who, label))

    async def file(self, who: int, name: str, content: bytes) -> list[Sent]:
        return await self._after(who, self.api.send_file(who, name, content, "image/png"))

    async def seen(self, who: int, words: str) -> Sent:
        """Wait until a message with these words is in a chat."""
        async with asyncio.timeout(10):
            while True:
                for sent in reversed(self.api.messages(who)):
                    if words in (sent.text or ""):
                        return sent
                await asyncio.sleep(0.02)

    async def _after(self, who: int, act: object) -> list[Sent]:
        before = len(self.api.messages(who))
        await act  # type: ignore[misc]
        await self.api.wait_until_read()
        await self.bot.dispatcher.settled("telegram", str(who))
        return self.api.messages(who)[before:] or self.api.messages(who)[-1:]


@pytest.fixture
async def network(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Network]:
    clock = Clock()
    database = Database.open(sqlite_url, clock=clock)
    async with TelegramApi() as api:
        for who, name, language in ((JIE, "Chen Jie", "en"), (LI, "Li", "zh"), (ANN, "Ann", "en")):
            api.join(who, name, language=language)
        channel = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
        files = FileStore(tmp_path, [channel])
        bot = Bot(database, channel=channel, clock=clock, files=files)  # type: ignore[arg-type]
        services = bot.dispatcher._turns._services
        watching = Watching(services, channel)
        announcing = Announcing(
            services,
            channel,
            bot.delivery.worker,
            hooks=Hooks(watch=watching.watch, finished=watching.finished),
            timing=Timing(look_again=0.05),
        )
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(bot.dispatcher.serve(stop)),
            asyncio.create_task(announcing.run(stop)),
        ]
        yield Network(api, bot)
        stop.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)
        await channel.close()
    await database.close()


async def test_from_the_first_word_to_the_reply(network: Network) -> None:
    api = network.api
    for who in (LI, ANN):
        await network.say(who, "/start")
    _, code = await employ(network.bot.database, "Chen Jie")
    await network.say(JIE, f"/start staff_{code}")
    await network.say(JIE, "/announce")
    await network.say(JIE, ZH)
    await network.say(JIE, EN)
    await network.press(JIE, "Picture or file")
    await network.file(JIE, "poster.png", samples.png())
    await network.press(JIE, "Reply buttons")
    await network.say(JIE, "参加 / I will come")
    await network.press(JIE, "Topic")
    await network.press(JIE, "⬜ Events")

    shown = await network.press(JIE, "👁 Preview")
    assert [(sent.photo, sent.text) for sent in shown if sent.photo] == [(True, ZH), (True, EN)]

    await network.press(JIE, "➡ Recipients and sending …")
    await network.press(JIE, "✅ Send now to 3")
    last = await network.seen(JIE, "The announcement is out")
    assert "Sent: 3 of 3" in last.text

    for who, text, label in ((LI, ZH, "参加"), (ANN, EN, "I will come")):
        news = await network.seen(who, text)
        assert news.photo
        await network.press(who, label)
        assert f"✓ {label}" in [item["text"] for item in news.buttons()]
    await network.press(ANN, "🔕 No more of this topic")
    await network.seen(ANN, "no more announcements about “Events”")
    await network.press(JIE, "🔄 Refresh")
    report = await network.seen(JIE, "参加 / I will come 2")
    assert "Stopped the topic here: 1" in report.text
    assert [line["status"] for line in await rows(network.bot.database, "recipients")] == ["sent"] * 3

    await network.press(JIE, "🗑 Delete for all")
    await network.press(JIE, "Yes, delete it")
    await until(lambda: all(sent.deleted for sent in api.messages(LI) if sent.text == ZH))
