"""A small installation, set up once, and a copy of it for every test with the emulator it talks to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.crash.process import ROOT, RunningBot, environment, settings_for
from tests.telegram_api import TelegramApi

PROGRAM = """
[program]
slug = "quarry"
timezone = "Europe/Berlin"
languages = ["en"]
name.en = "Quarry Works"
contact.en = "Ring the bell at the gate."
intro.en = "A program for stone cutters."
examples.en = ["How long may a saw be borrowed?"]
"""

DOCUMENTS = {
    "saws": "# Saws\n\n## How long may a saw be borrowed?\n\nA stone saw may be borrowed for nine days.\n",
    "grants": "# Grants\n\n## How high is the dust grant?\n\nThe dust grant is 4,300 euros per workshop.\n",
    "stalls": "# Stalls\n\n## When do the market stalls open?\n\nThe market stalls open at half past six.\n",
}


@pytest.fixture(scope="session")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program and the data folder of an installation that has never run."""
    folder = tmp_path_factory.mktemp("quarry")
    documents = folder / "program" / "documents"
    documents.mkdir(parents=True)
    (folder / "program" / "program.toml").write_text(PROGRAM, encoding="utf-8")
    for name, text in DOCUMENTS.items():
        (documents / f"{name}.md").write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "bot", "setup"],
        cwd=ROOT,
        env=environment(BOT_PROGRAM=str(folder / "program"), BOT_DATA_DIR=str(folder / "data")),
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder


@pytest.fixture
async def api() -> AsyncIterator[TelegramApi]:
    async with TelegramApi() as running:
        running.configure(latency=0.06, rate=None, webhook_connections=8)
        yield running


@pytest.fixture
async def install(set_up: Path, tmp_path: Path, api: TelegramApi) -> AsyncIterator[Callable[..., RunningBot]]:
    """Makes the bot of a test in "polling" or "webhook" mode; its process is gone at the end."""
    async with AsyncExitStack() as stack:

        def make(mode: str, postgres: str | None = None) -> RunningBot:
            shutil.copytree(set_up / "data", tmp_path / "data")
            database = {"BOT_DATABASE_URL": postgres} if postgres else {}
            bot = RunningBot(set_up / "program", tmp_path / "data", settings_for(api, mode) | database)
            stack.push_async_callback(_gone, bot)
            return bot

        yield make


async def _gone(bot: RunningBot) -> None:
    if bot.process is not None:
        await bot.kill()
