"""Who blocks the bot is known at once, by polling and by webhook, and groups keep what is private private."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.channels.telegram import TelegramChannel
from handlers.texts import Texts
from storage.announcement_records import Audience
from storage.database import Database
from tests.conversation.fakes import Bot, rows
from tests.telegram_api import TelegramApi

LI, GROUP = 7, -100200300
EN = Texts("en")


@dataclass
class Network:
    """The bot at work in Telegram."""

    api: TelegramApi
    bot: Bot

    async def settled(self, chat: int) -> None:
        await self.api.wait_until_read()
        await self.bot.dispatcher.settled("telegram", str(chat))

    async def says(self, text: str, chat: int | None = None) -> None:
        await self.api.say(LI, text, chat)
        await self.settled(LI if chat is None else chat)

    async def blocked_at(self, chat: int) -> object:
        return next(
            row["blocked_at"]
            for row in await rows(self.bot.database, "conversations")
            if row["chat"] == str(chat)
        )

    async def reached(self) -> dict[str, int]:
        """What would become of the lines of an announcement to everybody."""
        async with self.bot.database.unit_of_work(read_only=True) as work:
            found = await work.recipients.preview(Audience(), None, ("telegram",))
        return {status: count for (status, _), count in found.items()}


@pytest.fixture(params=["polling", "webhook"])
async def network(
    request: pytest.FixtureRequest,
    api: TelegramApi,
    database: Database,
    channel: TelegramChannel,
    webhook_channel: TelegramChannel,
) -> AsyncIterator[Network]:
    channel = webhook_channel if request.param == "webhook" else channel
    bot = Bot(database, channel=channel)  # type: ignore[arg-type]
    stop = asyncio.Event()
    task = asyncio.create_task(bot.dispatcher.serve(stop))
    try:
        yield Network(api, bot)
    finally:
        stop.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, 10)


async def test_a_block_is_on_record_before_anything_is_sent(network: Network) -> None:
    network.api.join(LI, "Li Wei", language="en")
    await network.says("/start")
    seen = len(network.api.messages(LI))
    assert await network.reached() == {"pending": 1}

    await network.api.block(LI)
    await network.settled(LI)
    assert await network.blocked_at(LI) is not None
    assert await network.reached() == {"blocked": 1}

    await network.api.unblock(LI)
    await network.settled(LI)
    assert await network.blocked_at(LI) is None
    assert await network.reached() == {"pending": 1}
    assert len(network.api.messages(LI)) == seen
    assert {row["status"] for row in await rows(network.bot.database, "outbox")} == {"sent"}


async def test_a_group_is_told_once_and_forgotten_when_it_removes_the_bot(network: Network) -> None:
    network.api.join(LI, "Li Wei", language="en")
    network.api.group(GROUP)
    await network.api.invite(LI, GROUP)
    await network.settled(GROUP)
    assert [sent.text for sent in network.api.messages(GROUP)] == [EN("unsupported.group")]
    await network.api.remove(LI, GROUP)
    await network.settled(GROUP)
    assert await network.blocked_at(GROUP) is not None
    assert len(network.api.messages(GROUP)) == 1
