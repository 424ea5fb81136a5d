"""The console in a real browser: signing in, languages, themes, keys, accessibility, pictures."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from storage.entries import Sender
from tests.console.browser import SCRIPT, Language, Web
from tests.console.desk import PASSWORD

PAGES = {"home": "/", "staff": "/staff", "audit": "/audit", "account": "/account", "api": "/api"}


async def populate(web: Web) -> None:
    """Staff and a few actions, so that pages are as they are in use."""
    for role, name in (("editor", "李娜"), ("reviewer", "Chen Jie"), ("viewer", "Anna Weber")):
        person = await web.desk.person(role, name)  # type: ignore[arg-type]
        async with web.desk.database.unit_of_work() as work:
            await work.audit.note(
                "staff.add", actor="王芳", staff_id=1, about=("staff", person.id), details={"role": role}
            )
        web.desk.clock.pass_by(hours=5)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_are_accessible_in_both_themes_and_fit_a_phone(web: Web, language: Language) -> None:
    owner = await web.desk.person("owner", "王芳", language=language)
    await populate(web)
    page = await web.open("/", as_=owner, language=language)
    for name, path in PAGES.items():
        await page.goto(web.url + path)
        await expect(page.locator("h1")).to_be_visible()
        await web.look_over(page, name)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_somebody_signs_in_and_out(web: Web, language: Language) -> None:
    await web.desk.person("reviewer", "Chen Jie", language=language)
    page = await web.open("/audit", language=language)
    await web.check(page)
    await web.picture(page, "sign-in")
    await page.fill("[name=name]", "chen  JIE")
    await page.fill("[name=password]", "not this one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    # They came for the audit log, which is not for reviewers.
    await expect(page.locator(".error-page h1")).to_be_visible()
    await page.goto(web.url)
    await expect(page.locator("h1")).to_contain_text("Chen Jie")
    await page.locator("form[action='/sign-out'] button").click()
    await expect(page).to_have_url(f"{web.url}/sign-in")


async def test_a_link_from_the_staff_page_lets_a_new_person_in(web: Web) -> None:
    page = await web.open("/staff", as_="owner")
    await page.fill("[name=name]", "Anna Weber")
    await page.get_by_role("button", name="Add").click()
    link = await page.locator("#link").inner_text()
    await web.check(page)
    theirs = await web.open(link.removeprefix(web.url))
    await web.check(theirs)
    await theirs.fill("[name=password]", PASSWORD)
    await theirs.fill("[name=again]", PASSWORD)
    await theirs.get_by_role("button").click()
    await expect(theirs.locator("h1")).to_contain_text("Anna Weber")
    await expect(theirs.locator(".toast")).to_contain_text("signed in")


async def test_the_theme_is_switched_and_remembered(web: Web) -> None:
    page = await web.open("/", as_="viewer")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = await page.evaluate(ground)
    async with page.expect_response("**/account/theme"):
        await page.locator("[data-theme-switch] button").click()
    assert await page.evaluate(ground) != light
    await page.reload()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert await page.evaluate(ground) != light


async def test_the_language_is_chosen_and_remembered(web: Web) -> None:
    page = await web.open("/account", as_="viewer")
    await page.select_option("[name=language]", "zh")
    await expect(page.locator("h1")).to_have_text("你的账户")
    await page.goto(web.url)
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"


async def test_keys_lead_everywhere(web: Web) -> None:
    page = await web.open("/", as_="owner")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await web.check(page)
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys")).to_be_hidden()
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await expect(page).to_have_url(f"{web.url}/staff")
    await page.focus("[name=name]")
    await page.keyboard.type("gs?")
    assert await page.input_value("[name=name]") == "gs?"


async def test_fingers_find_everything_on_a_phone(web: Web) -> None:
    await web.desk.person("editor", "Li Na")
    page = await web.open("/staff", as_="owner", device="phone")
    for path in ("/staff", "/conversations", "/audit", "/account", "/#menu"):
        await page.goto(web.url + path)
        await web.no_sideways(page)
        await web.fit_for_fingers(page)


async def test_what_matters_is_asked_before(web: Web) -> None:
    await web.desk.person("editor", "Li Na")
    page = await web.open("/staff", as_="owner")
    row = page.get_by_role("row", name="Li Na")
    await row.locator("summary").click()
    await expect(row.get_by_role("button", name="Disable")).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Escape")
    await expect(row.get_by_role("button", name="Disable")).to_be_hidden()
    await page.keyboard.press("Enter")
    await row.get_by_role("button", name="Disable").click()
    await expect(page.locator("#confirm")).to_be_visible()
    await web.check(page)
    await page.locator("#confirm [data-no]").click()
    await expect(row).not_to_contain_text("disabled")
    await row.get_by_role("button", name="Disable").click()
    await page.locator("#confirm [data-yes]").click()
    await expect(page.get_by_role("row", name="Li Na")).to_contain_text("disabled")


async def test_the_log_is_filtered_without_a_new_page(web: Web) -> None:
    await populate(web)
    page = await web.open("/audit", as_="owner")
    await page.evaluate("window.same = true")
    await page.select_option("[name=action]", "staff.add")
    await expect(page).to_have_url(f"{web.url}/audit?person=&action=staff.add")
    assert await page.evaluate("window.same") is True
    await page.go_back()
    await expect(page).to_have_url(f"{web.url}/audit")


async def test_a_script_in_a_name_is_read_not_run(web: Web) -> None:
    mean = await web.desk.person("owner", SCRIPT)
    async with web.desk.database.unit_of_work() as work:
        await work.audit.note(SCRIPT, actor=SCRIPT, staff_id=mean.id, details={SCRIPT: SCRIPT})
        await work.api_tokens.issue(mean.id, SCRIPT, ["staff.see"], None)
        await work.sessions.begin(
            mean.id, "password", web.desk.console.config.limits.absolute, place=(SCRIPT, SCRIPT)
        )
    page = await web.open("/", as_=mean)
    for path in PAGES.values():
        await page.goto(web.url + path)
        assert "<script>alert(1)</script>" in await page.inner_text("body")
        assert await page.evaluate("document.querySelectorAll('img, svg[onload]').length") == 0
    await page.goto(f"{web.url}/audit?action=%3Cscript%3Ealert(1)%3C/script%3E")


async def test_the_menu_counts_who_waits_without_keeping_the_session_alive(web: Web) -> None:
    sender = Sender(channel="telegram", sender="7", chat="7", name="Li Na")
    async with web.desk.database.unit_of_work() as work:
        person = await work.founders.identify(sender)
        await work.handovers.open(person.conversation.id, person.founder.id)
    page = await web.open("/audit", as_="owner")
    asked: list[tuple[str, str | None]] = []
    page.on("request", lambda sent: asked.append((urlsplit(sent.url).path, sent.headers.get("x-background"))))
    await page.reload()
    await expect(page.locator(".sidebar .count")).to_contain_text("1")
    await web.check(page)
    async with page.expect_response("**/audit?*"):
        await page.select_option("[name=person]", "1")
    assert ("/waiting", "true") in asked
    assert asked[-1] == ("/audit", None)
