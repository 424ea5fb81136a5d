"""Commands and presses a second: our bot beside a bare echo bot on the same transport, in one run.

Both receive by webhook from an emulator of the Bot API in a process of its own that takes 60 ms for every
call. The echo bot keeps nothing; ours stores every update before it says 200, has a turn with a unit of
work, and delivers from the outbox. Rounds alternate, since a machine is not equally fast all the time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from handlers.buttons import button
from handlers.texts import Texts
from tests.databases import NoPostgres, empty_tables, find_postgres, migrated_file, new_database
from tests.telegram_api import TOKEN

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("de", "en")
_PATIENCE = 120.0
_CHATS_REST = 4.0
"""Seconds after which a chat may get several messages at once again."""

_PROGRAM = """
[program]
slug = "load"
timezone = "UTC"
languages = ["en"]
name.en = "Load"
contact.en = "Nobody."
intro.en = "A program under load."
examples.en = ["Where is the door?"]
"""
_DOCUMENT = "# Door\n\n## Where is the door?\n\nThe door is in the north wall.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is sent: every user repeats a help command, a language command and a press.

    Few enough each to stay below what one chat may get at once, which the bot would wait for.
    """

    users: int = 105
    messages: int = 6
    latency: float = 0.06
    connections: int = 16

    def updates(self) -> int:
        """Count what is sent in all."""
        return self.users * self.messages


