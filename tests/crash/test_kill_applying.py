"""`founder-bot run` killed after every message of an application: nothing is lost, nothing is asked twice.

A start takes seconds, so several founders go through the script at the same time, each with a kill after
every message of one stretch and undisturbed through the rest; together their stretches are the whole script.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from forms.load import load_form
from storage.database import Database
from tests.conversation.fakes import rows
from tests.crash.process import ROOT, RunningBot, settings_for
from tests.telegram_api import TelegramApi

FORM = ROOT / "programs" / "joint-base" / "application.toml"
PATIENCE = 60.0

# What the founder does, and which question is pending afterwards.
SCRIPT = (
    ("say", "/apply", "track"),
    ("press", "培训与咨询", "membership"),
    ("say", "How long may a saw be borrowed?", "membership"),
    ("press", "还不是成员", "company_name"),
    ("say", "示例智行（上海）科技有限公司", "one_sentence"),
    ("say", "为停车场运营方做的毫米波雷达，夜里和雨天也能准确识别空车位", "stage"),
    ("say", "有可以演示的原型", "team_size"),
    ("say", "我们团队一共七个人", "founders/name"),
    ("say", "李明", "founders/role"),
    ("say", "负责雷达算法", "founders/full_time"),
    ("press", "是", "founders/more"),
    ("press", "否", "topics"),
    ("say", "模型部署、车规质量", "participants"),
    ("say", "2", "format"),
    ("press", "在线", "training_goal"),
    ("say", "弄清楚雷达怎样通过车规测试，先做哪一步。", "email"),
    ("say", "liming@example.com", "phone"),
    ("say", "手机 138 0013 8000", "other_help"),
    ("say", "/skip", "read_back"),
    ("press", "✅ 确认提交", "receipt"),
)
MOMENTS = ("received", "answering", "answered")


def marks() -> dict[str, str]:
    """By which words each question is known in the chat."""
    form = load_form(FORM, timezone=ZoneInfo("Asia/Shanghai"))
    found = {"founders/more": "还要再加", "read_back": "✅ 确认提交", "receipt": "已提交"}
    for question in form.questions:
        found[question.id] = question.texts["zh"]
        found |= {f"{question.id}/{inner.id}": inner.texts["zh"] for inner in question.questions}
    return found


@dataclass(frozen=True)
class Installed:
    """A bot that is killed now and then, its database, and what the founders see."""

    api: TelegramApi
    bot: RunningBot
    database: Database

    async def kill(self, moment: str, chat: int, count: int) -> None:
        """End it when all is stored, when a chat has so many messages, or when all is known as sent."""
        await self.api.wait_until_read(PATIENCE)
        if moment == "answering":
            await self.api.wait_for_messages(chat, count, seconds=PATIENCE)
        if moment == "answered":
            await self.settled()
        await self.bot.kill()

    async def settled(self) -> None:
        """Wait until every message has had its turn and every reply is known as sent."""
        await self.api.wait_until_read(PATIENCE)
        async with asyncio.timeout(PATIENCE):
            # Another process writes the database, so there is no event to wait for.
            while await self._unfinished():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _unfinished(self) -> bool:
        found = [*await rows(self.database, "inbox"), *await rows(self.database, "outbox")]
        return any(row["status"] in ("pending", "sending") for row in found)

    def asked(self, chat: int) -> list[str]:
        """What the bot's messages in a chat asked for, in order."""
        known = marks()
        found = []
        for message in self.api.messages(chat):
            said = "\n".join([message.text or "", *(button["text"] for button in message.buttons())])
            found += sorted((said.rfind(words), name) for name, words in known.items() if words in said)[-1:]
        return [name for _, name in found]

    async def application(self, chat: int) -> dict[str, Any]:
        """The one application of the founder in a chat."""
        (founder,) = [
            row["founder_id"]
            for row in await rows(self.database, "conversations")
            if row["chat"] == str(chat)
        ]
        (found,) = [row for row in await rows(self.database, "applications") if row["founder_id"] == founder]
        return found

    async def of(self, application: dict[str, Any], table: str) -> list[dict[str, Any]]:
        """The rows of an application in another table."""
        return [row for row in await rows(self.database, table) if row["application_id"] == application["id"]]


