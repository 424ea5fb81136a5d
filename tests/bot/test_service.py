"""`founder-bot run` and `chat` as processes, against the emulator of the Bot API."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from bot.health import folder
from tests.bot.conftest import Installation
from tests.telegram.conftest import free_port
from tests.telegram_api import TOKEN, TelegramApi

CHAT = 7
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
async def api() -> AsyncIterator[TelegramApi]:
    async with TelegramApi() as running:
        running.join(CHAT, "Li Wei", username="liwei", language="en")
        yield running


@contextlib.asynccontextmanager
async def running_bot(api: TelegramApi, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **os.environ,
        "BOT_TELEGRAM_TOKEN": TOKEN,
        "BOT_TELEGRAM_API_URL": api.url,
        "BOT_CONSOLE_LISTEN": "off",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str]:
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def setup() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "setup", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert await process.wait() == 0


async def test_a_founder_is_answered_and_the_bot_ends_cleanly_on_sigterm(
    api: TelegramApi, installation: Installation
) -> None:
    await setup()
    async with running_bot(api) as bot:
        await api.say(CHAT, "How long is a berth let?")
        (answer,) = await api.wait_for_messages(CHAT, 1, seconds=60)
        assert "eleven months" in answer.text
        assert list(folder(installation.data).iterdir())
        bot.send_signal(signal.SIGTERM)
        code, log = await ended(bot)
    assert code == 0, log
    assert not list(folder(installation.data).iterdir())
    assert "ready program=harbor channels=telegram" in log
    assert log.splitlines()[-1].endswith("INFO  bot.service stopped")
    assert TOKEN.partition(":")[2] not in log
    assert "berth" not in log


async def test_the_command_menu_is_set_in_the_languages_of_the_bot(
    api: TelegramApi, installation: Installation
) -> None:
    await setup()
    async with running_bot(api):
        await api.say(CHAT, "/privacy")
        await api.wait_for_messages(CHAT, 1, seconds=60)
    menus = {call.params.get("language_code") for call in api.calls("setMyCommands")}
    assert menus == {None, "en", "de", "zh"}


async def test_a_refused_token_ends_with_the_name_of_the_setting(
    api: TelegramApi, installation: Installation
) -> None:
    await setup()
    async with running_bot(api, BOT_TELEGRAM_TOKEN="123456789:AAH-of-some-other-bot-000000000000") as bot:
        code, log = await ended(bot)
    assert code == 1
    assert "Error: Telegram does not accept the token: check BOT_TELEGRAM_TOKEN" in log.splitlines()[-1]
    assert "Traceback" not in log


def test_without_a_channel_and_a_console_there_is_nothing_to_run(
    installation: Installation,
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOT_CONSOLE_LISTEN", "off")
    assert command("run") == 1
    assert "Nothing to run: set BOT_TELEGRAM_TOKEN" in capsys.readouterr().err


async def test_without_a_token_the_console_is_served_alone(installation: Installation) -> None:
    await setup()
    listen = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "BOT_CONSOLE_LISTEN": listen}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with aiohttp.ClientSession() as session:
            assert "Harbor Lab" in await page(session, f"http://{listen}/sign-in")
        process.send_signal(signal.SIGTERM)
        code, log = await ended(process)
    finally:
        if process.returncode is None:
            process.kill()
    assert code == 0, log
    assert f"the console is at http://{listen}" in log
    assert "no channel is configured (BOT_TELEGRAM_TOKEN): only the console is served" in log
    assert log.splitlines()[-1].endswith("INFO  bot.service stopped")


async def page(session: aiohttp.ClientSession, url: str) -> str:
    """What stands at an address, as soon as somebody listens there."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(url, headers={"Accept-Language": "en"}) as answer:
                    return await answer.text()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


async def test_a_taken_port_of_the_console_is_named(api: TelegramApi, installation: Installation) -> None:
    await setup()
    async with running_bot(api, BOT_CONSOLE_LISTEN=f"127.0.0.1:{api.port}") as bot:
        code, log = await ended(bot)
    assert code == 1
    assert f"Error: BOT_CONSOLE_LISTEN: cannot listen on 127.0.0.1:{api.port}" in log.splitlines()[-1]
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BOT_CONSOLE_LISTEN", "8080", "must be host:port"),
        ("BOT_CONSOLE_URL", "desk.example.org", "must be an http:// or https:// address"),
        ("BOT_CONSOLE_URL", "https://example.org/desk", "without a path"),
    ],
)
def test_a_wrong_setting_of_the_console_is_explained(
    installation: Installation,
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert command("run") == 1
    error = capsys.readouterr().err
    assert name in error
    assert said in error


def test_a_database_that_was_never_made_stops_the_start_with_what_to_do(
    installation: Installation,
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", TOKEN)
    assert command("run") == 1
    assert "founder-bot db upgrade" in capsys.readouterr().err


def test_a_conversation_in_the_terminal_sets_itself_up_and_answers_what_is_piped_in(
    installation: Installation,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "chat"],
        input="How long is a berth let?\n/privacy\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "eleven months" in done.stdout
    assert "/forget" in done.stdout
    assert "ready" not in done.stderr
    assert "berth" not in (installation.data / "logs" / "chat.log").read_text(encoding="utf-8")
