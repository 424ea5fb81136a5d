"""Documents in a real browser: read, tried, edited by two, and harmless whatever is in them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from knowledge.config import KnowledgeConfig
from tests.console.browser import SCRIPT, Language, Web
from tests.console.library import LEAVES, LIFTS, UNKNOWN, Shelf, shelved


@pytest.fixture
async def shelf(web: Web, indexed: KnowledgeConfig) -> AsyncIterator[Shelf]:
    async with shelved(web.desk, indexed) as made:
        yield made


async def write(page: Page, text: str, **fields: str) -> None:
    await page.fill("#markdown", text)
    for name, value in fields.items():
        await page.fill(f"#{name}", value)


async def publish(page: Page, number: int) -> None:
    await page.focus("#markdown")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#outcome h2")).to_contain_text(
        re.compile(rf"{number}\b|{number} 版"), timeout=20_000
    )


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_of_documents_are_accessible_and_fit_a_phone(
    web: Web, shelf: Shelf, language: Language
) -> None:
    for question in (LIFTS, LIFTS, UNKNOWN, "起重机能吊多重？"):
        await shelf.asked(question)
    ada = await web.desk.person("owner", "Ada Weber", language=language)
    page = await web.open("/documents/edit/en/crane", as_=ada, language=language)
    await expect(page.locator("#preview h3").first).to_be_visible()
    text = f"## {LIFTS}\n\nThe new crane lifts twelve tonnes.\n\n## Who may use it?\n\nEvery tenant.\n"
    await write(page, text, probe=LIFTS, note="The new crane has arrived")
    await publish(page, 1)
    await web.look_over(page, "document-published")
    for name, path in (
        ("documents", "/documents"),
        ("document", "/documents/view/en/crane"),
        ("document-passages", "/documents/view/en/crane?show=passages"),
        ("document-twin", "/documents/view/en/crane?show=twin"),
        ("document-versions", "/documents/versions/en/crane?a=folder&b=1"),
        ("document-bench", "/documents/bench?q=How+much+does+the+crane+lift%3F"),
        ("document-edit", "/documents/edit/en/crane"),
        ("document-new", "/documents/new"),
        ("twins", "/documents/twins"),
        ("twins-pair", "/documents/twins/pair/en/crane"),
    ):
        await page.goto(web.url + path)
        if name == "twins":
            await expect(page.locator("tbody .badge").last).to_be_visible(timeout=20_000)
        if "edit" in name or "new" in name:
            await expect(page.locator("#preview p").first).not_to_have_text("…")
        await web.look_over(page, name)


async def test_a_document_is_opened_edited_and_tried_with_the_keyboard_alone(web: Web, shelf: Shelf) -> None:
    page = await web.open("/", as_="editor")
    await page.keyboard.press("g")
    await page.keyboard.press("d")
    await expect(page.locator("h1")).to_have_text("Documents")
    await page.keyboard.press("/")
    await page.keyboard.type("nine tonnes")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile("q=nine"))
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Crane")
    await page.keyboard.press("e")
    await page.focus("#markdown")
    await page.keyboard.press("Control+a")
    await page.keyboard.type(f"## {LIFTS}\n\nThe crane lifts **fifteen** tonnes.\n")
    await expect(page.locator("#preview strong")).to_have_text("fifteen")
    await page.fill("#probe", LIFTS)
    await publish(page, 1)
    await expect(page.locator("#outcome .bubble")).to_contain_text("fifteen")
    await page.fill("#markdown", f"## {LIFTS}\n\nThe crane lifts sixteen tonnes.\n")
    await page.focus("#markdown")
    await publish(page, 2)


async def test_a_golden_question_stops_a_change_and_an_owner_may_force_it(web: Web, shelf: Shelf) -> None:
    page = await web.open("/documents/edit/en/crane", as_="owner")
    await write(page, "## What color is the crane?\n\nThe crane is red.\n")
    await page.click("#publish")
    await expect(page.locator("#outcome h2")).to_contain_text("Not published", timeout=20_000)
    await expect(page.locator("#outcome")).to_contain_text("nine tonnes")
    await expect(page.locator("#markdown")).to_have_value(re.compile("crane is red"))
    await web.look_over(page, "document-refused")
    await page.get_by_role("button", name="Publish all the same").click()
    await page.locator("#confirm [data-yes]").click()
    await expect(page.locator("#outcome h2")).to_contain_text("Published as version 1", timeout=20_000)


async def test_two_who_edit_one_document_see_both_texts(web: Web, shelf: Shelf) -> None:
    ada = await web.open("/documents/edit/en/crane", as_=await web.desk.person("editor", "Ada"))
    ben = await web.open("/documents/edit/en/crane", as_=await web.desk.person("editor", "Ben"))
    await write(ada, f"## {LIFTS}\n\nThe crane lifts what Ada says.\n")
    await write(ben, f"## {LIFTS}\n\nThe crane lifts what Ben says.\n")
    await ada.click("#publish")
    await expect(ada.locator("#outcome h2")).to_contain_text("version 1", timeout=20_000)
    await ben.click("#publish")
    await expect(ben.locator("#outcome h2")).to_contain_text("Somebody else has saved")
    await expect(ben.locator("#outcome del").last).to_contain_text("Ada says")
    await expect(ben.locator("#outcome ins").last).to_contain_text("Ben says")
    await expect(ben.locator("#markdown")).to_have_value(re.compile("Ben says"))
    await web.look_over(ben, "document-conflict")
    await ben.get_by_role("button", name="Try mine on top of version 1").click()
    await expect(ben.locator("#outcome h2")).to_contain_text("Published as version 2", timeout=20_000)


async def test_nothing_in_a_document_runs(web: Web, shelf: Shelf) -> None:
    page = await web.open("/documents/new", as_="owner")
    text = f"## {LEAVES}\n\nAt seven. {SCRIPT}\n\n[x](javascript:alert(1))\n"
    body = f"---\nlanguage: en\ntitle: {SCRIPT[:25]}\n---\n{text}"
    file = {
        "name": f"{SCRIPT[:25]}.md".replace("/", ""),
        "mimeType": "text/markdown",
        "buffer": body.encode(),
    }
    await page.set_input_files("#file", files=[file])  # type: ignore[list-item]
    await page.get_by_role("button", name="Read the file").click()
    await expect(page.locator("#preview")).to_contain_text("<script>")
    await write(
        page, body.partition("---\n## ")[2].join(("## ", "")), title=SCRIPT, note=SCRIPT, probe=LEAVES
    )
    await publish(page, 1)
    await expect(page.locator("#outcome .bubble")).to_contain_text("<script>")
    await page.get_by_role("button", name="Open the document").click()
    await expect(page.locator("h1")).to_have_text(SCRIPT)
    here = page.url
    for path in (
        f"{here}?show=passages",
        here.replace("/view/", "/versions/"),
        f"{web.url}/documents",
        f"{web.url}/audit",
    ):
        await page.goto(path)
        await expect(page.locator("h1")).to_be_visible()
    broken = {"name": f"{SCRIPT[:25]}.pdf".replace("/", ""), "mimeType": "application/pdf", "buffer": b"x"}
    await page.goto(f"{web.url}/documents/new")
    await page.set_input_files("#file", files=[broken])  # type: ignore[list-item]
    await page.get_by_role("button", name="Read the file").click()
    await expect(page.locator("#file-help")).to_contain_text("<script>")
