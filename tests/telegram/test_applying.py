"""Founders who apply in Telegram with the sample program's form, as the Bot API shows it to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.telegram import TelegramChannel
from bot.files import FileStore
from forms.load import load_form
from handlers.apply.notices import notice_of_follow_up
from handlers.apply.telling import tell
from handlers.review.search_words import search_words
from handlers.texts import Texts
from storage.database import Database
from tests.bot import samples
from tests.conversation.fakes import Bot, Clock, decoded, rows
from tests.telegram_api import TelegramApi

FORM = Path(__file__).parents[2] / "programs" / "joint-base" / "application.toml"
ZH = Texts("zh")
LI = 7
TRAINING = (
    ("press", "还不是成员"),
    ("say", "示例智行（上海）科技有限公司"),
    ("say", "为停车场运营方做的毫米波雷达，夜里和雨天也能准确识别空车位"),
    ("say", "有可以演示的原型"),
    ("say", "我们团队一共七个人"),
    ("say", "李明"),
    ("say", "负责雷达算法"),
    ("press", "是"),
    ("press", "否"),
    ("say", "模型部署、车规质量"),
    ("say", "２"),
    ("press", "在线"),
    ("say", "弄清楚雷达怎样通过车规测试，先做哪一步。"),
    ("say", "liming@example.com。"),
    ("say", "手机 138 0013 8000"),
    ("say", "/skip"),
)


class Founder:
    """A founder in Telegram, who waits for the answer before the next message."""

    def __init__(self, api: TelegramApi, bot: Bot) -> None:
        self.api = api
        self.bot = bot

    async def say(self, text: str) -> str:
        return await self._after(self.api.say(LI, text))

    async def press(self, label: str) -> str:
        return await self._after(self.api.press(LI, label))

    async def file(self, name: str, content: bytes) -> str:
        return await self._after(self.api.send_file(LI, name, content, "application/pdf"))

    async def play(self, *steps: tuple[str, str]) -> str:
        seen = ""
        for how, words in steps:
            seen = await (self.press(words) if how == "press" else self.say(words))
        return seen

    async def _after(self, act: object) -> str:
        before = len(self.api.messages(LI))
        await act  # type: ignore[misc]
        await self.api.wait_until_read()
        await self.bot.dispatcher.settled("telegram", str(LI))
        return "\n".join(sent.text or "" for sent in self.api.messages(LI)[before:])


@pytest.fixture
async def founder(
    api: TelegramApi, channel: TelegramChannel, sqlite_url: str, tmp_path: Path
) -> AsyncIterator[Founder]:
    clock = Clock()
    database = Database.open(sqlite_url, segment=search_words, clock=clock)
    form = load_form(FORM, timezone=ZoneInfo("Asia/Shanghai"))
    files = FileStore(tmp_path, [channel])
    bot = Bot(database, channel=channel, clock=clock, form=form, files=files)  # type: ignore[arg-type]
    stop = asyncio.Event()
    serving = asyncio.create_task(bot.dispatcher.serve(stop))
    yield Founder(api, bot)
    stop.set()
    async with asyncio.timeout(10):
        await serving
    await database.close()


async def test_a_founder_applies_for_training_from_the_first_word_to_the_receipt(founder: Founder) -> None:
    opening = await founder.say("/apply")
    assert "示例" in opening
    assert "你想申请哪一类？" in opening

    assert "还没有提交" in await founder.press("培训与咨询")
    last = await founder.play(*TRAINING)
    assert "确认" in last

    receipt = await founder.press("✅ 确认提交")

    assert "2026-0001" in receipt
    (application,) = await rows(founder.bot.database, "applications")
    assert (application["status"], application["track"]) == ("submitted", "training")
    stored = {row["key"]: row["data"] for row in await rows(founder.bot.database, "application_answers")}
    values = {key: decoded(data) for key, data in stored.items()}
    assert values["team_size"] == 7
    assert values["participants"] == 2
    assert values["email"] == "liming@example.com"
    assert values["phone"] == "+8613800138000"
    assert any(call.method == "sendDocument" for call in founder.api.calls())


async def test_a_question_in_between_is_answered_and_the_same_question_comes_again(founder: Founder) -> None:
    await founder.say("/apply")
    asked = await founder.press("培训与咨询")
    assert "你们现在是基地的成员吗？" in asked

    answered = await founder.say("租金多少？")

    assert "Answer to: 租金多少？" in answered
    assert "你们现在是基地的成员吗？" in answered
    assert [row["key"] for row in await rows(founder.bot.database, "application_answers")] == ["track"]


async def test_a_sticker_in_place_of_an_answer_changes_nothing_and_the_question_stays(
    founder: Founder,
) -> None:
    await founder.say("/apply")
    await founder.press("培训与咨询")

    seen = await founder._after(founder.api.send(LI, "sticker"))

    assert seen
    assert [row["key"] for row in await rows(founder.bot.database, "application_answers")] == ["track"]
    assert "公司全名" in await founder.press("还不是成员")


async def test_an_old_button_pressed_twice_and_late_stores_one_answer(founder: Founder) -> None:
    await founder.say("/apply")
    await founder.press("培训与咨询")
    await asyncio.gather(founder.api.press(LI, "还不是成员"), founder.api.press(LI, "还不是成员"))
    await founder.say("示例智行")

    stored = [row["key"] for row in await rows(founder.bot.database, "application_answers")]
    assert sorted(stored) == ["company_name", "membership", "track"]


async def test_a_deck_that_is_a_program_is_refused_and_a_real_one_is_kept(founder: Founder) -> None:
    await founder.say("/apply")
    await founder.press("入驻")
    assert "演示文稿" in await founder.say("/edit 演示文稿")

    assert "PDF" in await founder.file("deck.pdf", b"MZ" + bytes(100))
    assert "deck" not in {row["key"] for row in await rows(founder.bot.database, "application_answers")}

    await founder.file("deck.pdf", samples.pdf())
    assert "deck" in {row["key"] for row in await rows(founder.bot.database, "application_answers")}
    assert len(await rows(founder.bot.database, "files")) == 1


async def test_a_reviewers_question_is_answered_with_a_pdf(founder: Founder) -> None:
    await founder.say("/apply")
    await founder.press("培训与咨询")
    await founder.play(*TRAINING)
    assert "已提交" in await founder.press("✅ 确认提交")
    bot = founder.bot
    async with bot.database.unit_of_work() as work:
        (record,) = await work.applications.listing()
        question = "能发一份测试报告吗？"
        asked = await work.applications.ask_follow_up(record.id, asked_by="eva", question=question)
        notice = notice_of_follow_up(bot.services.program, record, asked.id, question, "zh")
        assert await tell(work, record.founder_id, notice)
    before = len(founder.api.messages(LI))
    await founder.api.wait_for_messages(LI, before + 1, seconds=30)

    await founder.press(ZH("applied.button.answer"))
    assert "PDF" in await founder.file("report.pdf", b"MZ" + bytes(100))
    content = samples.pdf()
    assert "report.pdf" in await founder.file("report.pdf", content)
    (row,) = await rows(bot.database, "application_followups")
    assert row["answer"] == "report.pdf"
    assert await bot.services.files.read(row["sha256"]) == content  # type: ignore[union-attr]
    assert [one["sha256"] for one in await rows(bot.database, "files")] == [row["sha256"]]


async def test_an_application_in_english_can_be_deleted_and_leaves_no_row(founder: Founder) -> None:
    founder.api.join(LI, "Ann", language="en")
    assert "For example: Residency" in await founder.say("I would like to apply")
    await founder.press("Training and consulting")
    await founder.say("/cancel")
    await founder.press("Yes, delete the draft")
    assert await rows(founder.bot.database, "applications") == []
    assert await rows(founder.bot.database, "application_answers") == []