class Founder:
    """One founder, who follows the script and looks where the chat stands after every message."""

    def __init__(self, installed: Installed, chat: int) -> None:
        self.installed = installed
        self.chat = chat
        self.position = 0
        self.seen = 0

    async def act(self) -> None:
        """Do what comes next."""
        how, words, _ = SCRIPT[self.position]
        self.seen = len(self.installed.api.messages(self.chat))
        api = self.installed.api
        await (api.press(self.chat, words) if how == "press" else api.say(self.chat, words))

    async def look(self) -> None:
        """See the right question, asked once all before it is stored."""
        await self.installed.api.wait_for_messages(self.chat, self.seen + 1, seconds=PATIENCE)
        await self.installed.settled()
        pending = SCRIPT[self.position][2]
        assert self.installed.asked(self.chat)[-1] == pending, self.installed.api.texts(self.chat)
        stored = await self.installed.of(await self.installed.application(self.chat), "application_answers")
        assert len(stored) == answers_after(self.position)
        self.position += 1

    async def go_to(self, position: int) -> None:
        """Follow the script, undisturbed, to this position."""
        while self.position < position:
            await self.act()
            await self.look()

    async def check_all_once(self) -> None:
        """One application, submitted once; every question asked once."""
        application = await self.installed.application(self.chat)
        assert application["status"] == "submitted"
        assert len(await self.installed.of(application, "application_versions")) == 1
        events = [row["kind"] for row in await self.installed.of(application, "application_events")]
        assert sorted(events) == ["started", "submitted"]
        wanted = [name for name, _ in groupby(pending for _, _, pending in SCRIPT)]
        assert [name for name, _ in groupby(self.installed.asked(self.chat))] == wanted
        messages = self.installed.api.messages(self.chat)
        assert not [first.text for first, second in pairwise(messages) if first.text == second.text]
        assert not [message.text for message in messages if message.edits], "a message was written over"


def answers_after(position: int) -> int:
    """How many answers are stored once the message at a position has had its turn."""
    at_most = min(position, len(SCRIPT) - 2)  # the submission stores none
    return sum(before[2] != after[2] for before, after in pairwise(SCRIPT[: at_most + 1]))


async def play(installed: Installed, count: int) -> list[Founder]:
    """Let founders, each on a stretch of the script, have the bot killed after every message of it."""
    stretch = -(-len(SCRIPT) // count)
    founders = [Founder(installed, 101 + number) for number in range(count)]
    await installed.bot.start()
    for founder in founders:
        installed.api.join(founder.chat, "Li Ming", language="zh-hans")
    await asyncio.gather(*(one.go_to(number * stretch) for number, one in enumerate(founders)))
    for death in range(stretch):
        hit = [founder for founder in founders if founder.position < len(SCRIPT)]
        for founder in hit:
            await founder.act()
        await installed.kill(MOMENTS[death % len(MOMENTS)], hit[0].chat, hit[0].seen + 1)
        await installed.bot.start()
        for founder in hit:
            await founder.look()
    await asyncio.gather(*(founder.go_to(len(SCRIPT)) for founder in founders))
    return founders


async def check_turns(installed: Installed, founders: int) -> None:
    """Every message had one turn."""
    messages = founders * len(SCRIPT)
    assert [row["status"] for row in await rows(installed.database, "inbox")] == ["handled"] * messages
    traces = await rows(installed.database, "traces")
    assert len({row["message_id"] for row in traces}) == len(traces) == messages
    assert not any(row["error_code"] for row in traces)


@pytest.fixture
async def installed(
    set_up: Path, tmp_path: Path, api: TelegramApi, database_url: str
) -> AsyncIterator[Installed]:
    """The small program with the sample form, on either kind of database; its process is gone at the end."""
    program, data = tmp_path / "program", tmp_path / "data"
    shutil.copytree(set_up / "program", program)
    shutil.copytree(set_up / "data", data)
    shutil.copy(FORM, program)
    bot = RunningBot(program, data, settings_for(api, "polling") | {"BOT_DATABASE_URL": database_url})
    database = Database.open(database_url)
    yield Installed(api, bot, database)
    await database.close()
    if bot.process is not None:
        await bot.kill()


@pytest.mark.parametrize(
    ("database_url", "founders"), [("sqlite", 4), ("postgresql", 5)], indirect=["database_url"]
)
async def test_a_bot_killed_after_every_message_of_an_application_loses_nothing(
    installed: Installed, founders: int
) -> None:
    for founder in await play(installed, founders):
        await founder.check_all_once()
    await check_turns(installed, founders)
    numbers = [row["number"][-4:] for row in await rows(installed.database, "applications")]
    assert sorted(numbers) == [f"{number:04d}" for number in range(1, founders + 1)]
