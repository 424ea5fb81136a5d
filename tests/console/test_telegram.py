"""Signing in through Telegram: what it signed, for this bot, for this browser, a moment ago, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from storage.announcement_records import StaffRecord
from storage.database import Database
from storage.entries import Sender
from tests.console.desk import Browser, Desk, console_of
from tests.console.signing import is_in
from tests.conversation.fakes import Clock

TOKEN = "123456789:AAH-a-token-for-the-tests-of-signing-in"


def signed(desk: Desk, user: int, *, token: str = TOKEN, age: float = 5.0, **changes: str | int) -> str:
    fields: dict[str, str | int] = {
        "id": user,
        "first_name": "娜",
        "auth_date": int(desk.clock.now.timestamp() - age),
    }
    text = "\n".join(f"{key}={fields[key]}" for key in sorted(fields))
    secret = hashlib.sha256(token.encode()).digest()
    fields["hash"] = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    return base64.urlsafe_b64encode(json.dumps({**fields, **changes}).encode()).decode().rstrip("=")


@pytest.fixture
def telegram_desk(desk: Desk, store: Database, clock: Clock) -> Desk:
    url = "https://desk.example.org"
    console = console_of(store, clock, desk.console.config.data_dir, url=url, telegram_token=TOKEN)
    return Desk(console=console, clock=clock)


async def linked(desk: Desk, user: int) -> StaffRecord:
    person = await desk.person("editor", "Li Na")
    async with desk.database.unit_of_work() as work:
        sender = Sender(channel="telegram", sender=str(user), chat=str(user), name="Li Na")
        founder = await work.founders.identify(sender)
        await work.staff.link(person.id, founder.founder.id)
    return person


async def begun(browser: Browser) -> str:
    """Begin at our page and return the state that Telegram is to send back."""
    away = await browser.get("/sign-in/telegram")
    target = urlsplit(away.headers["location"])
    assert target.netloc == "oauth.telegram.org"
    asked = parse_qs(target.query)
    assert asked["bot_id"] == ["123456789"]
    assert TOKEN not in target.query
    back = urlsplit(asked["return_to"][0])
    assert f"{back.scheme}://{back.netloc}" == asked["origin"][0] == "https://desk.example.org"
    return parse_qs(back.query)["state"][0]


async def come_back(browser: Browser, state: str, answer: str) -> httpx.Response:
    page = f"/sign-in/telegram/back?state={state}"
    return await browser.post("/sign-in/telegram/back", {"state": state, "answer": answer}, page=page)


async def test_linked_staff_sign_in_through_telegram(telegram_desk: Desk) -> None:
    await linked(telegram_desk, 42)
    browser = telegram_desk.stranger()
    assert "/sign-in/telegram" in (await browser.get("/sign-in")).text
    answer = signed(telegram_desk, 42)
    done = await come_back(browser, await begun(browser), answer)
    assert done.headers["location"] == "/"
    assert await is_in(browser)
    # The same answer again, even in the same browser, is worth nothing.
    again = telegram_desk.stranger()
    assert (await come_back(again, await begun(again), answer)).status_code == 400
    assert not await is_in(again)


async def test_what_telegram_did_not_sign_for_this_browser_is_refused(telegram_desk: Desk) -> None:
    desk = telegram_desk
    await linked(desk, 42)
    for answer in (
        signed(desk, 42, token="987654321:of-another-bot"),
        signed(desk, 42, age=301),
        signed(desk, 42, age=-120),
        signed(desk, 7, id=42),
        signed(desk, 42, username="added"),
        signed(desk, 43),
        "",
        "bm9uc2Vuc2U",
        "W10",
    ):
        browser = desk.stranger()
        refused = await come_back(browser, await begun(browser), answer)
        assert refused.status_code == 400
        assert not await is_in(browser)
    victim = desk.stranger()
    attacker = desk.stranger()
    state = await begun(attacker)
    assert (await come_back(victim, state, signed(desk, 42))).status_code == 400


async def test_the_second_factor_is_asked_for_after_telegram_too(telegram_desk: Desk) -> None:
    person = await linked(telegram_desk, 42)
    async with telegram_desk.database.unit_of_work() as work:
        await work.accounts.propose_totp(person.id, telegram_desk.app.state.seal.close(pyotp.random_base32()))
        await work.accounts.confirm_totp(person.id, 0, [])
    browser = telegram_desk.stranger()
    done = await come_back(browser, await begun(browser), signed(telegram_desk, 42))
    assert done.headers["location"] == "/sign-in/code"
    assert not await is_in(browser)


async def test_without_a_token_there_is_no_telegram(desk: Desk) -> None:
    browser = desk.stranger()
    assert "/sign-in/telegram" not in (await browser.get("/sign-in")).text
    assert (await browser.get("/sign-in/telegram")).status_code == 404
