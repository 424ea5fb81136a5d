"""What guards every answer: headers, host names, templates without scripts, errors without tracebacks."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from fastapi import APIRouter

from bot.console import rendering
from bot.console.app import console_app
from bot.console.config import LANGUAGES
from bot.console.pages.home import WAITING
from bot.console.security import CSP, HEADERS
from bot.console.texts import load
from storage.errors import DatabaseUnavailable
from tests.console.desk import Desk, text_of

TEMPLATES = sorted(rendering.TEMPLATES.rglob("*.html"))
VENDOR = rendering.STATIC / "vendor"


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/nowhere", "/static/console.css", "/static/nothing.js", "/api/v1/me"]
)
async def test_every_answer_has_the_headers_that_guard_it(desk: Desk, path: str) -> None:
    answer = await desk.stranger().get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_the_content_policy_allows_nothing_inline_and_no_other_host() -> None:
    assert "unsafe" not in CSP
    assert "http" not in CSP
    assert CSP.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in CSP


async def test_pages_are_not_kept_and_static_files_are(desk: Desk) -> None:
    browser = await desk.browser("viewer")
    page = await browser.get("/")
    assert page.headers["cache-control"] == "no-store"
    style = re.search(r'href="(/static/console\.css\?v=[0-9a-f]+)"', page.text)
    assert style
    assert "immutable" in (await browser.get(style[1])).headers["cache-control"]
    assert (await browser.get("/static/console.css")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example"])
async def test_a_strange_host_name_is_refused(desk: Desk, host: str) -> None:
    answer = await desk.stranger(Host=host).client.get("/sign-in")
    assert answer.status_code == 421
    assert "BOT_CONSOLE_URL" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080"])
async def test_its_own_host_names_are_known(desk: Desk, host: str) -> None:
    assert (await desk.stranger(Host=host).client.get("/sign-in")).status_code == 200


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_script_or_a_style_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"""[\s"']on[a-z]+\s*=""", re.sub(r"{%.*?%}", "", text, flags=re.DOTALL))
    assert not re.search(r"<style|[\s\"']style\s*=", text)
    assert not re.search(r"javascript:|hx-on|hx-vals=.js", text)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)
    assert not re.search(r"\|\s*safe\b|autoescape", text), "say in Python, with a reason, what is markup"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_something_has_its_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form\b[^>]*>.*?</form>", text, re.DOTALL):
        if re.search(r'method="post"', form):
            assert "csrf()" in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_of_a_template_exists(path: Path) -> None:
    texts = load()["en"]
    for key in re.findall(r"""\bt\(\s*["']([a-z_0-9.]+)["']\s*[,)]""", path.read_text(encoding="utf-8")):
        assert key in texts, f"{path.name}: {key}"
    for icon in re.findall(r"""icon\(["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8")):
        assert f'<symbol id="{icon}"' in (VENDOR / "icons.svg").read_text(encoding="utf-8"), icon


def test_the_languages_have_the_same_sentences() -> None:
    texts = load()
    assert set(texts) == set(LANGUAGES)
    assert len({frozenset(own) for own in texts.values()}) == 1
    assert all(f"home.{one.key}" in texts["en"] for one in WAITING)


def test_files_from_npm_are_what_their_readme_says() -> None:
    rows = re.findall(
        r"\| `([^`]+)` \| [^|]+@\d[^|]* \| [^|]+ \| `([0-9a-f]{64})` \|", (VENDOR / "README.md").read_text()
    )
    assert {name for name, _ in rows} == {
        path.name for path in VENDOR.iterdir() if path.suffix not in {".md", ".txt"}
    }
    for name, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


# --- errors -------------------------------------------------------------------------------------------


def broken(desk: Desk, error: Exception) -> Desk:
    """The same console with a page that fails."""
    router = APIRouter()

    @router.get("/broken")
    @router.get("/api/v1/broken")
    async def fail() -> None:
        raise error

    desk.app = console_app(desk.console)
    desk.app.include_router(router)
    # Routes are tried in order: static files and those of the console come first.
    return desk


async def test_an_unforeseen_error_is_a_friendly_page_and_a_line_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    browser = await broken(desk, ValueError("the founder wrote: secret")).browser("viewer")
    answer = await browser.get("/broken")
    assert answer.status_code == 500
    assert "Something went wrong here" in text_of(answer)
    for word in ("Traceback", "ValueError", "secret"):
        assert word not in answer.text
    assert "GET /broken" in caplog.text
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
    problem = await desk.stranger().get("/api/v1/broken")
    assert problem.status_code == 500
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


async def test_a_database_that_is_away_is_said(desk: Desk) -> None:
    browser = await broken(desk, DatabaseUnavailable("host db.internal is away")).browser("viewer")
    answer = await browser.get("/broken")
    assert answer.status_code == 503
    assert "The database cannot be reached" in text_of(answer)
    assert "db.internal" not in answer.text


async def test_errors_speak_the_readers_language_and_keep_the_menu(desk: Desk) -> None:
    browser = await desk.browser(await desk.person("viewer", "王芳", language="zh"))
    missing = await browser.get("/no/such/page")
    assert missing.status_code == 404
    assert "这里什么也没有" in text_of(missing)
    assert 'href="/staff"' in missing.text
    forbidden = await browser.get("/audit")
    assert forbidden.status_code == 403
    assert "你的角色不能这样做" in text_of(forbidden)


async def test_a_body_that_is_too_large_is_refused(desk: Desk) -> None:
    browser = await desk.browser("owner")
    answer = await browser.post("/staff", {"name": "x" * (1024 * 1024 + 1), "role": "viewer"})
    assert answer.status_code == 413


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "1e3", "abc", "%00"])
async def test_strange_numbers_in_addresses_are_refused_politely(desk: Desk, number: str) -> None:
    browser = await desk.browser("owner")
    answer = await browser.post(f"/staff/{number}/invite")
    assert answer.status_code in {404, 422}
    assert "<h1>" in answer.text


async def test_broken_text_in_forms_does_no_harm(desk: Desk) -> None:
    browser = await desk.browser("owner")
    token = await browser.csrf()
    body = f"csrf_token={token}&role=viewer&name=%ff%fe%00abc%ed%a0%80".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser.client.post("/staff", content=body, headers=headers)
    assert answer.status_code == 200
    assert (await browser.get("/staff")).status_code == 200
