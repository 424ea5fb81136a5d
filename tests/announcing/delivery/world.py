"""A bot that announces to an emulated Telegram, its database, and short ways to set both up."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.announcing import Announcing, Hooks, Timing
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from bot.sending import Persistence
from bot.workers import new_worker_id
from handlers.program import Program
from handlers.turn import Services
from storage.announcement_records import AnnouncementRecord, NewAnnouncement, RecipientRecord
from storage.database import Database, UnitOfWork
from storage.entries import Sender
from tests.telegram_api import TOKEN, TelegramApi

FIRST = 1001
TEXTS = {"en": "The workshop begins at nine.", "zh": "工作坊九点开始。"}
PROGRAM = Program(
    slug="quarry",
    names={"en": "Quarry Works"},
    languages=("en", "zh"),
    default_language="en",
    timezone=ZoneInfo("Asia/Shanghai"),
    tracks=(),
    contact={"en": "Ring the bell."},
    intro={"en": "A program for stone cutters."},
    examples={"en": ()},
)
QUICK = Timing(look_again=0.05, persistence=Persistence(first_pause=0.05, longest_pause=0.2))


class NoKnowledge:
    """Nothing here asks the documents."""


async def seed(database: Database, count: int, *, first: int = FIRST, language: str = "en") -> list[int]:
    """Make so many founders known; return their chats."""
    chats = list(range(first, first + count))
    for start in range(0, count, 500):
        async with database.unit_of_work() as work:
            for chat in chats[start : start + 500]:
                sender = Sender(
                    channel="telegram", sender=str(chat), chat=str(chat), name="Li", language_hint=language
                )
                await work.founders.identify(sender)
    return chats


async def confirmed(database: Database, **values: Any) -> AnnouncementRecord:
    """Write an announcement and let it be sent, whatever the hour is where the test runs."""
    async with database.unit_of_work() as work:
        draft = await work.announcements.create(NewAnnouncement(**{"texts": TEXTS, "urgent": True, **values}))
        assert await work.announcements.confirm(draft.id, draft.revision)
    return draft


async def ledger(database: Database, announcement_id: int) -> list[RecipientRecord]:
    """All lines of an announcement."""
    async with database.unit_of_work(read_only=True) as work:
        return await work.recipients.page(announcement_id, limit=10_000)


async def counts(database: Database, announcement_id: int) -> dict[str, int]:
    """Lines by status."""
    return dict(Counter(line.status for line in await ledger(database, announcement_id)))


async def status(database: Database, announcement_id: int) -> str:
    async with database.unit_of_work(read_only=True) as work:
        found = await work.announcements.get(announcement_id)
    assert found is not None
    return found.status


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until a plain or asynchronous condition holds."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


@dataclass
class World:
    """One emulator and one database; `announcing` runs a sender on them, several at a time if asked."""

    api: TelegramApi
    database: Database
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    watched: list[AnnouncementRecord] = field(default_factory=list)
    finished: list[AnnouncementRecord] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def channel(self, rate: int = 1000) -> AsyncIterator[TelegramChannel]:
        """A channel to the emulator."""
        made = TelegramChannel(TelegramConfig(token=TOKEN, api_url=self.api.url, rate=rate))
        try:
            yield made
        finally:
            await made.close()

    def services(self, files: Any = None) -> Services:
        return Services(
            database=self.database,
            knowledge=NoKnowledge(),  # type: ignore[arg-type]
            program=PROGRAM,
            clock=self.clock,
            detect=lambda _: "en",
            files=files,
        )

    def sender(
        self, channel: Any, worker: str | None = None, timing: Timing = QUICK, files: Any = None
    ) -> Announcing:
        async def watch(announcement: AnnouncementRecord) -> bool:
            self.watched.append(announcement)
            return True

        async def finish(_: UnitOfWork, announcement: AnnouncementRecord) -> None:
            self.finished.append(announcement)

        return Announcing(
            self.services(files),
            channel,
            worker or new_worker_id(),
            hooks=Hooks(watch=watch, finished=finish),
            timing=timing,
        )

    @contextlib.asynccontextmanager
    async def announcing(self, rate: int = 1000, **options: Any) -> AsyncIterator[TelegramChannel]:
        """Send announcements for as long as the block lasts; a clean stop at its end."""
        async with self.channel(rate) as channel:
            stop = asyncio.Event()
            task = asyncio.create_task(self.sender(channel, **options).run(stop))
            try:
                yield channel
            finally:
                stop.set()
                async with asyncio.timeout(10):
                    await task

    async def is_over(self, announcement: AnnouncementRecord, seconds: float = 90.0) -> dict[str, int]:
        """Wait until an announcement is finished; return its lines by status."""
        await until(lambda: self._over(announcement.id), seconds)
        return await counts(self.database, announcement.id)

    async def _over(self, announcement_id: int) -> bool:
        return await status(self.database, announcement_id) == "finished"

    def join(self, chats: Sequence[int]) -> None:
        for chat in chats:
            self.api.join(chat)

    def received(self, chats: Sequence[int]) -> dict[int, int]:
        """How many messages each chat has, chats without any left out."""
        mine = Counter(message.chat for message in self.api.messages())
        return {chat: mine[chat] for chat in chats if mine[chat]}

    def busiest_second(self) -> int:
        """The most messages that the emulator took in any second."""
        times = sorted(message.at for message in self.api.state.sent)
        start = most = 0
        for end, at in enumerate(times):
            while at - times[start] >= 1.0:
                start += 1
            most = max(most, end - start + 1)
        return most
