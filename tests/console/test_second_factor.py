"""The second factor: a code of the phone or a recovery code, each of them once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import Fernet

from bot.console.sealing import KEY_FILE, Seal
from storage.announcement_records import StaffRecord
from tests.console.desk import PASSWORD, Desk
from tests.console.signing import is_in, sign_in
from tests.conversation.fakes import Clock, rows


async def with_second_factor(desk: Desk, person: StaffRecord) -> tuple[pyotp.TOTP, list[str]]:
    browser = await desk.browser(person)
    refused = await browser.post("/account/second-factor/begin", {"factor_password": "a guess"})
    assert refused.status_code == 400
    page = await browser.post("/account/second-factor/begin", {"factor_password": PASSWORD})
    assert "<svg" in page.text
    secret = re.search(r'id="secret">([A-Z2-7]+)<', page.text)
    assert secret
    totp = pyotp.TOTP(secret[1])
    wrong = await browser.post("/account/second-factor/confirm", {"code": "000000"})
    assert wrong.status_code == 400
    shown = await browser.post("/account/second-factor/confirm", {"code": totp.at(desk.clock.now)})
    codes = re.findall(r"<code>([B-Z2-9]{5}-[B-Z2-9]{5})</code>", shown.text)
    assert len(codes) == 10
    desk.clock.pass_by(seconds=31)
    return totp, codes


async def test_a_second_factor_is_asked_for_and_a_code_works_once(both_desks: Desk) -> None:
    desk = both_desks
    person = await desk.person("owner", "Li Na")
    totp, _ = await with_second_factor(desk, person)
    browser = desk.stranger()
    answer = await sign_in(browser, "Li Na", next="/staff")
    assert answer.headers["location"] == "/sign-in/code?next=/staff"
    assert not await is_in(browser)
    code = totp.at(desk.clock.now)
    wrong = await browser.post("/sign-in/code", {"code": "123123"}, page="/sign-in/code")
    assert wrong.status_code == 400
    right = await browser.post("/sign-in/code", {"code": code, "next": "/staff"}, page="/sign-in/code")
    assert right.headers["location"] == "/staff"
    assert await is_in(browser)
    again = desk.stranger()
    await sign_in(again, "Li Na")
    assert (await again.post("/sign-in/code", {"code": code}, page="/sign-in/code")).status_code == 400


async def test_a_recovery_code_works_once(both_desks: Desk) -> None:
    desk = both_desks
    person = await desk.person("owner", "Li Na")
    _, codes = await with_second_factor(desk, person)
    for expected in (303, 400):
        browser = desk.stranger()
        await sign_in(browser, "Li Na")
        typed = {"code": f" {codes[3].lower().replace('-', ' ')} "}
        assert (await browser.post("/sign-in/code", typed, page="/sign-in/code")).status_code == expected


async def test_codes_cannot_be_guessed_and_the_wait_for_one_ends(desk: Desk, clock: Clock) -> None:
    person = await desk.person("owner", "Li Na")
    totp, _ = await with_second_factor(desk, person)
    browser = desk.stranger()
    await sign_in(browser, "Li Na")
    for number in range(10):
        await browser.post("/sign-in/code", {"code": f"{number:06}"}, page="/sign-in/code")
    right = {"code": totp.at(clock.now)}
    assert (await browser.post("/sign-in/code", right, page="/sign-in/code")).status_code == 429
    clock.pass_by(minutes=11)
    answer = await browser.post("/sign-in/code", {"code": totp.at(clock.now)}, page="/sign-in")
    assert answer.headers["location"] == "/sign-in"


async def test_a_code_of_an_hour_ago_is_refused(desk: Desk, clock: Clock) -> None:
    person = await desk.person("owner", "Li Na")
    totp, _ = await with_second_factor(desk, person)
    old = totp.at(clock.now)
    clock.pass_by(hours=1)
    browser = desk.stranger()
    await sign_in(browser, "Li Na")
    assert (await browser.post("/sign-in/code", {"code": old}, page="/sign-in/code")).status_code == 400


async def test_a_secret_is_shown_for_the_password_alone_and_its_first_code_cannot_be_guessed(
    desk: Desk,
) -> None:
    person = await desk.person("owner", "Li Na")
    begun = await (await desk.browser(person)).post(
        "/account/second-factor/begin", {"factor_password": PASSWORD}
    )
    secret = re.search(r'id="secret">([A-Z2-7]+)<', begun.text)
    assert secret
    borrowed = await desk.browser(person)
    for number in range(10):
        page = await borrowed.post("/account/second-factor/confirm", {"code": f"{number:06}"})
        assert page.status_code == 400
        assert secret[1] not in page.text
        assert "<svg viewBox" not in page.text
    right = {"code": pyotp.TOTP(secret[1]).at(desk.clock.now)}
    assert (await borrowed.post("/account/second-factor/confirm", right)).status_code == 429
    desk.clock.pass_by(minutes=16)
    right = {"code": pyotp.TOTP(secret[1]).at(desk.clock.now)}
    assert "<code>" in (await borrowed.post("/account/second-factor/confirm", right)).text


async def test_without_a_place_for_the_key_no_second_factor_begins(desk: Desk, tmp_path: Path) -> None:
    nowhere = tmp_path / "dangling"
    nowhere.symlink_to(tmp_path / "gone" / "for" / "good")
    desk.app.state.seal = Seal(nowhere)
    browser = await desk.browser("owner")
    done = await browser.post("/account/second-factor/begin", {"factor_password": PASSWORD})
    assert done.headers["location"] == "/account"
    assert "console.key" in (await browser.get("/account")).text


async def test_removing_the_second_factor_needs_a_code_or_an_owner(desk: Desk) -> None:
    owner = await desk.browser("owner")
    person = await desk.person("editor", "Li Na")
    totp, _ = await with_second_factor(desk, person)
    browser = await desk.browser(person)
    wrong = await browser.post(
        "/account/second-factor/remove", {"code": "111111", "factor_password": PASSWORD}
    )
    assert wrong.status_code == 400
    code = totp.at(desk.clock.now)
    guess = await browser.post("/account/second-factor/remove", {"code": code})
    assert guess.status_code == 400
    await browser.post("/account/second-factor/remove", {"code": code, "factor_password": PASSWORD})
    assert (await sign_in(desk.stranger(), "Li Na")).headers["location"] == "/"
    await with_second_factor(desk, person)
    await owner.post(f"/staff/{person.id}/remove-second-factor")
    assert (await sign_in(desk.stranger(), "Li Na")).headers["location"] == "/"


async def test_the_database_alone_makes_no_codes_and_a_lost_key_leaves_recovery_codes(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    person = await desk.person("owner", "Li Na")
    totp, codes = await with_second_factor(desk, person)
    (account,) = await rows(desk.database, "staff_accounts")
    assert totp.secret not in str(account)
    key = desk.console.config.data_dir / KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    for content in (Fernet.generate_key(), b"no key"):
        key.write_bytes(content)
        desk.app.state.seal = Seal(key.parent)
        browser = desk.stranger()
        await sign_in(browser, "Li Na")
        code = {"code": totp.at(desk.clock.now)}
        assert (await browser.post("/sign-in/code", code, page="/sign-in/code")).status_code == 400
        recovery = {"code": codes.pop()}
        assert (await browser.post("/sign-in/code", recovery, page="/sign-in/code")).status_code == 303
        desk.clock.pass_by(seconds=31)
    assert "sealed with another key" in caplog.text
    owner = await desk.browser(await desk.person("owner", "Wang Fang"))
    await owner.post(f"/staff/{person.id}/remove-second-factor")
    answer = await sign_in(desk.stranger(), "Li Na")
    assert answer.headers["location"] == "/"


async def test_an_owner_changes_their_own_account_only_with_the_present_password(desk: Desk) -> None:
    owner = await desk.person("owner", "Li Na")
    await with_second_factor(desk, owner)
    browser = await desk.browser(owner)
    for action in ("invite", "remove-second-factor"):
        assert f'action="/staff/{owner.id}/{action}"' not in (await browser.get("/staff")).text
        refused = await browser.post(f"/staff/{owner.id}/{action}")
        assert refused.headers["location"] == "/staff"
        assert "on your account page" in (await browser.get("/staff")).text
    assert (await sign_in(desk.stranger(), "Li Na")).headers["location"].startswith("/sign-in/code")


def test_two_processes_that_make_the_key_at_once_use_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda _: Seal(tmp_path).close("secret"), range(8)))
    assert {Seal(tmp_path).open(one) for one in sealed} == {"secret"}
    assert [item.name for item in tmp_path.iterdir()] == [KEY_FILE]
