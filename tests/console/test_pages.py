"""Pages as staff see them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from bot.console.config import LANGUAGES
from bot.console.cookies import FLASH, cookie_name
from bot.console.navigation import ENTRIES
from bot.console.texts import Wording, load
from bot.console.times import ago
from knowledge import language as recognized
from storage.gap_records import GapStatus
from tests.console.desk import Desk, text_of
from tests.conversation.fakes import Clock


def test_every_page_in_the_menu_has_a_name_and_a_letter_of_its_own() -> None:
    letters = [entry.shortcut for entry in ENTRIES]
    assert len(set(letters)) == len(letters)
    assert "a" not in letters, "one's own account"
    assert all(f"nav.{entry.key}" in load()["zh"] for entry in ENTRIES)


def test_the_audit_log_has_words_for_everything_that_is_written_into_it() -> None:
    """Actions are literals wherever they are noted; gaps make theirs of where a group stands."""
    root = Path(__file__).parents[2]
    sources = [path.read_text() for room in ("bot", "handlers") for path in (root / room).rglob("*.py")]
    noted = {
        action
        for text in sources
        for action in re.findall(
            r'(?:_note|\.note)\((?:[^"()]|\([^()]*\))*?"([a-z_]+\.[a-z_]+)"', text.replace("\n", " ")
        )
    }
    assert {"staff.add", "conversation.note", "announcement.test", "gap.told", "application.ask"} <= noted
    noted |= {f"gap.{status}" for status in get_args(GapStatus) if status != "open"}
    for language in ("zh", "en"):
        assert [one for one in sorted(noted) if f"audit_action.{one}" not in load()[language]] == []


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


async def test_htmx_is_sent_to_the_sign_in_page_as_a_whole_when_a_session_has_ended(desk: Desk) -> None:
    answer = await desk.stranger().get("/audit", htmx=True)
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/sign-in"
    assert (await desk.stranger().get("/audit?person=1")).headers["location"] == (
        "/sign-in?next=%2Faudit%3Fperson%3D1"
    )


async def test_what_was_written_is_shown_again_when_the_session_has_ended_or_the_page_grown_old(
    desk: Desk,
) -> None:
    own, words = {"Origin": desk.console.config.url}, {"text": "A long <b>answer</b>"}
    gone = await desk.stranger(**own).client.post("/conversations/1/notes", data=words)
    assert gone.status_code == 401
    assert "A long &lt;b&gt;answer&lt;/b&gt;" in gone.text
    reviewer = await desk.browser("reviewer")
    old = await reviewer.client.post("/conversations/1/notes", data=words, headers=own)
    assert old.status_code == 403
    assert "A long &lt;b&gt;answer&lt;/b&gt;" in old.text
    assert 'href="/conversations/1"' in old.text
    for origin in ({}, {"Origin": "https://elsewhere.example.org"}):
        foreign = await reviewer.client.post("/conversations/1/notes", data=words, headers=origin)
        assert (foreign.status_code, "A long" in foreign.text) == (403, False)
    page_kept = await desk.stranger(**own).client.post(
        "/documents/save", data={"markdown": "# Draft"}, headers={"HX-Request": "true"}
    )
    assert (page_kept.status_code, "hx-redirect" in page_kept.headers) == (401, False)


def test_every_language_that_is_recognized_has_a_name() -> None:
    several = (code for codes in recognized._SEVERAL_LANGUAGES.values() for code in codes)
    codes = {"zh", *recognized._ONE_LANGUAGE.values(), *several, *recognized._FUNCTION_WORD_SETS}
    for spoken in LANGUAGES:
        assert {code for code in codes if f"language_name.{code}" not in Wording(spoken)} == set()


async def test_what_was_done_is_said_once_on_the_next_page(desk: Desk) -> None:
    other = await desk.person("editor", "Li Na")
    browser = await desk.browser("owner")
    token = await browser.csrf()
    sent = await browser.client.post(f"/staff/{other.id}/end-sessions", data={"csrf_token": token})
    assert sent.headers["location"] == "/staff"
    assert "Li Na is signed out everywhere." in (await browser.get("/staff")).text
    assert "is signed out everywhere." not in (await browser.get("/staff")).text
    by_htmx = await browser.post(f"/staff/{other.id}/end-sessions", htmx=True)
    assert (by_htmx.status_code, by_htmx.headers["hx-redirect"]) == (204, "/staff")


async def test_a_made_up_word_for_the_next_page_is_text(desk: Desk) -> None:
    browser = await desk.browser("viewer")
    name = cookie_name(desk.console.config, FLASH)
    for value in ("nonsense", "e30", "WyI8c2NyaXB0PiIsICJiYWQiXQ"):
        browser.client.cookies.set(name, value, domain="127.0.0.1")
        page = await browser.get("/")
        assert page.status_code == 200
        assert "<script>" not in page.text


async def test_the_language_before_signing_in_is_the_browsers_or_chosen(desk: Desk) -> None:
    for headers, path, language in (
        ({"Accept-Language": "en-GB,en;q=0.9"}, "/sign-in", "en"),
        ({"Accept-Language": "zh-TW"}, "/sign-in", "zh-CN"),
        ({"Accept-Language": "fr"}, "/sign-in", "zh-CN"),
        ({"Accept-Language": "zh"}, "/sign-in?lang=en", "en"),
        ({"Accept-Language": "zh"}, "/sign-in?lang=xx", "zh-CN"),
    ):
        browser = desk.stranger(**headers)
        page = await browser.get(path)
        assert f'<html lang="{language}"' in page.text, (headers, path)
        page = await browser.post("/sign-in", {"name": "nobody"})
        assert f'<html lang="{language}"' in page.text, "the choice is remembered"


async def test_adding_staff_says_what_is_wrong(desk: Desk) -> None:
    await desk.person("editor", "Li Na")
    browser = await desk.browser("owner")
    for form, said in (
        ({"name": "", "role": "viewer"}, "Please give a name"),
        ({"name": "12345", "role": "viewer"}, "Please give a name"),
        ({"name": "x" * 61, "role": "viewer"}, "Please give a name"),
        ({"name": "Anna", "role": "king"}, "Please give a name"),
        ({"name": " Li  Na ", "role": "viewer"}, "Li Na is there already"),
    ):
        await browser.post("/staff", form)
        assert said in text_of(await browser.get("/staff")), form


async def test_times_are_relative_with_the_exact_one_in_the_programs_zone(desk: Desk, clock: Clock) -> None:
    await desk.person("editor", "Li Na")
    clock.pass_by(days=3, hours=1)
    page = await (await desk.browser("viewer")).get("/staff")
    assert 'title="2026-11-22 17:00:00 CST" data-ago>3 days ago</time>' in page.text


async def test_what_is_long_ago_has_its_date_in_the_programs_zone(desk: Desk, clock: Clock) -> None:
    clock.pass_by(hours=8)
    await desk.person("editor", "Li Na")
    clock.pass_by(days=40)
    page = await (await desk.browser("viewer")).get("/staff")
    assert 'title="2026-11-23 01:00:00 CST" data-ago>2026-11-23</time>' in page.text


def test_distances_in_time_are_said_in_the_largest_unit() -> None:
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    english, chinese = Wording("en"), Wording("zh")
    for length, en, zh in (
        (timedelta(seconds=59), "just now", "刚刚"),
        (timedelta(minutes=1), "1 min ago", "1 分钟前"),
        (timedelta(minutes=59, seconds=59), "59 min ago", "59 分钟前"),
        (timedelta(hours=23, minutes=59), "23 h ago", "23 小时前"),
        (timedelta(days=1), "1 day ago", "1 天前"),
        (timedelta(days=30), "30 days ago", "30 天前"),
        (timedelta(days=-2), "in 2 days", "2 天后"),
    ):
        assert ago(now - length, now, english) == en
        assert ago(now - length, now, chinese) == zh
