"""A gap is closed end to end in a real browser, and the founder gets the answer in the chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.announcing import Announcing
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from handlers.review.gaps import GapDesk
from knowledge.config import KnowledgeConfig
from knowledge.language import detect
from knowledge.meaning import QuestionMeanings
from tests.console.browser import SCRIPT, Language, Web
from tests.console.library import LIFTS, Shelf, shelved
from tests.conversation.fakes import PROGRAM, Bot, rows
from tests.telegram_api import TOKEN, TelegramApi

LI, WANG = 7, 8
ANSWER = "There is a gym in the harbor house, open from six to ten."
ANSWER_ZH = "港口大楼里有健身房，六点到十点开放。"


@pytest.fixture
async def shelf(web: Web, indexed: KnowledgeConfig, tmp_path: Path) -> AsyncIterator[Shelf]:
    """The harbor's documents behind the console, and what works on gaps."""
    async with shelved(web.desk, indexed) as shelf:
        services = web.desk.console.services
        gaps = GapDesk(web.desk.database, QuestionMeanings(), detect, PROGRAM)
        object.__setattr__(services, "gaps", gaps)
        yield shelf


@asynccontextmanager
async def founders(web: Web, shelf: Shelf) -> AsyncIterator[tuple[TelegramApi, Bot]]:
    """Two founders in the emulator's chats, and a bot that answers and announces."""
    async with TelegramApi() as api:
        api.join(LI, "Li Wei", username="liwei", language="en")
        api.join(WANG, "Wang", username="wang", language="zh-hans")
        channel = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
        bot = Bot(web.desk.database, channel=channel, knowledge=shelf.knowledge, clock=web.desk.clock)  # type: ignore[arg-type]
        stop = asyncio.Event()
        work = [
            asyncio.create_task(bot.dispatcher.serve(stop)),
            asyncio.create_task(Announcing(bot.services, channel, "w1").run(stop)),
        ]
        yield api, bot
        stop.set()
        await asyncio.gather(*work)
        await channel.close()


async def ask(api: TelegramApi, bot: Bot, who: int, text: str) -> None:
    await api.say(who, text)
    await api.wait_until_read()
    await bot.dispatcher.settled("telegram", str(who))


