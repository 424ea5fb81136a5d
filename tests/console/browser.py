"""Chromium on a console that is really served: what every page's browser tests use.

    async def test_it(web: Web) -> None:
        page = await web.open("/staff", as_="owner", language="zh", theme="dark")
        await page.click("text=…")
        await web.check(page)                    # axe finds nothing serious
        await web.picture(page, "staff")         # docs/screenshots/staff.zh.desktop.png, with --screenshots
        await web.look_over(page, "staff")       # both, in either theme, on a desktop and on a phone

The fixture fails a test in which a page ran a foreign script, opened a dialog of the browser, broke the
content policy, wrote an error into the console, or asked another host for anything.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

from bot.console.cookies import SESSION, cookie_name
from bot.console.server import ConsoleServer
from storage.announcement_records import Role, StaffRecord
from tests.console.desk import Desk

Language = Literal["zh", "en"]
Theme = Literal["light", "dark"]
Device = Literal["desktop", "phone"]

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
SIZES: dict[Device, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)><svg onload=alert(1)>{{7*7}}"
"""What somebody may put into a field; on a page it must be read, never run."""

# A busy machine may take longer than the five seconds of the library.
expect.set_options(timeout=20_000)
_EXPECTED = ("Failed to load resource: the server responded with a status of 4",)
_SERIOUS = {"serious", "critical"}
# What differs from run to run would change pictures for nothing: the port, and how long an answer took.
_ALIKE = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.replaceAll(location.host, "127.0.0.1:8080");
    texts.currentNode.data = text.replace(/[\\d.,]+(?= (ms|毫秒))/g, "12");
  }
}"""
_SMALL = """() => {
  const fields = "select, input:not([type=hidden], [type=checkbox])";
  const tapped = `button, [role=button], summary, .chip, nav li a, ${fields}`;
  const seen = (one) => one.checkVisibility() && !one.closest("details:not([open]) > :not(summary)");
  const height = (one) => one.getBoundingClientRect().height;
  return [...document.querySelectorAll(tapped)].filter((one) => seen(one) && height(one) < 44)
    .map((one) => [height(one), one.outerHTML.slice(0, 90)]);
}"""


