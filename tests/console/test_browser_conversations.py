"""Conversations in a real browser: reviewed by keyboard, taken over and given back, read in both themes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import expect

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from handlers.texts import Texts
from tests.console.browser import SCRIPT, Language, Web
from tests.console.talks import bot_beside
from tests.conversation.fakes import Bot, answered, payload, refused, rows
from tests.telegram_api import TOKEN, TelegramApi

EN = Texts("en")
LI = 7
ASKED = (
    ("Ann Weber", "How much is the rent for a desk in the base, and does it go up?"),
    ("李娜", "入驻要多少租金？团队有七个人，电话 138 1234 5678"),
    ("Chen Jie", "What does the flat white in the cafeteria cost?"),
    ("Maria Rossi", "Does BMW take shares of the company after the pilot?"),
    ("王伟", "试点最长多久？"),
    ("Jonas", "Who helps with the visa? Write to jonas@mail.example.org"),
    ("赵敏", "可以用阿里云的资源吗？"),
    ("Sofia", "When can I apply in 2027?"),
    ("Ken", "Is the Wi-Fi any good?"),
    ("陈晨", "我想找一个人聊聊"),
)


async def ten_founders(bot: Bot) -> None:
    """Ten founders, among them questions without an answer, ratings, and wishes for a person."""
    for number, (name, text) in enumerate(ASKED):
        chat = f"c{number}"
        unknown = "flat white" in text or "Wi-Fi" in text
        topic = "What are the rent and the desk prices?"
        told = refused(text, topic) if unknown else answered(text, confidence=0.55 + number / 25)
        bot.knowledge.script = [told]
        who = {"sender_name": name, "username": f"user_{number}"}
        (reply,) = await bot.send(chat, text=text, **who)
        if number % 3 == 0 and not unknown:
            rating = payload(reply, "unhelpful" if number == 3 else "helpful")
            await bot.send(chat, kind="button", button=rating, button_message="m1", **who)
        if number in (2, 9):
            await bot.send(chat, kind="command", command="human", text="/human", **who)
        bot.clock.pass_by(minutes=17)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_of_conversations_are_accessible_and_fit_a_phone(web: Web, language: Language) -> None:
    async with bot_beside(web.desk) as bot:
        await ten_founders(bot)
    anna = await web.desk.person("owner", "Anna Weber", language=language)
    async with web.desk.database.unit_of_work() as work:
        kinds = {"messages": 1234, "traces": 617, "inbox": 3}
        report = {kind: {"days": 365, "removed": number} for kind, number in kinds.items()}
        await work.retention.note(web.desk.clock(), report)
    chat = (await rows(web.desk.database, "conversations"))[2]["id"]
    page = await web.open("/conversations", as_=anna, language=language)
    for name, path in (
        ("conversations", "/conversations"),
        ("conversations-search", "/conversations?q=rent&unreviewed=1"),
        ("conversation", f"/conversations/{chat}"),
        ("handovers", "/handovers"),
        ("retention", "/retention"),
    ):
        await page.goto(web.url + path)
        if name == "conversation":
            await page.locator(".trace summary").first.click()
        await web.look_over(page, name)


async def test_ten_conversations_are_reviewed_with_the_keyboard_alone(web: Web) -> None:
    async with bot_beside(web.desk) as bot:
        await ten_founders(bot)
    page = await web.open("/conversations", as_="reviewer")
    await page.locator("label", has_text="Unreviewed").click()
    await expect(page).to_have_url(re.compile("unreviewed=1"))
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.from-founder").first).to_contain_text("我想找一个人聊聊")
    seen = []
    for number in range(10):
        seen.append(await page.locator("h1").inner_text())
        if number == 3:
            await page.keyboard.press("n")
            await page.keyboard.type("Ask the cafeteria")
            await page.keyboard.press("Control+Enter")
            await expect(page.locator(".note")).to_contain_text("Ask the cafeteria")
            await page.keyboard.press("t")
            await page.keyboard.type("Cafeteria")
            await page.keyboard.press("Enter")
            await expect(page.locator(".badge.tag")).to_contain_text("cafeteria")
        await page.keyboard.press("r")
        await expect(page.locator(".toast")).to_contain_text("Marked as reviewed")
    assert len(set(seen)) == 10
    await expect(page.locator(".empty-title")).to_have_text("No conversations here")
    found = await rows(web.desk.database, "conversation_summaries")
    assert all(row["reviewed_message_id"] == row["last_message_id"] for row in found)


async def test_filters_work_without_a_page_of_their_own_and_stay_in_the_address(web: Web) -> None:
    async with bot_beside(web.desk) as bot:
        await ten_founders(bot)
        page = await web.open("/conversations", as_="viewer")
        await page.keyboard.press("/")
        await page.keyboard.type("flat white")
        await page.keyboard.press("Enter")
        await expect(page.locator(".conversation-line")).to_have_count(1)
        await expect(page.locator("mark").first).to_be_visible()
        await expect(page.locator("#view-handover")).to_have_text("2")
        await page.reload()
        await expect(page.locator(".conversation-line")).to_have_count(1)
        await page.locator(".conversation-line a").click()
        await expect(page.locator(".message").first).to_be_visible()
        await bot.say("And an espresso?", "c2", sender_name="Chen Jie", username="user_2")
        await expect(page.locator(".message").last).to_contain_text(
            "Answer to: And an espresso?", timeout=10_000
        )


async def test_nothing_a_founder_typed_runs(web: Web) -> None:
    async with bot_beside(web.desk) as bot:
        await bot.send("evil", text=SCRIPT, sender_name=SCRIPT, username="x")
        await bot.send("evil", kind="file", text=SCRIPT, sender_name=SCRIPT, username="x", unsupported=SCRIPT)
        await bot.send(
            "evil", kind="command", command="human", text="/human", sender_name=SCRIPT, username="x"
        )
    page = await web.open("/conversations?q=script", as_="owner")
    await page.locator(".conversation-line a").first.click()
    await page.fill("textarea[data-key=n]", SCRIPT)
    await page.keyboard.press("Control+Enter")
    await page.fill("input[data-key=t]", SCRIPT[:40])
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Show personal data").click()
    await page.locator("#confirm [data-yes]").click()
    await expect(page.locator("h1")).to_have_text(SCRIPT)
    for path in ("/handovers", "/conversations", "/audit"):
        await page.goto(web.url + path)
        await expect(page.locator("h1")).to_be_visible()


# --- a talk between a person and a founder ------------------------------------------------------------


@dataclass
class Chat:
    """A founder in the emulator's chat, beside a console."""

    api: TelegramApi
    bot: Bot

    async def say(self, text: str) -> str:
        before = len(self.api.messages(LI))
        await self.api.say(LI, text)
        await self.api.wait_until_read()
        await self.bot.dispatcher.settled("telegram", str(LI))
        return "\n".join(sent.text or "" for sent in self.api.messages(LI)[before:])

    async def hears(self, words: str) -> None:
        async with asyncio.timeout(10):
            while not any(words in (sent.text or "") for sent in self.api.messages(LI)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@pytest.fixture
async def chat(web: Web) -> AsyncIterator[Chat]:
    async with TelegramApi() as api:
        api.join(LI, "Li Wei", username="liwei", language="en")
        channel = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
        bot = Bot(web.desk.database, channel=channel, clock=web.desk.clock)  # type: ignore[arg-type]
        object.__setattr__(web.desk.console, "nudge", bot.dispatcher.look_now)
        stop = asyncio.Event()
        serving = asyncio.create_task(bot.dispatcher.serve(stop))
        yield Chat(api, bot)
        stop.set()
        await serving
        await channel.close()


async def test_a_person_takes_a_conversation_over_and_gives_it_back(web: Web, chat: Chat) -> None:
    await chat.say("How much is the rent?")
    assert "team will see it" in await chat.say("/human")
    page = await web.open("/", as_=await web.desk.person("reviewer", "Anna Weber"))
    await page.keyboard.press("g")
    await page.keyboard.press("w")
    await expect(page.locator(".said")).to_have_text("How much is the rent?")
    await page.get_by_role("button", name="Take over").click()
    await expect(page.locator("#hand")).to_contain_text("You are talking with this founder")
    await chat.hears(EN("human.taken", name="Anna Weber"))
    asked = len(chat.bot.knowledge.questions)
    assert await chat.say("Are you a person?") == ""
    assert len(chat.bot.knowledge.questions) == asked
    await expect(page.locator(".message").last).to_contain_text("Are you a person?", timeout=10_000)
    await page.set_viewport_size({"width": 1280, "height": 500})
    await page.focus("#reply")
    await page.keyboard.type("Half a sen")
    stands = await page.evaluate("document.querySelector('#reply').getBoundingClientRect().top")
    await chat.say("Hello?\n\nOr are you\n\na machine?")
    await expect(page.locator(".message").last).to_contain_text("a machine?", timeout=10_000)
    moved = await page.evaluate("document.querySelector('#reply').getBoundingClientRect().top") - stands
    assert abs(moved) < 2, "what is being written stays where it is"
    await expect(page.locator("#reply")).to_have_value("Half a sen")
    await page.fill("#reply", "")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.locator("h1").click()
    await page.keyboard.press("w")
    await page.keyboard.type("Yes, I am. The rent is in the price list.")
    await page.keyboard.press("Control+Enter")
    await chat.hears("👤 Anna Weber\nYes, I am. The rent is in the price list.")
    await expect(page.locator(".message.from-staff")).to_contain_text("price list", timeout=10_000)
    await web.check(page)
    await web.picture(page, "handover")
    await page.get_by_role("button", name="Give back to the bot").click()
    await expect(page.locator(".toast")).to_contain_text("The bot answers again")
    await chat.hears(EN("human.released", name="Anna Weber"))
    assert "Answer to: And the desk?" in await chat.say("And the desk?")
    await expect(page.locator(".message").last).to_contain_text("Answer to: And the desk?", timeout=10_000)
