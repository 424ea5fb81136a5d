"""Applications in a real browser: found, read, asked about and decided, by keyboard and in both themes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import expect

from storage.application_records import StoredAnswer
from tests.console.browser import SCRIPT, Language, Web
from tests.conversation.applications import change, harbor, record_of, submitted
from tests.conversation.fakes import rows

COMPANIES = ("蓝鲸造船", "Blue Whale Boats", "静水科技", "Harbor Robotics", "潮汐能源")


async def five_applications(web: Web) -> int:
    """Five companies; the last one has been changed, asked about and answered. Returns its id."""
    console = web.desk.console
    object.__setattr__(console, "services", replace(console.services, form=harbor()))
    database, clock = web.desk.database, web.desk.clock
    application = 0
    for number, name in enumerate(COMPANIES):
        clock.pass_by(hours=7)
        answers = {
            "company_name": StoredAnswer(name),
            "one_sentence": StoredAnswer("安静的港口需要安静的船 / Quiet boats for quiet harbors"),
            "team_size": StoredAnswer(7, "we are seven, two of us part-time"),
            "funding": StoredAnswer({"value": 1_500_000, "currency": "CNY"}, "150万"),
            "evil": StoredAnswer(SCRIPT, SCRIPT),
        }
        application = await submitted(database, f"founder{number}", answers=answers)
        async with database.unit_of_work() as work:
            if number == 1:
                await work.applications.set_status(application, "accepted", "王芳")
            if number == 2:
                await work.applications.withdraw(application)
            if number == 3:
                await work.applications.ask_follow_up(application, asked_by="王芳", question="How long?")
    await again(web, application)
    async with database.unit_of_work() as work:
        asked = await work.applications.ask_follow_up(application, asked_by="王芳", question="船有多长？")
        await work.applications.answer_follow_up(asked.id, "九米，吃水一米二。", message_id=None)
    return application


async def again(web: Web, application: int) -> None:
    """Submit once more, with another sentence."""
    async with web.desk.database.unit_of_work() as work:
        await work.applications.begin_amend(application)
    await change(web.desk.database, application, "one_sentence", "更安静的船 / Even quieter boats")
    async with web.desk.database.unit_of_work() as work:
        given = {
            "shared" if whose is None else str(whose): {
                key: {"data": one.data, "wording": one.wording, "skipped": one.skipped}
                for key, one in answers.items()
            }
            for whose, answers in (await work.applications.all_answers(application)).items()
        }
        await work.applications.submit(
            application,
            number=None,
            snapshot={"track": "berth", "answers": given},
            late=False,
            message_id=None,
        )


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_applications_are_accessible_fit_a_phone_and_run_nothing(web: Web, language: Language) -> None:
    application = await five_applications(web)
    owner = await web.desk.person("owner", "王芳", language=language)
    page = await web.open("/applications", as_=owner, language=language)
    for name, path in (
        ("applications", "/applications"),
        ("application", f"/applications/{application}"),
        ("application-versions", f"/applications/{application}?version=2&against=1"),
    ):
        await page.goto(web.url + path)
        await web.look_over(page, name)
    await expect(page.locator(".answers").last).to_contain_text(SCRIPT)


async def test_a_reviewer_decides_with_the_keyboard_and_a_slower_one_is_told(web: Web) -> None:
    application = await five_applications(web)
    page = await web.open("/applications", as_=await web.desk.person("reviewer", "One"))
    slower = await web.open(f"/applications/{application}", as_=await web.desk.person("reviewer", "Two"))
    await page.keyboard.press("/")
    await page.keyboard.type("潮汐")
    await page.keyboard.press("Enter")
    await expect(page.locator("#results")).to_contain_text("1 application")
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("潮汐能源")
    await page.keyboard.press("n")
    await page.keyboard.type("May we see it sail?")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#questions")).to_contain_text("Not answered yet")
    await page.select_option("[name=status]", "accepted")
    await page.fill("[name=note]", "Welcome aboard")
    await page.get_by_role("button", name="Set and tell").click()
    await page.locator("#confirm [data-yes]").click()
    await expect(page.locator(".toast")).to_contain_text("the founder is told")
    assert (await record_of(web.desk.database, application)).status == "accepted"
    await slower.select_option("[name=status]", "declined")
    await slower.fill("[name=note]", "Too heavy")
    await slower.get_by_role("button", name="Set and tell").click()
    await slower.locator("#confirm [data-yes]").click()
    await expect(slower.locator(".kept")).to_contain_text("Too heavy")
    await web.check(slower)
    await slower.get_by_role("button", name="See how it stands now").click()
    await expect(slower.locator("h1")).to_have_text("潮汐能源")
    assert (await record_of(web.desk.database, application)).status == "accepted"
    stored = [row["text"] for row in await rows(web.desk.database, "messages")]
    assert any("Welcome aboard" in text for text in stored)
    assert not any("Too heavy" in text for text in stored)
