"""Signing in: counted before it is tried, a second factor where one is set, a session at the end."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyotp
from starlette.requests import Request
from starlette.responses import Response

from bot.console.cookies import SESSION, VISIT, put_cookie
from bot.console.passwords import normal_login
from bot.console.sealing import SealBroken
from bot.console.view import View
from storage.console_records import AccountRecord, Method

if TYPE_CHECKING:
    from storage.database import UnitOfWork

logger = logging.getLogger(__name__)
STEP = 30
_DRIFT = 1
"""Time steps a phone's clock may be off."""

RECOVERY_CODES = 10
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789"


class TooManyTries(Exception):
    """This name or this address has tried too often; `until` is when it may again."""

    def __init__(self, until: datetime) -> None:
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody signs in: a browser's name and its address."""

    browser: str
    address: str


def place_of(request: Request) -> Place:
    """Tell where a request comes from, in a few words."""
    return Place(
        browser=browser_name(request.headers.get("user-agent", "")),
        address=request.client.host if request.client else "",
    )


async def count_try(view: View, account: str) -> None:
    """Count a try before it is made; raises TooManyTries for the account or the address."""
    limits, address = view.console.config.limits, place_of(view.request).address
    async with view.writing() as work:
        tries = work.sign_in_tries
        by_address, until = await tries.count(f"address:{address}", limits.window)
        if by_address > limits.tries_per_address:
            refused: datetime | None = until
        else:
            by_account, until = await tries.count(f"account:{account}", limits.window)
            refused = until if by_account > limits.tries_per_account else None
            if by_account == limits.tries_per_account + 1:
                logger.warning("too many attempts to sign in under one name: closed until %s", until)
    if by_address == limits.tries_per_address + 1:
        logger.warning("too many attempts to sign in from %s: closed until %s", address, until)
    if refused is not None:
        raise TooManyTries(refused)


async def by_password(view: View, name: str, password: str) -> AccountRecord | None:
    """Find the account of a name and a password; None when they do not belong together."""
    login = normal_login(name)
    await count_try(view, login)
    async with view.reading() as work:
        account = await work.accounts.by_login(login)
    passwords = view.console.passwords
    right = await passwords.matches(password, account.password_hash if account else None)
    if account is None or not right:
        return None
    async with view.writing() as work:
        await work.sign_in_tries.forget(f"account:{login}")
    if passwords.is_weak(account.password_hash):
        stronger = await passwords.hash(password)
        async with view.writing() as work:
            await work.accounts.rehash(account.staff_id, stronger)
    return account


async def begin_session(view: View, work: UnitOfWork, staff_id: int, method: Method, *, waits: bool) -> str:
    """Begin a session, or one that waits for the second factor, and write it down; returns its token."""
    limits, place = view.console.config.limits, place_of(view.request)
    token = await work.sessions.begin(
        staff_id,
        method,
        limits.second_factor if waits else limits.absolute,
        place=(place.browser, place.address),
        waits_for_code=waits,
    )
    if not waits:
        await note_sign_in(work, staff_id, method)
    return token


async def note_sign_in(work: UnitOfWork, staff_id: int, method: Method) -> None:
    """Write into the audit log that somebody has signed in."""
    person = await work.staff.get(staff_id)
    assert person is not None
    await work.audit.note(
        "session.begin",
        actor=person.name,
        staff_id=staff_id,
        about=("staff", staff_id),
        details={"method": method},
    )


def keep_session(response: Response, view: View, token: str) -> Response:
    """Give the browser its session, and forget the visit before it."""
    config = view.console.config
    put_cookie(response, config, SESSION, token, seconds=int(config.limits.absolute.total_seconds()))
    put_cookie(response, config, VISIT, "", seconds=0)
    return response


def drop_session(response: Response, view: View) -> Response:
    """Take the session from the browser."""
    put_cookie(response, view.console.config, SESSION, "", seconds=0)
    return response


async def second_factor_is_right(view: View, work: UnitOfWork, account: AccountRecord, typed: str) -> bool:
    """Take a code of the phone, or a recovery code, each of them once.

    Without the key that the secret was sealed with no code is right, but recovery codes are.
    """
    code = "".join(typed.split())
    if code.isascii() and code.isdigit() and len(code) == 6:
        try:
            secret = view.seal.open(account.totp_secret or "")
        except SealBroken:
            logger.error("the second factor of staff %d was sealed with another key", account.staff_id)
            return False
        step = right_step(secret, code, view.now)
        return step is not None and await work.accounts.use_step(account.staff_id, step)
    return await work.accounts.use_recovery(account.staff_id, recovery_hash(code))


def right_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step a code belongs to; None for a wrong code."""
    if not secret:
        return None
    present = int(now.timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Make codes for the day the phone is lost; 47 random bits each, which hashing alone protects."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(code: str) -> str:
    """Return what is stored of a recovery code."""
    typed = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(typed.encode("utf-8", "replace")).hexdigest()


def browser_name(agent: str) -> str:
    """Name browser and system, as far as they tell."""
    browsers = (("Edg/", "Edge"), ("OPR/", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"),
                ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
               ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
    browser = next((name for mark, name in browsers if mark in agent), "")
    system = next((name for mark, name in systems if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)
