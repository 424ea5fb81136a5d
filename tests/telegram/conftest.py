"""A running emulator, a channel that talks to it, and an inbox that only remembers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.channels.base import RawUpdate
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from tests.telegram_api import TOKEN, TelegramApi

SECRET = "a-secret_for-tests"


class StoreFailed(Exception):
    """Stands for the database being away."""


@dataclass
class FakeInbox:
    """Remembers each update once, as the real one does; `failures` commits fail first."""

    rows: dict[int, RawUpdate] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    failures: int = 0
    seconds: float = 0.0
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def accept(self, updates: Sequence[RawUpdate]) -> None:
        await asyncio.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            raise StoreFailed("the database is away")
        self.batches.append(len(updates))
        for update in updates:
            self.rows.setdefault(update.update_id, update)
        async with self.arrived:
            self.arrived.notify_all()

    async def settled(self, chat: str) -> None:
        return

    async def wait_for(self, count: int) -> list[RawUpdate]:
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.rows) >= count), 5)
        return list(self.rows.values())


@pytest.fixture
async def api() -> AsyncIterator[TelegramApi]:
    async with TelegramApi() as running:
        running.join(7, "Li Wei", username="liwei", language="zh-hans")
        yield running


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
async def channel(api: TelegramApi) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
    yield made
    await made.close()


@pytest.fixture
async def webhook_channel(api: TelegramApi) -> AsyncIterator[TelegramChannel]:
    address = f"127.0.0.1:{free_port()}"
    made = TelegramChannel(
        TelegramConfig(
            token=TOKEN,
            api_url=api.url,
            webhook_url=f"http://{address}/telegram/hook",
            webhook_secret=SECRET,
            webhook_listen=address,
        )
    )
    yield made
    await made.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def running(channel: TelegramChannel, inbox: FakeInbox) -> AsyncIterator[asyncio.Task[None]]:
    """Run a channel until the block ends, and stop it the way the program does."""
    stop = asyncio.Event()
    task = asyncio.create_task(channel.run(inbox, stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 3)
