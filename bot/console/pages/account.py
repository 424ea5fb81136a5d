"""One's own account: password, second factor, sessions, tokens of the API, language, theme."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import pyotp
import segno
from fastapi import APIRouter, Form
from markupsafe import Markup
from starlette.responses import Response

from bot.console.config import LANGUAGES
from bot.console.errors import NotFound
from bot.console.guard import allows
from bot.console.pages.sign_in import own_path
from bot.console.passwords import weakness
from bot.console.sealing import SealBroken
from bot.console.signing import (
    TooManyTries,
    count_try,
    new_recovery_codes,
    recovery_hash,
    right_step,
    second_factor_is_right,
)
from bot.console.times import span
from bot.console.view import Text, View
from handlers.staff import GRANTED, PERMISSIONS

router = APIRouter(include_in_schema=False)
TOKEN_DAYS = (30, 90, 365)
_Own = Annotated[View, allows("account.own")]


@router.get("/account")
async def account_page(view: _Own) -> Response:
    """Show everything of one's own."""
    return await _account(view)


@router.post("/account/password")
async def change_password(
    view: _Own,
    present: Text = "",
    password: Text = "",
    again: Text = "",
) -> Response:
    """Change the password; all other sessions end."""
    assert view.me is not None
    account = view.me.account
    if account is None:
        raise NotFound
    errors = {}
    if problem := await _wrong_password(view, present):
        errors["present"] = problem
    elif weak := weakness(password, account.login):
        errors["password"] = view.say(weak)
    elif password != again:
        errors["again"] = view.say("password.differ")
    if errors:
        return await _account(view, status=400, errors=errors)
    hashed = await view.console.passwords.hash(password)
    async with view.writing() as work:
        await work.accounts.set_password(account.staff_id, account.login, hashed)
        await work.sessions.end_all(account.staff_id, but=view.me.session.id)
        await view.note(work, "password.change", ("staff", account.staff_id))
    return view.go("/account", "account.password_changed")


@router.post("/account/second-factor/begin")
async def begin_second_factor(view: _Own, factor_password: Text = "") -> Response:
    """Show a secret for the phone; it counts once a code of it was typed."""
    assert view.me is not None
    if view.me.account is None:
        raise NotFound
    if problem := await _wrong_password(view, factor_password):
        return await _account(view, status=400, errors={"factor_password": problem})
    secret = pyotp.random_base32()
    try:
        sealed = view.seal.close(secret)
    except SealBroken:
        return view.go("/account", "sign_in.key_lost", kind="bad")
    async with view.writing() as work:
        proposed = await work.accounts.propose_totp(view.staff.id, sealed)
    if not proposed:
        return view.go("/account", "account.factor_is_on", kind="bad")
    return _first_code(view, secret=secret)


@router.post("/account/second-factor/confirm")
async def confirm_second_factor(view: _Own, code: Text = "") -> Response:
    """Take the first code, and show the recovery codes once; the secret was shown for the password alone."""
    assert view.me is not None
    account = view.me.account
    if account is None or account.totp_secret is None or account.totp_at is not None:
        raise NotFound
    try:
        secret = view.seal.open(account.totp_secret)
    except SealBroken:
        return view.go("/account", "sign_in.key_lost", kind="bad")
    try:
        await count_try(view, f"code:{view.staff.id}")
    except TooManyTries as refused:
        return _first_code(view, 429, _wait(view, refused))
    step = right_step(secret, "".join(code.split()), view.now)
    if step is None:
        return _first_code(view, 400, view.say("sign_in.wrong_code"))
    codes = new_recovery_codes()
    async with view.writing() as work:
        hashes = [recovery_hash(one) for one in codes]
        if not await work.accounts.confirm_totp(view.staff.id, step, hashes):
            raise NotFound
        await work.sessions.end_all(view.staff.id, but=view.me.session.id)
        await view.note(work, "second_factor.add", ("staff", view.staff.id))
    return view.page("account/recovery.html", codes=codes)


@router.post("/account/second-factor/remove")
async def remove_second_factor(view: _Own, factor_password: Text = "", code: Text = "") -> Response:
    """Sign in with the password alone from now on; needs both, so that a borrowed browser cannot."""
    assert view.me is not None
    account = view.me.account
    if account is None or account.totp_at is None:
        raise NotFound
    if problem := await _wrong_password(view, factor_password):
        return await _account(view, status=400, errors={"factor_password": problem})
    try:
        await count_try(view, f"code:{view.staff.id}")
    except TooManyTries as refused:
        return await _account(view, status=429, errors={"code": _wait(view, refused)})
    async with view.writing() as work:
        right = await second_factor_is_right(view, work, account, code)
        if right:
            await work.accounts.remove_totp(view.staff.id)
            await view.note(work, "second_factor.remove", ("staff", view.staff.id))
    if not right:
        return await _account(view, status=400, errors={"code": view.say("sign_in.wrong_code")})
    return view.go("/account", "account.factor_removed")


