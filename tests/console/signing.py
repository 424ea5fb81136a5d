"""Short ways to sign in, in tests."""

from __future__ import annotations

import httpx

from tests.console.desk import PASSWORD, Browser


async def sign_in(browser: Browser, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await browser.post("/sign-in", {"name": name, "password": password, **more}, page="/sign-in")


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/account")).status_code == 200
