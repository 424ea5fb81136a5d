"""A network that announcements go to, and a sender that works it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.announcing import Announcing, Hooks, Timing
from bot.channels.base import SendResult
from bot.pacer import Pacer
from bot.watching import Watching
from handlers.announce.steering import By, confirm
from handlers.messages import Reply
from storage.announcement_records import NewAnnouncement
from tests.announcing.desk import EN, ZH
from tests.conversation.fakes import PROGRAM, Bot, RecordingChannel

REPLIES = (
    {"id": "r1", "labels": {"zh": "参加", "en": "I will come"}},
    {"id": "r2", "labels": {"zh": "不参加", "en": "I cannot come"}},
)


@dataclass
class Broadcast(RecordingChannel):
    """A network that announcements go to; until `held` is set one is under way and the others wait."""

    held: asyncio.Event | None = None
    asked: bool = False
    under_way: int = 0

    def __post_init__(self) -> None:
        self.pacer = Pacer(1000)
        self.announced: list[tuple[str, Reply]] = []

    async def announce(self, chat: str, reply: Reply, permit: Any) -> SendResult | None:
        first, self.asked = not self.asked, True
        if self.held is not None and not first:
            await self.held.wait()
        if not await permit():
            return None
        self.under_way += 1
        if self.held is not None:
            await self.held.wait()
        self.announced.append((chat, reply))
        return SendResult(external_ids=(f"a{len(self.announced)}",))

    async def revise(self, chat: str, ids: Any, reply: Reply | None) -> bool:
        return True


def network(bot: Bot) -> Broadcast:
    assert isinstance(bot.channel, Broadcast)
    return bot.channel


@asynccontextmanager
async def sending(bot: Bot) -> AsyncIterator[None]:
    """Let the sender run while the block does."""
    services = bot.dispatcher._turns._services
    watching = Watching(services, bot.channel)
    hooks = Hooks(watch=watching.watch, finished=watching.finished)
    announcing = Announcing(
        services,
        network(bot),
        bot.delivery.worker,
        hooks=hooks,
        timing=Timing(lease=2.0, look_again=0.02, watch_every=0.05),
    )
    stop = asyncio.Event()
    task = asyncio.create_task(announcing.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def announced(bot: Bot, **changes: Any) -> int:
    """Confirm an announcement; returns its number."""
    values: dict[str, Any] = {"texts": {"zh": ZH, "en": EN}, "topic": "events", "replies": REPLIES}
    async with bot.database.unit_of_work() as work:
        record = await work.announcements.create(NewAnnouncement(**(values | changes)))
        assert await confirm(work, record, By(name="Jie"), PROGRAM)
    return record.id


async def delivered(bot: Bot, **changes: Any) -> int:
    """Announce and wait until everybody has it."""
    async with sending(bot):
        number = await announced(bot, **changes)
        await until_finished(bot, number)
    return number


async def until_finished(bot: Bot, number: int, status: str = "finished") -> None:
    async with asyncio.timeout(10):
        while True:
            async with bot.database.unit_of_work(read_only=True) as work:
                record = await work.announcements.get(number)
            assert record is not None
            if record.status == status:
                return
            await asyncio.sleep(0.02)


async def ledger(bot: Bot, number: int) -> dict[str, int]:
    async with bot.database.unit_of_work(read_only=True) as work:
        return {str(key): n for key, n in (await work.recipients.progress(number)).items()}


async def press(bot: Bot, chat: str, button: str, hint: str = "en") -> list[Reply]:
    return await bot.send(chat, kind="button", button=button, button_message="a1", language_hint=hint)
