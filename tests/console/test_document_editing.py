"""Documents are written in the console: tried out, published, refused, and never lost."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from handlers.review.drafts import Draft
from tests.console.browser import SCRIPT
from tests.console.desk import Browser, Desk, text_of
from tests.console.library import LEAVES, LIFTS, Shelf

CRANE = {
    "id": "en/crane",
    "language": "en",
    "title": "Crane",
    "markdown": f"## {LIFTS}\n\nThe new crane lifts twelve tonnes.\n",
    "twin": "zh/crane",
    "based_on": "0",
}
RED = "## What color is the crane?\n\nThe crane is red.\n"
FERRY = {
    "id": "",
    "fresh": "1",
    "language": "en",
    "title": "Ferry",
    "markdown": f"## {LEAVES}\n\nThe ferry leaves at seven.\n",
    "based_on": "0",
}


async def save(browser: Browser, form: dict[str, Any], **changes: Any) -> httpx.Response:
    """Send the form and look at what came of it."""
    sent = await browser.post("/documents/save", {**form, **changes}, htmx=True)
    return await outcome(browser, sent)


async def outcome(browser: Browser, started: httpx.Response) -> httpx.Response:
    """Wait for a trial that an answer speaks of."""
    found = re.search(r"/documents/trials/[\w-]+", started.text or started.headers.get("location", ""))
    if found is None:
        return started
    await browser.desk.console.trials.settled()
    return await browser.client.get(found[0], params={"form": "1"}, headers={"HX-Request": "true"})


async def test_an_edit_is_tried_out_published_and_probed(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser(await desk.person("editor", "Ada"))
    form = await browser.get("/documents/edit/en/crane", q=LIFTS)
    assert "The old crane lifts nine tonnes." in form.text
    assert 'value="2025-01-15"' in form.text
    assert "https://harbor.example.org/crane" in form.text
    done = await save(browser, CRANE, probe=LIFTS, note="bought a new one")
    words = text_of(done)
    assert "Published as version 1" in words
    assert "After: 1 of 1 right" in words
    assert "twelve tonnes" in words.partition("Now")[2].partition("Before")[0]
    assert 'name="based_on" value="1"' in done.text, "the form goes on from the new version"
    assert "twelve" in (await shelf.knowledge.ask(LIFTS)).text
    versions = text_of(await browser.get("/documents/versions/en/crane"))
    assert "1 counts now Ada" in versions
    assert "bought a new one" in versions
    log = text_of(await (await desk.browser("owner")).get("/audit"))
    assert "saved a document" in log


async def test_what_breaks_a_golden_question_is_published_by_an_owner_alone(desk: Desk, shelf: Shelf) -> None:
    editor = await desk.browser("editor")
    refused = await save(editor, CRANE, markdown=RED)
    words = text_of(refused)
    assert "Not published: golden questions break" in words
    assert "After: 0 of 1 right" in words
    assert "nine tonnes" in words, "what was answered before"
    assert "/force" not in refused.text
    assert "nine" in (await shelf.knowledge.ask(LIFTS)).text
    owner = await desk.browser("owner")
    refused = await save(owner, CRANE, markdown=RED)
    path = re.search(r"/documents/trials/[\w-]+/force", refused.text)
    assert path
    assert (await editor.post(path[0])).status_code == 403
    other = await desk.browser(await desk.person("owner", "Other"))
    assert (await other.post(path[0])).status_code == 404, "somebody else's trial"
    forced = await outcome(owner, await owner.post(path[0], htmx=True))
    assert "Published as version 1" in text_of(forced)
    assert "broken: 1" in text_of(await owner.get("/audit"))


@pytest.mark.parametrize("script", [True, False])
async def test_two_who_edit_one_document_lose_nothing(desk: Desk, shelf: Shelf, script: bool) -> None:
    ada = await desk.browser(await desk.person("editor", "Ada"))
    ben = await desk.browser(await desk.person("editor", "Ben"))
    assert "version 1" in text_of(await save(ada, CRANE))
    mine = f"## {LIFTS}\n\nThe new crane lifts twelve tonnes, on Sundays ten.\n"
    sent = await ben.post("/documents/save", {**CRANE, "markdown": mine}, htmx=script)
    assert sent.status_code == (200 if script else 409)
    words = text_of(sent)
    assert "Ada saved version 1" in words
    assert "The new crane lifts twelve tonnes." in words, "what Ada wrote"
    assert "on Sundays ten" in words, "what Ben wrote"
    assert "<ins>The new crane lifts twelve tonnes, on Sundays ten.</ins>" in sent.text
    assert "on Sundays" not in (await shelf.knowledge.ask(LIFTS)).text
    assert "version 2" in text_of(await save(ben, CRANE, markdown=mine, over="1"))
    versions = text_of(await ben.get("/documents/versions/en/crane", a="1", b="2"))
    assert "Ada" in versions
    assert "Ben" in versions


async def test_a_save_that_loses_the_race_while_it_is_tried_out_shows_both_texts(
    desk: Desk, shelf: Shelf
) -> None:
    ben = await desk.browser(await desk.person("editor", "Ben"))
    ada = await desk.person("editor", "Ada")
    form = {**CRANE, "markdown": f"## {LIFTS}\n\nThe crane lifts what Ben says.\n"}
    sent = await ben.post("/documents/save", form, htmx=True)
    async with desk.database.unit_of_work() as work:
        theirs = Draft.of(CRANE).document("edited", desk.console.services.program.timezone)
        await work.documents.save(theirs, author=ada.name, staff_id=ada.id)
    done = await outcome(ben, sent)
    words = text_of(done)
    assert "Ada saved version 1" in words
    assert "what Ben says" in words
    assert 'name="over" value="1"' in done.text


async def test_what_cannot_be_saved_is_said_at_its_field_and_stays_in_the_form(
    desk: Desk, shelf: Shelf
) -> None:
    browser = await desk.browser("editor")
    wrong = {
        **FERRY,
        "title": " ",
        "markdown": "…",
        "twin": "no spaces allowed",
        "sources": "ftp://example.org/x",
        "as_of": "yesterday",
    }
    page = await browser.post("/documents/save", wrong)
    assert page.status_code == 422
    assert "Write a day such as" in text_of(page)
    page = await browser.post(
        "/documents/save", {**wrong, "as_of": "", "from_day": "2026-05-02", "until_day": "2026-05-01"}
    )
    words = text_of(page)
    for said in (
        "It would end before it begins.",
        "Please fill this in.",
        "There is no text that could be found.",
        "Use letters, digits, dots, hyphens and slashes.",
        "Write full addresses",
    ):
        assert said in words
    assert 'value="no spaces allowed"' in page.text
    assert "ftp://example.org/x" in page.text
    taken = await browser.post("/documents/save", {**FERRY, "id": "en/crane"})
    assert "There is a document of this name already" in text_of(taken)


async def test_a_new_document_gets_a_name_days_and_is_found_at_once(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("editor")
    assert (await browser.get("/documents/new")).status_code == 200
    done = await save(
        browser, FERRY, until_day="2099-12-31", from_day="2020-01-01", from_time="09:30", probe=LEAVES
    )
    assert "Published as version 1" in text_of(done)
    assert "seven" in text_of(done)
    page = text_of(await browser.get("/documents/view/en/ferry"))
    assert "2020-01-01 09:30 – 2099-12-31" in page
    form = await browser.get("/documents/edit/en/ferry")
    assert 'name="until_day" value="2099-12-31"' in form.text
    assert 'name="from_time" value="09:30"' in form.text
    file = await browser.get("/documents/download/en/ferry")
    assert "valid_until: 2099-12-31" in file.text


async def test_a_version_is_compared_brought_back_and_the_folders_text_counts_again(
    desk: Desk, shelf: Shelf
) -> None:
    browser = await desk.browser("editor")
    await save(browser, CRANE)
    await save(browser, CRANE, markdown=CRANE["markdown"].replace("twelve", "thirteen"), based_on="1")
    compared = await browser.get("/documents/versions/en/crane", a="1", b="2")
    assert "<del>The new crane lifts twelve tonnes.</del>" in compared.text
    assert "<ins>The new crane lifts thirteen tonnes.</ins>" in compared.text
    from_folder = await browser.get("/documents/versions/en/crane", a="folder", b="1")
    assert "<del>The old crane lifts nine tonnes.</del>" in from_folder.text
    assert (await browser.get("/documents/versions/en/crane", a="9", b="1")).status_code == 404
    back = await browser.post("/documents/restore/en/crane", {"version": "1", "based_on": "2"})
    assert "Published as version 3" in text_of(await outcome(browser, back))
    assert "twelve" in (await shelf.knowledge.ask(LIFTS)).text
    gone = await browser.post("/documents/remove/en/crane", {"based_on": "3"})
    assert "Removed" in text_of(await outcome(browser, gone))
    assert "nine" in (await shelf.knowledge.ask(LIFTS)).text
    assert "file counts" in text_of(await browser.get("/documents/versions/en/crane"))
    stale = await browser.post("/documents/restore/en/crane", {"version": "1", "based_on": "3"})
    assert "Somebody else has saved" in text_of(await outcome(browser, stale))


async def test_a_removed_document_is_found_again_and_brought_back(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("editor")
    await save(browser, FERRY)
    await outcome(browser, await browser.post("/documents/remove/en/ferry", {"based_on": "1"}))
    listed = text_of(await browser.get("/documents"))
    assert "1 removed document" in listed
    assert "This document is removed" in text_of(await browser.get("/documents/view/en/ferry"))
    again = await browser.post("/documents/restore/en/ferry", {"version": "1", "based_on": "2"})
    assert "Published as version 3" in text_of(await outcome(browser, again))
    assert "removed document" not in text_of(await browser.get("/documents"))


async def test_a_file_is_read_into_the_form_and_nothing_is_saved(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("editor")
    text = "---\nlanguage: en\nvalid_until: 2099-01-31\n---\n# Ferry\n\n## When?\n\nAt seven.\n"
    page = await browser.post("/documents/upload", files={"file": ("Ferry times.md", text.encode())})
    assert "The file was read." in text_of(page)
    assert 'value="2099-01-31"' in page.text
    assert "At seven." in page.text
    over = text.replace("language: en", "language: en\nid: en/crane")
    page = await browser.post("/documents/upload", files={"file": ("crane.md", over.encode())})
    assert "makes a new version of it" in text_of(page)
    assert "Ferry" not in text_of(await browser.get("/documents"))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("broken.pdf", b"%PDF-1.4 not really", "cannot be read"),
        ("broken.docx", b"PK\x03\x04 not really", "cannot be read"),
        ("picture.png", b"\x89PNG\r\n", "cannot be read"),
        ("empty.md", b"", "cannot be read"),
        ("yaml.md", b"---\nid: [\ntitle: x\n---\nText", "cannot be read"),
        ("", b"", "Choose a file first"),
    ],
)
async def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    desk: Desk, shelf: Shelf, name: str, data: bytes, said: str
) -> None:
    browser = await desk.browser("editor")
    page = await browser.post("/documents/upload", files={"file": (name, data)} if name else {"x": ("", b"")})
    assert page.status_code == 422
    assert said in text_of(page)
    chinese = await desk.browser(await desk.person("editor", "李娜", language="zh"))
    page = await chinese.post("/documents/upload", files={"file": (name, data)} if name else {"x": ("", b"")})
    reason = page.text.partition("文件无法读取：")[2].partition("<")[0]
    assert bool(reason) is bool(name)
    assert not re.search(r"\b(is|has|holds|not)\b", reason)


async def test_a_file_that_is_too_large_is_refused(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("editor")
    page = await browser.post("/documents/upload", files={"file": ("big.txt", b"x" * (20 * 1024 * 1024 + 1))})
    assert page.status_code == 413
    assert "larger than 20 MB" in text_of(page)
    page = await browser.post("/documents/upload", files={"file": ("big.txt", b"x" * (26 * 1024 * 1024))})
    assert page.status_code == 413


async def test_the_preview_is_harmless_and_counts_passages(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("editor")
    page = await browser.post(
        "/documents/preview",
        {"markdown": f"## A\n\n{SCRIPT} [x](javascript:alert(1))\n\n## B\n\n**b**"},
        htmx=True,
    )
    assert "2 passages" in text_of(page)
    assert "<strong>b</strong>" in page.text
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "javascript:" not in page.text.replace("[x](javascript:alert(1))", "")
    long = await browser.post("/documents/preview", {"markdown": "x" * 200_001})
    assert "too long" in text_of(long)


async def test_readers_see_no_way_to_change_anything(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("reviewer")
    for path in ("", "/view/en/crane", "/versions/en/crane"):
        page = await browser.get(f"/documents{path}")
        assert "/documents/edit" not in page.text
        assert "/documents/new" not in page.text
        assert "/documents/remove" not in page.text
    assert (await browser.get("/documents/edit/en/crane")).status_code == 403
    assert (await browser.post("/documents/save", CRANE)).status_code == 403
