"""What the proofs of announcing share: an installation, its processes, and what was received."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.throughput import Emulator, emulator, process
from storage.announcement_records import AnnouncementRecord, NewAnnouncement
from storage.database import Database
from storage.entries import Sender
from tests.crash.process import RunningBot, free_port
from tests.databases import LocalServer, NoPostgres, Server, find_postgres, new_database
from tests.telegram_api import TOKEN

FIRST = 10_001
TEXTS = {"en": "The workshop begins at nine; bring a hammer.", "zh": "工作坊九点开始,请带锤子。"}
QUESTION = "How long may a saw be borrowed?"
_PROGRAM = """
[program]
slug = "quarry"
timezone = "UTC"
languages = ["en"]
name.en = "Quarry Works"
contact.en = "Ring the bell at the gate."
intro.en = "A program for stone cutters."
examples.en = ["How long may a saw be borrowed?"]
"""
_DOCUMENT = "# Saws\n\n## How long may a saw be borrowed?\n\nA stone saw may be borrowed for nine days.\n"


@dataclass(kw_only=True)
class Installation:
    """A database with founders, and the processes that serve it; `server` when it can be restarted."""

    name: str
    folder: Path
    settings: dict[str, str]
    url: str
    api: Emulator
    server: Server | None = None
    bots: list[RunningBot] = field(default_factory=list)

    def bot(self, rate: int, *, webhook: bool = False) -> RunningBot:
        """One more process, not started yet."""
        settings = {
            **self.settings,
            "BOT_TELEGRAM_TOKEN": TOKEN,
            "BOT_TELEGRAM_API_URL": self.api.url,
            "BOT_TELEGRAM_RATE": str(rate),
            "BOT_CONSOLE_LISTEN": "off",
        }
        if webhook:
            port = free_port()
            settings |= {
                "BOT_TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
                "BOT_TELEGRAM_WEBHOOK_SECRET": "a-secret-for-this-run",
                "BOT_TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
            }
        made = RunningBot(self.folder / "program", self.folder / "data", settings)
        made.log_name = f"bot{len(self.bots)}"
        self.bots.append(made)
        return made

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """Look into the database beside the bot."""
        opened = Database.open(self.url)
        try:
            yield opened
        finally:
            await opened.close()

    async def seed(self, count: int) -> range:
        """Make founders known to the bot and to the emulator; return their chats."""
        chats = range(FIRST, FIRST + count)
        await self.api.act("crowd", first=FIRST, count=count)
        async with self.database() as database:
            for start in range(0, count, 500):
                async with database.unit_of_work() as work:
                    for chat in chats[start : start + 500]:
                        await work.founders.identify(
                            Sender(
                                channel="telegram",
                                sender=str(chat),
                                chat=str(chat),
                                name="Li",
                                language_hint="en",
                            )
                        )
        return chats

    async def announce(self) -> AnnouncementRecord:
        """Confirm an announcement to everybody, to be sent at once."""
        async with self.database() as database, database.unit_of_work() as work:
            draft = await work.announcements.create(NewAnnouncement(texts=TEXTS, urgent=True))
            assert await work.announcements.confirm(draft.id, draft.revision)
        return draft

    async def finished(self, announcement: AnnouncementRecord, seconds: float) -> Counter[str]:
        """Wait until it is over; return its lines by status."""
        async with asyncio.timeout(seconds), self.database() as database:
            while True:
                with contextlib.suppress(Exception):
                    async with database.unit_of_work(read_only=True) as work:
                        found = await work.announcements.get(announcement.id)
                        counts = await work.recipients.progress(announcement.id)
                    if found is not None and found.status == "finished":
                        return Counter({str(status): number for status, number in counts.items()})
                await asyncio.sleep(0.3)

    async def sent(self) -> list[dict[str, Any]]:
        """What the emulator took so far, oldest first, the announcement only."""
        return [message for message in await self.api.log() if message["text"].startswith(TEXTS["en"][:20])]

    async def until_sent(self, count: int, seconds: float = 300.0) -> None:
        """Wait until so many messages were taken."""
        async with asyncio.timeout(seconds):
            while (await self.api.state())["messages"] < count:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.1)


def busiest_second(times: Sequence[float]) -> int:
    """The most of these moments in any rolling second."""
    moments, start, most = sorted(times), 0, 0
    for end, at in enumerate(moments):
        while at - moments[start] >= 1.0:
            start += 1
        most = max(most, end - start + 1)
    return most


@contextlib.contextmanager
def servers(names: Sequence[str]) -> Iterator[dict[str, Server | None]]:
    """The kinds of database to try, with their servers."""
    found: dict[str, Server | None] = {"sqlite": None} if "sqlite" in names else {}
    with contextlib.ExitStack() as stack:
        if "postgresql" in names:
            try:
                found["postgresql"] = find_postgres()
                stack.callback(found["postgresql"].close)
            except NoPostgres as error:
                print(f"without PostgreSQL: {error}")
        yield found


@contextlib.asynccontextmanager
async def installed(
    name: str, server: Server | None, *, latency: float, rate: int = 0
) -> AsyncIterator[Installation]:
    """Set up a fresh installation beside a fresh emulator; every process is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="founder-bot-announce-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "program" / "documents").mkdir(parents=True)
        (folder / "program" / "program.toml").write_text(_PROGRAM, encoding="utf-8")
        (folder / "program" / "documents" / "saws.md").write_text(_DOCUMENT, encoding="utf-8")
        settings = {}
        url = f"sqlite:///{folder / 'data' / 'founder-bot.db'}"
        if server is not None:
            url = stack.enter_context(new_database(server.url, f"founder_bot_announce_{os.getpid()}"))
            settings["BOT_DATABASE_URL"] = url
        folders = {"BOT_PROGRAM": str(folder / "program"), "BOT_DATA_DIR": str(folder / "data")}
        async with process("bot", "setup", **folders, **settings) as setting_up:
            assert await setting_up.wait() == 0, "the set-up failed"
        async with emulator(latency, rate) as api:
            installation = Installation(
                name=name,
                folder=folder,
                settings=settings,
                url=url,
                api=api,
                server=server if isinstance(server, LocalServer) else None,
            )
            try:
                yield installation
            finally:
                for bot in installation.bots:
                    if bot.process is not None:
                        await bot.kill()