def chromium() -> str:
    """Where Chromium is; skips the test where there is none, except in CI, which installs it."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "no Chromium: apt-get install chromium fonts-wqy-microhei, or name one in CHROMIUM"
        if os.environ.get("CI") == "true" and os.environ.get("CHROMIUM_MISSING") != "allowed":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class Web:
    """A served console and a browser; `complaints` is what went wrong on any page."""

    desk: Desk
    browser: Browser
    screenshots: bool = False
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.desk.console.config.url

    async def open(
        self,
        path: str,
        *,
        as_: Role | StaffRecord | None = None,
        language: Language = "en",
        theme: Theme = "light",
        device: Device = "desktop",
    ) -> Page:
        """Open a page in a new browser, as a new person of a role, as somebody there is, or as nobody."""
        context = await self.browser.new_context(
            viewport=SIZES[device],
            locale="zh-CN" if language == "zh" else "en-US",
            color_scheme=theme,
            reduced_motion="reduce",
            timezone_id="Asia/Shanghai",
            is_mobile=device == "phone",
            has_touch=device == "phone",
        )
        self._contexts.append(context)
        if self.screenshots:
            # Scripts of pages say how long ago something was; in a picture that does not change with the day.
            await context.clock.set_fixed_time(self.desk.clock.now)
        if as_ is not None:
            await self.sign_in(context, as_, language)
        page = await context.new_page()
        self._watch(page)
        await page.goto(self.url + path)
        return page

    async def sign_in(
        self, context: BrowserContext, who: Role | StaffRecord, language: Language = "en"
    ) -> StaffRecord:
        """Give a browser a session, without the page for it."""
        person = who if isinstance(who, StaffRecord) else await self.desk.person(who, language=language)
        config = self.desk.console.config
        async with self.desk.database.unit_of_work() as work:
            await work.staff.set_language(person.id, language)
            place = ("Chromium · Linux", "127.0.0.1")
            token = await work.sessions.begin(person.id, "password", config.limits.absolute, place=place)
        await context.add_cookies(
            [{"name": cookie_name(config, SESSION), "value": token, "url": self.url, "httpOnly": True}]
        )
        return person

    async def check(self, page: Page) -> None:
        """Fail when axe finds something serious or critical on a page as it is now."""
        found = (await Axe().run(page)).response["violations"]
        serious = [
            f"{one['id']} ({one['impact']}): {one['help']}\n"
            + "\n".join(
                f"    {node['html'][:160]}\n    {node['failureSummary']}" for node in one["nodes"][:3]
            )
            for one in found
            if one["impact"] in _SERIOUS
        ]
        assert not serious, f"{page.url}\n" + "\n".join(serious)

    async def no_sideways(self, page: Page) -> None:
        """Fail when a page is wider than the screen, so that a phone would scroll it sideways."""
        wide = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 1, f"{page.url} is {wide} pixels too wide"

    async def look_over(self, page: Page, name: str) -> None:
        """Check a page as it is now in both themes and on a phone, and keep a picture of it on either."""
        await page.emulate_media(color_scheme="light")
        await page.set_viewport_size(SIZES["desktop"])
        await self.check(page)
        await self.picture(page, name)
        await page.emulate_media(color_scheme="dark")
        await self.check(page)
        await page.set_viewport_size(SIZES["phone"])
        await self.no_sideways(page)
        await page.emulate_media(color_scheme="light")
        await self.check(page)
        await page.evaluate("document.querySelector('#outcome h2')?.closest('#outcome').scrollIntoView()")
        await self.picture(page, name, "phone")
        await page.set_viewport_size(SIZES["desktop"])

    async def fit_for_fingers(self, page: Page) -> None:
        """Fail when something on a phone is lower than the 44 pixels that a finger needs."""
        small = await page.evaluate(_SMALL)
        assert not small, f"{page.url}: {small}"

    async def picture(self, page: Page, name: str, device: Device = "desktop") -> None:
        """Keep a picture of a page in docs/screenshots, when pytest is run with --screenshots."""
        if not self.screenshots:
            return
        assert not await page.locator(".error-page").count(), f"{page.url} is a page of an error"
        await page.evaluate(_ALIKE)
        language = str(await page.evaluate("document.documentElement.lang"))[:2]
        shot = await page.screenshot(full_page=False, animations="disabled", caret="hide")
        save_small(shot, PICTURES / f"{name}.{language}.{device}.png")

    def _watch(self, page: Page) -> None:
        def heard(message: Any) -> None:
            if message.type == "error" and not message.text.startswith(_EXPECTED):
                self.complaints.append(f"{page.url}: {message.text}")

        async def asked(dialog: Any) -> None:
            self.complaints.append(f"{page.url}: a dialog opened: {dialog.message}")
            await dialog.dismiss()

        def requested(request: Any) -> None:
            if not request.url.startswith((self.url, "data:")):
                self.complaints.append(f"{page.url}: asked another host: {request.url}")

        page.on("console", heard)
        page.on("dialog", asked)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("request", requested)

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


@contextlib.asynccontextmanager
async def served(desk: Desk, *, screenshots: bool = False) -> AsyncIterator[Web]:
    """Serve a console on its address and open a browser beside it."""
    program = chromium()
    server = ConsoleServer(desk.console)
    await server.start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
            web = Web(desk=desk, browser=browser, screenshots=screenshots)
            try:
                yield web
            finally:
                await web.close()
                await browser.close()
    finally:
        await server.stop()
    assert not web.complaints, "\n".join(web.complaints)


def free_address() -> str:
    """An address nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def save_small(shot: bytes, path: Path) -> None:
    """Keep a screenshot with 64 colors: text and flat areas lose nothing, and it is a third of the size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    small = image.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