@router.post("/account/sessions/end-others")
async def end_other_sessions(view: _Own) -> Response:
    """Sign out everywhere else."""
    assert view.me is not None
    async with view.writing() as work:
        number = await work.sessions.end_all(view.staff.id, but=view.me.session.id)
        await view.note(work, "session.end_all", ("staff", view.staff.id), number=number)
    return view.go("/account", "account.others_ended")


@router.post("/account/sessions/{session_id}/end")
async def end_session(view: _Own, session_id: int) -> Response:
    """Sign one other browser out."""
    async with view.writing() as work:
        ended = 0 < session_id < 2**63 and await work.sessions.end(session_id, view.staff.id)
        if ended:
            await view.note(work, "session.end", ("staff", view.staff.id), session=session_id)
    if not ended:
        raise NotFound
    return view.go("/account", "account.session_ended")


@router.post("/account/language")
async def set_language(view: _Own, language: Text = "") -> Response:
    """Read the console in another language."""
    async with view.writing() as work:
        await work.staff.set_language(view.staff.id, language if language in LANGUAGES else None)
    return view.go("/account")


@router.post("/account/theme")
async def set_theme(view: _Own, theme: Text = "", back: Text = "/account") -> Response:
    """Choose light, dark, or what the device says."""
    async with view.writing() as work:
        known = theme if theme == "light" or theme == "dark" else None
        await work.accounts.set_theme(view.staff.id, known)  # type: ignore[arg-type]
    return view.go(own_path(back))


@router.post("/account/tokens")
async def create_token(
    view: _Own,
    name: Text = "",
    days: Text = "",
    scope: Annotated[list[str] | None, Form()] = None,
    token_password: Text = "",
) -> Response:
    """Make a token of the API and show it once."""
    allowed = GRANTED[view.staff.role]
    scopes = [one for one in PERMISSIONS if one in (scope or ()) and one in allowed and one != "account.own"]
    called = " ".join(name.split())[:60]
    if not called or not scopes:
        errors = {"token": view.say("account.token_incomplete")}
        return await _account(view, status=400, errors=errors)
    if problem := await _wrong_password(view, token_password):
        return await _account(view, status=400, errors={"token": problem})
    expires = view.now + timedelta(days=int(days)) if days in map(str, TOKEN_DAYS) else None
    async with view.writing() as work:
        token = await work.api_tokens.issue(view.staff.id, called, scopes, expires)
        await view.note(work, "token.create", ("staff", view.staff.id), name=called, scopes=len(scopes))
    return view.page("account/token.html", token=token, name=called)


@router.post("/account/tokens/{token_id}/revoke")
async def revoke_token(view: _Own, token_id: int) -> Response:
    """Make a token work no more."""
    async with view.writing() as work:
        revoked = 0 < token_id < 2**63 and await work.api_tokens.revoke(token_id, view.staff.id)
        if revoked:
            await view.note(work, "token.revoke", ("token", token_id))
    if not revoked:
        raise NotFound
    return view.go("/account", "account.token_revoked")


async def _account(view: View, *, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    async with view.reading() as work:
        sessions = await work.sessions.of(view.staff.id, view.console.config.limits.idle)
        tokens = await work.api_tokens.of(view.staff.id)
    scopes = [one for one in PERMISSIONS if one != "account.own" and view.may(one)]
    return view.page(
        "account/account.html",
        status=status,
        errors=errors or {},
        sessions=sessions,
        tokens=tokens,
        scopes=scopes,
        token_days=TOKEN_DAYS,
    )


def _first_code(view: View, status: int = 200, error: str = "", *, secret: str = "") -> Response:
    """Ask for the first code, below the secret where it may be shown."""
    picture = _drawn(view, secret) if secret else ""
    return view.page("account/second_factor.html", status=status, picture=picture, secret=secret, error=error)


def _drawn(view: View, secret: str) -> Markup:
    assert view.me is not None
    assert view.me.account is not None
    login, issuer = view.me.account.login, view.say("app.name")
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    # The drawing is made here, of nothing but squares.
    return Markup(segno.make(address, micro=False).svg_inline(border=3, omitsize=True))  # noqa: S704


async def _wrong_password(view: View, password: str) -> str | None:
    assert view.me is not None
    account = view.me.account
    if account is None:
        return view.say("account.no_password")
    try:
        await count_try(view, account.login)
    except TooManyTries as refused:
        return _wait(view, refused)
    if not await view.console.passwords.matches(password, account.password_hash):
        return view.say("account.wrong_password")
    async with view.writing() as work:
        await work.sign_in_tries.forget(f"account:{account.login}")
    return None


def _wait(view: View, refused: TooManyTries) -> str:
    return view.say("sign_in.too_many", time=span(refused.until - view.now, view.texts))