async def hears(api: TelegramApi, who: int, words: str) -> None:
    async with asyncio.timeout(30):
        while not any(words in (sent.text or "") for sent in api.messages(who)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_gap_is_closed_and_everyone_who_asked_gets_the_answer(web: Web, shelf: Shelf) -> None:
    async with founders(web, shelf) as (api, bot):
        await ask(api, bot, LI, "Is there a gym in the building?")
        await ask(api, bot, WANG, "楼里有健身房吗")
        page = await web.open("/gaps", as_="editor")
        await page.get_by_role("button", name="Look for new ones").click()
        await expect(page.locator(".conversation-line")).to_have_count(1)
        await expect(page.locator(".conversation-line")).to_contain_text("2 founders asked")
        await page.locator(".line-head a").click()
        await expect(page.locator("#asked + p + ol li")).to_have_count(2)
        await page.fill("#title_en", "Is there a gym in the building?")
        await page.fill("#text_en", ANSWER)
        await page.fill("#title_zh", "楼里有健身房吗？")
        await page.fill("#text_zh", ANSWER_ZH)
        await page.get_by_role("button", name="Save and try it out").click()
        await web.desk.console.trials.settled()
        await expect(page.locator("#trial")).to_contain_text("No golden question breaks", timeout=60_000)
        await expect(page.locator("#trial")).to_contain_text("Before: 1 of 1 golden questions right")
        await expect(page.locator("#trial")).to_contain_text("After: 1 of 1 right")
        await web.check(page)
        await page.get_by_role("button", name="Publish").click()
        await web.desk.console.trials.settled()
        await expect(page.locator("#trial")).to_contain_text("The bot answers from it", timeout=60_000)
        assert await shelf.desk.published()
        await page.reload()
        probe = page.locator("section", has=page.locator("#now"))
        await expect(probe).to_contain_text(ANSWER, timeout=20_000)
        await expect(probe).to_contain_text(ANSWER_ZH)
        await page.get_by_role("button", name="Send it to everyone who asked").click()
        await page.locator("#confirm [data-yes]").click()
        await expect(page.locator(".toast")).to_contain_text("on its way to 2 people")
        await hears(api, LI, ANSWER)
        await hears(api, WANG, ANSWER_ZH)
    saved = {row["document_id"]: row for row in await rows(web.desk.database, "document_versions")}
    assert {"en/faq-1", "zh/faq-1"} <= set(saved)
    assert (saved["en/faq-1"]["origin"], saved["en/faq-1"]["twin"]) == ("faq", "zh/faq-1")


async def test_an_answer_that_would_break_a_golden_question_cannot_be_published(
    web: Web, shelf: Shelf
) -> None:
    await shelf.asked("What does the soup in the canteen cost?")
    page = await web.open("/gaps", as_="editor")
    await page.get_by_role("button", name="Look for new ones").click()
    await page.locator(".line-head a").first.click()
    await page.fill("#title_en", LIFTS)
    await page.fill("#text_en", f"{LIFTS} The crane lifts nine tonnes. How much the crane lifts: nine.")
    await page.get_by_role("button", name="Save and try it out").click()
    await expect(page.locator("#trial")).to_contain_text("would break", timeout=60_000)
    await expect(page.locator("#trial")).to_contain_text(LIFTS)
    await expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    assert await rows(web.desk.database, "document_versions") == []
    await page.reload()
    await expect(page.locator("#title_en")).to_have_value(LIFTS)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_of_gaps_are_accessible_and_fit_a_phone(
    web: Web, shelf: Shelf, language: Language
) -> None:
    for question in ("Is there a gym in the building?", "楼里有健身房吗", "What does the soup cost?"):
        await shelf.asked(question)
    gaps = web.desk.console.services.gaps
    assert gaps is not None
    await gaps.regroup()
    anna = await web.desk.person("editor", "Anna Weber", language=language)
    page = await web.open("/gaps", as_=anna, language=language)
    for name, path in (("gaps", "/gaps"), ("gap", "/gaps/1")):
        await page.goto(web.url + path)
        if name == "gap":
            await expect(
                page.locator("section", has=page.locator("#now")).locator("ol").first
            ).to_be_visible()
            await page.locator("[name=question]").first.check()
            await page.locator("[name=question]").first.uncheck()
            await page.locator("h1").click()
        await web.look_over(page, name)


async def test_nothing_a_founder_asked_runs(web: Web, shelf: Shelf) -> None:
    await shelf.asked(SCRIPT)
    gaps = web.desk.console.services.gaps
    assert gaps is not None
    await gaps.regroup()
    page = await web.open("/gaps", as_="editor")
    await page.locator(".line-head a").first.click()
    await expect(page.locator("h1")).to_have_text(SCRIPT)
    await expect(page.locator("section", has=page.locator("#now"))).to_contain_text("<script>")
    await page.fill("#title_en", SCRIPT)
    await page.fill("#text_en", f"{SCRIPT} soup")
    await page.get_by_role("button", name="Save and try it out").click()
    await expect(page.locator("#trial")).to_contain_text("After:", timeout=60_000)
    await expect(page.locator("#title_en")).to_have_value(SCRIPT)


async def test_two_staff_on_one_gap_see_a_conflict_and_keep_what_they_wrote(web: Web, shelf: Shelf) -> None:
    await shelf.asked("What does the soup in the canteen cost?")
    gaps = web.desk.console.services.gaps
    assert gaps is not None
    await gaps.regroup()
    page = await web.open("/gaps/1", as_="editor")
    await page.fill("#title_en", "Soup")
    await page.fill("#text_en", "Three crowns, written by the slower one.")
    bea = await web.desk.person("editor", "Bea")
    await gaps.decide(1, 1, bea, dismissed_for="not ours")
    await page.get_by_role("button", name="Save and try it out").click()
    await expect(page.locator("main")).to_contain_text("Somebody was faster")
    await expect(page.locator("main")).to_contain_text("written by the slower one")
    await page.goto(web.url + "/gaps/1")
    await expect(page.locator("main")).to_contain_text("not ours")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_contain_text("Open again")
