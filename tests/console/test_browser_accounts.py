"""Signing in in a real browser: second factor, Telegram, the pages in between, and errors."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from playwright.async_api import Route, expect

from storage.database import Database
from tests.console.browser import Language, Web, free_address, served
from tests.console.desk import PASSWORD, Desk, console_of
from tests.console.test_telegram import TOKEN, linked, signed
from tests.conversation.fakes import Clock


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_second_factor_is_set_up_and_used(
    web: Web, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyotp, "random_base32", lambda: "AB" * 16)
    person = await web.desk.person("editor", "Chen Jie", language=language)
    page = await web.open("/account", as_=person, language=language)
    await page.fill("[name=factor_password]", PASSWORD)
    await page.locator("form[action='/account/second-factor/begin'] button").click()
    await web.check(page)
    await web.picture(page, "second-factor")
    totp = pyotp.TOTP(await page.locator("#secret").inner_text())
    await page.fill("[name=code]", totp.at(web.desk.clock.now))
    await page.keyboard.press("Enter")
    await expect(page.locator("#codes li")).to_have_count(10)
    await web.check(page)
    web.desk.clock.pass_by(seconds=31)

    fresh = await web.open("/sign-in", language=language, theme="dark")
    await fresh.fill("[name=name]", "Chen Jie")
    await fresh.fill("[name=password]", PASSWORD)
    await fresh.keyboard.press("Enter")
    await expect(fresh.locator("[name=code]")).to_be_focused()
    await web.check(fresh)
    await fresh.keyboard.type(totp.at(web.desk.clock.now))
    await fresh.keyboard.press("Enter")
    await expect(fresh.locator("h1")).to_contain_text("Chen Jie")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_pages_in_between_and_errors_are_accessible(web: Web, language: Language) -> None:
    page = await web.open("/nowhere", as_="viewer", language=language, theme="dark")
    for path in ("/nowhere", "/audit"):
        await page.goto(web.url + path)
        await expect(page.locator(".error-page h1")).to_be_visible()
        await web.check(page)
    await page.goto(f"{web.url}/account")
    await page.locator("details:has([name=scope]) > summary").click()
    await page.fill("[name=name]", "report")
    await page.locator("[name=scope]").first.check()
    await web.check(page)
    await page.fill("[name=token_password]", PASSWORD)
    await page.locator("form[action='/account/tokens'] button").click()
    await expect(page.locator("#token")).to_contain_text("fb_")
    await web.check(page)
    stranger = await web.open("/welcome/no-such-link", language=language)
    await web.check(stranger)
    await web.no_sideways(stranger)


async def test_a_form_sent_twice_from_an_old_page_is_explained(web: Web) -> None:
    page = await web.open("/account", as_="viewer")
    await page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(one => one.value = 'old')")
    await page.select_option("[name=language]", "zh")
    await expect(page.locator(".error-page")).to_contain_text("Nothing was saved")


async def test_telegrams_answer_is_taken_from_behind_the_hash(
    store: Database, clock: Clock, tmp_path: Path
) -> None:
    listen = free_address()
    url = "https://desk.example.org"
    console = console_of(store, clock, tmp_path, listen=listen, url=url, telegram_token=TOKEN)
    desk = Desk(console=console, clock=clock)
    person = await linked(desk, 42)

    async def telegram(route: Route) -> None:
        """Stand in for oauth.telegram.org: whoever asks is user 42."""
        back = urlsplit(parse_qs(urlsplit(route.request.url).query)["return_to"][0])
        target = f"http://{listen}{back.path}?{back.query}#tgAuthResult={signed(desk, 42)}"
        await route.fulfill(status=302, headers={"location": target})

    async with served(desk) as web:
        context = await web.browser.new_context()
        page = await context.new_page()
        await page.route(re.compile(r"^https://oauth\.telegram\.org/"), telegram)
        await page.goto(f"http://{listen}/sign-in?lang=en")
        await page.get_by_role("button", name="Sign in with Telegram").click()
        await expect(page.locator("h1")).to_contain_text(person.name)
        assert "tgAuthResult" not in page.url
        await context.close()
    await desk.close()
