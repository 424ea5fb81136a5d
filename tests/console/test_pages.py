"""Pages as staff see them."""

from __future__ import annotations

import pytest

from tests.console.desk import Desk, text_of

PAGES = ("/", "/staff", "/audit", "/account", "/api")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_opens_in_both_languages(desk: Desk, path: str, language: str) -> None:
    browser = await desk.browser(await desk.person("owner", "王芳", language=language))
    page = await browser.get(path)
    assert page.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in page.text
    assert "王芳" in page.text


async def test_the_audit_log_is_filtered_and_continued(desk: Desk) -> None:
    owner = await desk.person("owner", "Wang Fang")
    other = await desk.person("editor", "Li Na")
    async with desk.database.unit_of_work() as work:
        for number in range(120):
            await work.audit.note("staff.role", actor="Wang Fang", staff_id=owner.id, details={"n": number})
        await work.audit.note("staff.add", actor="Li Na", staff_id=other.id)
    browser = await desk.browser(owner)
    first = await browser.get("/audit", person=owner.id)
    assert first.text.count("n: ") == 50
    assert "n: 119<" in first.text
    more = (
        first.text.partition('class="more"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    )
    second = await browser.get(more)
    assert "n: 69<" in second.text
    assert "n: 70<" not in second.text
    only = await browser.get("/audit", action="staff.add", htmx=True)
    assert "<html" not in only.text
    assert "Li Na" in text_of(only)
    assert "n: " not in only.text
