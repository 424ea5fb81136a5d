"""`founder-bot run` as a process to start, kill and start again, and a look into its database."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.telegram_api import TOKEN, TelegramApi

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "a-secret-of-the-webhook"
_READY = " ready program="


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these BOT_ variables and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("BOT_")}
    return {**inherited, "OMP_NUM_THREADS": "1", **settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningBot:
    """One installation whose process comes and goes; `start` and `kill` as often as a test likes."""

    program: Path
    data: Path
    settings: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    logs: list[Path] = field(default_factory=list)
    log_name: str = "run"

    async def start(self) -> None:
        """Start a process; it is not ready yet."""
        self.logs.append(self.data / f"{self.log_name}{len(self.logs)}.log")
        with self.logs[-1].open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=ROOT,
                env=environment(BOT_PROGRAM=str(self.program), BOT_DATA_DIR=str(self.data), **self.settings),
                stdout=log,
                stderr=log,
            )

    async def ready(self, seconds: float = 180.0) -> None:
        """Return when it says that it is ready; fail with its log when it ends before."""
        async with asyncio.timeout(seconds):
            while _READY not in self.log():
                assert self.process is not None
                assert self.process.returncode is None, self.log()
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it the hard way."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """Ask it to end, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()

    def log(self) -> str:
        """What the process running now, or the last one, has written."""
        return self.logs[-1].read_text(encoding="utf-8", errors="replace")

    async def select(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database: of SQLite a copy, so that looking does not mend what a killed process left."""
        if url := self.settings.get("BOT_DATABASE_URL"):
            postgres = await asyncpg.connect(url)
            try:
                return [tuple(row) for row in await postgres.fetch(statement)]
            finally:
                await postgres.close()
        with tempfile.TemporaryDirectory() as folder:
            for file in self.data.glob("founder-bot.db*"):
                if not file.name.endswith("-shm"):
                    shutil.copy(file, folder)
            connection = sqlite3.connect(Path(folder) / "founder-bot.db")
            try:
                return connection.execute(statement).fetchall()
            finally:
                connection.close()

    async def unfinished(self) -> tuple[int, int]:
        """Count the stored updates without an answer and the stored answers not known to be sent."""
        [inbox] = await self.select("SELECT count(*) FROM inbox WHERE status = 'pending'")
        [outbox] = await self.select("SELECT count(*) FROM outbox WHERE status IN ('pending', 'sending')")
        return inbox[0], outbox[0]


def settings_for(api: TelegramApi, mode: str) -> dict[str, str]:
    """The settings of a bot on this emulator, in "polling" or "webhook" mode."""
    settings = {
        "BOT_TELEGRAM_API_URL": api.url,
        "BOT_TELEGRAM_TOKEN": TOKEN,
        "BOT_CONSOLE_LISTEN": "off",
    }
    if mode == "webhook":
        port = free_port()
        settings |= {
            "BOT_TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
            "BOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
            "BOT_TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
        }
    return settings
