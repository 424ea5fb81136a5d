"""Passwords, links and sessions: who gets in, and until when."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from bot.console.config import Limits
from bot.console.cookies import SESSION, cookie_name
from bot.console.pages.sign_in import own_path
from bot.console.sweeping import sweep
from storage.announcement_records import StaffRecord
from storage.database import Database
from tests.console.desk import PASSWORD, Browser, Desk, console_of, text_of
from tests.console.signing import is_in, sign_in
from tests.conversation.fakes import Clock

# --- passwords ----------------------------------------------------------------------------------------


async def test_name_and_password_let_in_whatever_the_case(both_desks: Desk) -> None:
    await both_desks.person("viewer", "Li Na")
    browser = both_desks.stranger()
    answer = await sign_in(browser, "  LI  na ", next="/staff?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff?x=1"
    assert await is_in(browser)


async def test_a_wrong_password_and_an_unknown_name_read_the_same(desk: Desk) -> None:
    await desk.person("viewer", "Li Na")
    browser = desk.stranger()
    wrong = await sign_in(browser, "Li Na", "wrong")
    unknown = await sign_in(browser, "Nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 400
    assert text_of(wrong) == text_of(unknown)
    assert not await is_in(browser)


async def test_attempts_are_counted_by_name_across_processes(
    store: Database, desk: Desk, clock: Clock
) -> None:
    await desk.person("viewer", "Li Na")
    other_process = Desk(console=desk.console, clock=clock)
    for number in range(10):
        browser = (desk, other_process)[number % 2].stranger()
        assert (await sign_in(browser, "li na", "wrong")).status_code == 400
    refused = await sign_in(desk.stranger(), "Li Na")
    assert refused.status_code == 429
    assert "请在 14 分钟后再试" in text_of(refused)
    clock.pass_by(minutes=16)
    assert (await sign_in(desk.stranger(), "Li Na")).status_code == 303


async def test_a_right_password_forgets_the_wrong_ones(desk: Desk) -> None:
    await desk.person("viewer", "Li Na")
    for _ in range(3):
        for _ in range(9):
            await sign_in(desk.stranger(), "Li Na", "wrong")
        assert (await sign_in(desk.stranger(), "Li Na")).status_code == 303


async def test_attempts_are_counted_by_address(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await desk.person("viewer", "Li Na")
    for number in range(50):
        await sign_in(desk.stranger(), f"guess {number}", "wrong")
    assert caplog.text == ""
    for _ in range(3):
        assert (await sign_in(desk.stranger(), "Li Na")).status_code == 429
    assert caplog.text.count("too many attempts to sign in from 127.0.0.1") == 1


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/staff", "/staff"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(path: str, target: str) -> None:
    assert own_path(path) == target


async def test_cookies_are_out_of_reach(desk: Desk, store: Database, clock: Clock) -> None:
    await desk.person("viewer", "Li Na")
    plain = (await sign_in(desk.stranger(), "Li Na")).headers["set-cookie"]
    assert "founder-bot-session=" in plain
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    secure = Desk(
        console=console_of(store, clock, desk.console.config.data_dir, url="https://desk.example.org"),
        clock=clock,
    )
    answer = await sign_in(secure.stranger(), "Li Na")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if "founder-bot-session" in value)
    assert cookie.startswith("__Host-founder-bot-session=")
    assert "; Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


# --- links --------------------------------------------------------------------------------------------


async def link_for(desk: Desk, person: StaffRecord) -> str:
    async with desk.database.unit_of_work() as work:
        token = await work.one_time_links.issue(person.id, desk.console.config.limits.link)
    return f"/welcome/{token}"


async def use(
    browser: Browser, link: str, name: str, password: str = PASSWORD, again: str = PASSWORD
) -> httpx.Response:
    return await browser.post(link, {"name": name, "password": password, "again": again}, page=link)


async def added(desk: Desk, name: str = "Li Na") -> StaffRecord:
    async with desk.database.unit_of_work() as work:
        return await work.staff.add(name, "editor", language="en")


async def test_a_link_works_once(both_desks: Desk) -> None:
    person = await added(both_desks)
    link = await link_for(both_desks, person)
    browser = both_desks.stranger()
    assert (await use(browser, link, "Li Na")).status_code == 303
    assert await is_in(browser)
    assert (await both_desks.stranger().get(link)).status_code == 404
    later = both_desks.stranger()
    assert (await later.post(link, {"name": "x"}, page="/sign-in")).status_code == 404
    assert (await sign_in(both_desks.stranger(), "li na")).status_code == 303


async def test_a_link_expires_and_is_replaced_by_a_newer_one(desk: Desk, clock: Clock) -> None:
    person = await added(desk)
    old, new = await link_for(desk, person), await link_for(desk, person)
    assert (await desk.stranger().get(old)).status_code == 404
    assert (await desk.stranger().get(new)).status_code == 200
    clock.pass_by(days=3, minutes=1)
    assert (await desk.stranger().get(new)).status_code == 404


async def test_a_link_survives_a_mistake_in_the_form(desk: Desk) -> None:
    await desk.person("viewer", "Taken")
    person = await added(desk)
    link = await link_for(desk, person)
    browser = desk.stranger()
    for name, password, again in (
        ("Li Na", "short", "short"),
        ("Li Na", "aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa"),
        ("Li Na", "my name is li na", "my name is li na"),
        ("Li Na", PASSWORD, "another password"),
        ("Li Na", "x" * 201, "x" * 201),
        ("L", PASSWORD, PASSWORD),
        ("ＴＡＫＥＮ", PASSWORD, PASSWORD),
    ):
        answer = await use(browser, link, name, password, again)
        assert answer.status_code == 400, name
        assert 'class="error"' in answer.text
    assert (await use(browser, link, "Li Na")).status_code == 303


async def test_a_link_ends_the_sessions_of_before(desk: Desk) -> None:
    person = await desk.person("editor", "Li Na")
    before = await desk.browser(person)
    assert await is_in(before)
    await use(
        desk.stranger(),
        await link_for(desk, person),
        "Li Na",
        "another good password",
        "another good password",
    )
    assert not await is_in(before)
    assert (await sign_in(desk.stranger(), "Li Na")).status_code == 400


async def test_only_digests_of_secrets_are_stored(desk: Desk) -> None:
    person = await desk.person("owner", "Li Na")
    link = (await link_for(desk, person)).removeprefix("/welcome/")
    browser = await desk.browser(person)
    session = browser.client.cookies[cookie_name(desk.console.config, SESSION)]
    token = await desk.token(person, ["staff.see"])
    async with desk.database.unit_of_work(read_only=True) as work:
        rows = str(await work.accounts.get(person.id))
        for table in ("staff_sessions", "staff_links", "api_tokens", "sign_in_tries"):
            rows += str((await work.staff._scope.connection.exec_driver_sql(f"SELECT * FROM {table}")).all())
    assert "$argon2id$" in rows
    for secret in (link, session, token, PASSWORD):
        assert secret not in rows


# --- sessions -----------------------------------------------------------------------------------------


async def test_a_session_ends_when_idle_and_at_last(desk: Desk, clock: Clock) -> None:
    person = await desk.person("viewer")
    idle = await desk.browser(person)
    clock.pass_by(hours=11)
    assert await is_in(idle)
    clock.pass_by(hours=12, minutes=1)
    assert not await is_in(idle)
    busy = await desk.browser(person)
    for _ in range(14 * 3):
        assert await is_in(busy)
        clock.pass_by(hours=8)
    assert not await is_in(busy)


async def test_a_forgotten_page_does_not_keep_a_session_alive(desk: Desk, clock: Clock) -> None:
    browser = await desk.browser("viewer")
    background = {"HX-Request": "true", "X-Background": "true"}
    for _ in range(4):
        clock.pass_by(hours=3, minutes=5)
        answer = await browser.client.get("/waiting", headers=background)
    assert answer.status_code == 401
    assert "hx-redirect" not in answer.headers


async def test_a_session_ends_on_signing_out(desk: Desk) -> None:
    browser = await desk.browser("viewer")
    await browser.post("/sign-out")
    token = browser.client.cookies.get(cookie_name(desk.console.config, SESSION))
    assert not token
    assert not await is_in(browser)


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(desk: Desk) -> None:
    browser = await desk.browser("viewer")
    thief = desk.stranger()
    thief.client.cookies = httpx.Cookies(browser.client.cookies)
    assert await is_in(thief)
    await browser.post("/sign-out")
    assert not await is_in(thief)


async def test_changing_the_password_ends_all_other_sessions(both_desks: Desk) -> None:
    desk = both_desks
    person = await desk.person("viewer", "Li Na")
    here, there = await desk.browser(person), await desk.browser(person)
    form = {"present": PASSWORD, "password": "another good password", "again": "another good password"}
    wrong = await here.post("/account/password", {**form, "present": "wrong"})
    assert wrong.status_code == 400
    assert await is_in(there)
    assert (await here.post("/account/password", form)).status_code == 303
    assert await is_in(here)
    assert not await is_in(there)
    assert (await sign_in(desk.stranger(), "Li Na")).status_code == 400


async def test_disabling_ends_everything_at_once(desk: Desk) -> None:
    owner = await desk.browser("owner")
    person = await desk.person("editor", "Li Na")
    theirs = await desk.browser(person)
    token = await desk.token(person, ["staff.see"])
    link = await link_for(desk, person)
    await owner.post(f"/staff/{person.id}/disable")
    assert not await is_in(theirs)
    client = desk.stranger(Authorization=f"Bearer {token}").client
    assert (await client.get("/api/v1/staff")).status_code == 401
    assert (await desk.stranger().get(link)).status_code == 404
    assert (await sign_in(desk.stranger(), "Li Na")).status_code == 400


async def test_disabling_on_the_command_line_is_enough(desk: Desk) -> None:
    person = await desk.person("editor", "Li Na")
    theirs = await desk.browser(person)
    token = await desk.token(person, ["staff.see"])
    async with desk.database.unit_of_work() as work:
        await work.staff.disable(person.id)
    assert not await is_in(theirs)
    client = desk.stranger(Authorization=f"Bearer {token}").client
    assert (await client.get("/api/v1/staff")).status_code == 401


async def test_a_role_changes_at_once(desk: Desk) -> None:
    owner = await desk.browser("owner")
    person = await desk.person("owner", "Li Na")
    theirs = await desk.browser(person)
    assert (await theirs.get("/audit")).status_code == 200
    await owner.post(f"/staff/{person.id}/role", {"role": "viewer"})
    assert (await theirs.get("/audit")).status_code == 403


async def test_sessions_are_listed_and_ended_one_by_one(desk: Desk) -> None:
    person = await desk.person("viewer", "Li Na")
    here, there = await desk.browser(person), await desk.browser(person)
    stranger = await desk.browser(await desk.person("viewer", "Other"))
    page = (await here.get("/account")).text
    (number,) = re.findall(r"/account/sessions/(\d+)/end", page)
    assert (await stranger.post(f"/account/sessions/{number}/end")).status_code == 404
    assert await is_in(there)
    assert (await here.post(f"/account/sessions/{number}/end")).status_code == 303
    assert not await is_in(there)
    assert await is_in(here)


async def test_the_last_owner_remains(both_desks: Desk) -> None:
    owner = await both_desks.browser("owner")
    assert owner.person is not None
    await owner.post(f"/staff/{owner.person.id}/role", {"role": "viewer"})
    await owner.post(f"/staff/{owner.person.id}/disable")
    assert (await owner.get("/audit")).status_code == 200


async def test_what_is_over_is_swept(both_desks: Desk, clock: Clock) -> None:
    desk = both_desks
    person = await desk.person("viewer", "Li Na")
    await desk.browser(person)
    await sign_in(desk.stranger(), "Li Na", "wrong")
    clock.pass_by(hours=13)
    alive = await desk.browser(person)
    await sweep(desk.console)
    async with desk.database.unit_of_work(read_only=True) as work:
        run = work.staff._scope.connection.exec_driver_sql
        assert (await run("SELECT count(*) FROM staff_sessions")).scalar_one() == 1
        assert (await run("SELECT count(*) FROM sign_in_tries")).scalar_one() == 0
    assert await is_in(alive)


def test_limits_are_what_the_documentation_says() -> None:
    limits = Limits()
    assert limits.idle == timedelta(hours=12)
    assert limits.absolute == timedelta(days=14)
    assert limits.link == timedelta(days=3)