class Emulator:
    """The emulator in another process, steered over HTTP."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def act(self, name: str, **params: Any) -> Any:
        """Do one act of People or `configure`."""
        async with self._session.post(f"{self.url}/control/{name}", json=params) as answer:
            body = await answer.json()
        if not body["ok"]:
            raise LookupError(body["error"])
        return body["result"]

    async def log(self, chat: int | None = None) -> list[dict[str, Any]]:
        """Every message of the bot so far, or those in one chat."""
        params = {} if chat is None else {"chat": str(chat)}
        async with self._session.get(f"{self.url}/control/log", params=params) as answer:
            return list((await answer.json())["result"])

    async def calls(self, method: str) -> list[dict[str, Any]]:
        """Every call of a method so far."""
        async with self._session.get(f"{self.url}/control/calls", params={"method": method}) as answer:
            return list((await answer.json())["result"])

    async def state(self) -> dict[str, Any]:
        """The emulator's summary of itself."""
        async with self._session.get(f"{self.url}/control/state") as answer:
            return dict((await answer.json())["result"])

    async def until(self, webhook: bool = False, messages: int = 0, presses: int = 0) -> None:
        """Wait for a webhook, for so many messages, and for no more than so many unanswered presses."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                state = await self.state()
                there = state["webhook"] is not None or not webhook
                answered = len(state["unread_presses"]) <= presses and state["waiting"] == 0
                if there and state["messages"] >= messages and answered:
                    return
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def emulator(latency: float, rate: int = 0) -> AsyncIterator[Emulator]:
    """Run an emulator for one round; without a rate it takes everything."""
    options = ["--port", "0", "--rate", str(rate), "--latency", str(latency)]
    async with (
        process("tests.telegram_api", *options, reads=True) as running,
        aiohttp.ClientSession() as session,
    ):
        assert running.stdout is not None
        yield Emulator((await running.stdout.readline()).decode().strip(), session)


@contextlib.asynccontextmanager
async def process(
    module: str, *options: str, reads: bool = False, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module of this project for as long as the block lasts."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("BOT_")}
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *options,
        cwd=ROOT,
        env={**kept, **settings},
        stdout=asyncio.subprocess.PIPE if reads else asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


# --- the two bots -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A bot to measure; `settings` None makes it the echo bot."""

    name: str
    settings: dict[str, str] | None = None

    def running(self, api: Emulator) -> contextlib.AbstractAsyncContextManager[Any]:
        """Run it on an emulator."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        if self.settings is None:
            return process("benchmarks.echo_bot", "--token", TOKEN, "--api-url", api.url, "--port", port)
        own = {
            "BOT_TELEGRAM_TOKEN": TOKEN,
            "BOT_TELEGRAM_API_URL": api.url,
            "BOT_CONSOLE_LISTEN": "off",
            "BOT_TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
            "BOT_TELEGRAM_WEBHOOK_SECRET": "a-secret-for-this-run",
            "BOT_TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
            "BOT_TELEGRAM_RATE": "1000",
        }
        return process("bot", "run", **self.settings, **own)

    def answers(self, load: Load) -> list[str]:
        """What one user must be sent, in this order."""
        said = script(load)
        if self.settings is None:
            return said
        answers, language = [], "en"
        for text in said:
            if text.startswith("/"):
                key = "help.text" if text == "/help" else "language.choose"
                answers.append(first_words(Texts(language)(key, program="Load")))
            else:
                language = LANGUAGES[0] if text == payload(0) else LANGUAGES[1]
                answers.append(first_words(Texts(language)("language.set")))
        return answers


def script(load: Load) -> list[str]:
    """What every user does: commands as typed, presses as the button's payload."""
    lines = []
    for number in range(load.messages):
        kind = number % 3
        lines.append(payload(number // 3) if kind == 2 else ("/help", "/language")[kind])
    return lines


def payload(number: int) -> str:
    """The language button of the nth press: in turns, so that every edit changes something."""
    return button("", "language", LANGUAGES[number % len(LANGUAGES)]).payload


def first_words(text: str) -> str:
    """As much of a text as is the same as plain text and as HTML."""
    return text[:20]


# --- a round ------------------------------------------------------------------------------------------


async def round_of(contender: Contender, load: Load) -> float:
    """Return updates answered a second; raises AssertionError when a chat was answered out of order."""
    async with emulator(load.latency) as api, contender.running(api):
        await api.until(webhook=True)
        await warm_up(api, load)
        await asyncio.sleep(_CHATS_REST)
        await api.act("configure", webhook_connections=0)
        before = {method: len(await api.calls(method)) for method in ("sendMessage", "editMessageText")}
        await say_all(api, load)
        typed = sum(not text.startswith("v1") for text in script(load)) * load.users
        started = time.time()
        await api.act("configure", webhook_connections=load.connections)
        await api.act("say", user=1, text="/help")  # an act wakes the emulator up
        await api.until(messages=before["sendMessage"] + typed + 1)
        sent = [call for method, count in before.items() for call in (await api.calls(method))[count:]]
    check(contender, load, sent)
    return load.updates() / (max(call["at"] for call in sent) + load.latency - started)


def users(load: Load) -> range:
    """The users measured; user 1 only wakes the emulator up."""
    return range(101, 101 + load.users)


async def warm_up(api: Emulator, load: Load) -> None:
    """Let everybody be known and have a message with language buttons, and the bot run warm."""
    await api.act("configure", webhook_connections=load.connections)
    for user in (1, *users(load)):
        for text in ("/start", "/help", "/language"):
            await api.act("say", user=user, text=text)
    await api.until(messages=3 * (load.users + 1))


async def say_all(api: Emulator, load: Load) -> None:
    """Let everybody do everything while the emulator holds deliveries back."""
    for text in script(load):
        for user in users(load):
            if text.startswith("/"):
                await api.act("say", user=user, text=text)
            else:
                await api.act("press", user=user, data=text, forged=True)


def check(contender: Contender, load: Load, sent: Sequence[dict[str, Any]]) -> None:
    """Compare what every chat was sent with what it must have been sent."""
    expected = contender.answers(load)
    for user in users(load):
        mine = [call for call in sent if int(call["params"]["chat_id"]) == user]
        mine.sort(key=lambda call: float(call["at"]))
        refused = [call for call in mine if call["status"] != 200]
        assert not refused, f"{contender.name}: refused {refused[:1]}"
        texts = [str(call["params"]["text"]) for call in mine]
        assert len(texts) == len(expected), f"{contender.name}: {len(texts)} of {len(expected)}"
        wrong = [(a, b) for a, b in zip(texts, expected, strict=True) if not a.startswith(b)]
        assert not wrong, f"{contender.name}: out of order in chat {user}: {wrong[:2]}"


# --- the run ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def contenders(folder: Path) -> Iterator[list[Contender]]:
    """The echo bot first, then ours on SQLite and, where a server can be had, on PostgreSQL."""
    (folder / "program" / "documents").mkdir(parents=True)
    (folder / "program" / "program.toml").write_text(_PROGRAM, encoding="utf-8")
    (folder / "program" / "documents" / "door.md").write_text(_DOCUMENT, encoding="utf-8")
    base = {"BOT_PROGRAM": str(folder / "program"), "BOT_LOG_LEVEL": "WARNING"}
    sqlite = {**base, "BOT_DATA_DIR": str(folder / "sqlite")}
    found = [Contender(name="echo"), Contender(name="sqlite", settings=sqlite)]
    with contextlib.ExitStack() as stack:
        try:
            server = find_postgres()
        except NoPostgres as error:
            print(f"without PostgreSQL: {error}")
        else:
            stack.callback(server.close)
            url = stack.enter_context(new_database(server.url, f"founder_bot_bench_{os.getpid()}"))
            settings = {**base, "BOT_DATA_DIR": str(folder / "postgresql"), "BOT_DATABASE_URL": url}
            found.append(Contender(name="postgresql", settings=settings))
        yield found


def start_afresh(bot: Contender) -> None:
    """Take out what the last round left: the next emulator counts its updates from the same number."""
    if bot.settings is None:
        return
    if url := bot.settings.get("BOT_DATABASE_URL"):
        empty_tables(url)
        return
    file = Path(bot.settings["BOT_DATA_DIR"]) / "founder-bot.db"
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    shutil.copy(migrated_file(Path(tempfile.mkdtemp(dir=file.parent))), file)


async def measure(names: Sequence[str], rounds: int, load: Load) -> dict[str, Any]:
    """Run the rounds and return updates a second and ratios to the echo bot of the same round."""
    folder = Path(tempfile.mkdtemp(prefix="founder-bot-load-"))
    speeds: dict[str, list[float]] = {}
    try:
        with contenders(folder) as found:
            taking_part = [bot for bot in found if not names or bot.name in names]
            for bot in taking_part:
                if bot.settings is not None:
                    async with process("bot", "setup", **bot.settings) as setting_up:
                        assert await setting_up.wait() == 0, f"setup of {bot.name} failed"
            for number in range(rounds):
                for bot in taking_part:
                    start_afresh(bot)  # blocks, while nothing else runs
                    speed = await round_of(bot, load)
                    speeds.setdefault(bot.name, []).append(speed)
                    print(f"round {number + 1}: {bot.name} {speed:.0f} a second", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report(speeds)


def report(speeds: dict[str, list[float]]) -> dict[str, Any]:
    """Put the speeds beside the echo bot's of the same round."""
    result: dict[str, Any] = {}
    for name, values in speeds.items():
        ratios = [value / echo for value, echo in zip(values, speeds.get("echo", values), strict=True)]
        result[name] = {
            "per_second": [round(value, 1) for value in values],
            "ratios": [round(ratio, 3) for ratio in ratios],
            "ratio": round(statistics.median(ratios), 3),
        }
    return result


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print a table and return its numbers; an answer out of order is an AssertionError."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks throughput", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--users", type=int, default=Load().users)
    parser.add_argument("--messages", type=int, default=Load().messages, help="of each user")
    parser.add_argument("--only", nargs="*", default=[], help="echo, sqlite, postgresql")
    options = parser.parse_args(arguments or [])
    load = Load(users=options.users, messages=options.messages)
    result = asyncio.run(measure(options.only, options.rounds, load))
    table = Table(title=f"{load.updates()} commands and presses of {load.users} users, every chat in order")
    for heading in ("bot", "a second", "to echo, each round", "median"):
        table.add_column(heading)
    for name, numbers in result.items():
        rates, ratios = (" ".join(map(str, numbers[key])) for key in ("per_second", "ratios"))
        table.add_row(name, rates, ratios, f"{numbers['ratio']:.2f}")
    Console().print(table)
    return result


if __name__ == "__main__":
    main(sys.argv[1:])
