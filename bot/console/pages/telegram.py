"""Signing in through Telegram, for staff whose chat is linked: a link there, a signed answer back."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.console.cookies import put_cookie, read_cookie
from bot.console.errors import NotFound
from bot.console.guard import ANYBODY
from bot.console.signing import begin_session, keep_session
from bot.console.telegram_sign_in import FRESH, address, confirmed_user, unpacked
from bot.console.view import Text, View

router = APIRouter(include_in_schema=False)
STATE = "telegram"
_BACK = "/sign-in/telegram/back"


@router.get("/sign-in/telegram")
async def to_telegram(view: Annotated[View, ANYBODY]) -> Response:
    """Send the browser to Telegram, with a state that only this browser knows."""
    config = view.console.config
    if not config.telegram:
        raise NotFound
    state = secrets.token_urlsafe(24)
    target = address(config.telegram_token, config.url, f"{config.url}{_BACK}?state={state}")
    response = RedirectResponse(target, status_code=303)
    put_cookie(response, config, STATE, state, seconds=int(FRESH.total_seconds()))
    return response


@router.get(_BACK)
async def back_from_telegram(view: Annotated[View, ANYBODY], state: str = "") -> Response:
    """Hand the answer on: it stands behind a #, which only the browser sees."""
    if not view.console.config.telegram:
        raise NotFound
    return view.page("sign_in/telegram.html", state=state, error="")


@router.post(_BACK)
async def sign_in(
    view: Annotated[View, ANYBODY],
    state: Text = "",
    answer: Text = "",
) -> Response:
    """Sign in whom Telegram names, if it is staff; an answer is taken once."""
    config = view.console.config
    if not config.telegram:
        raise NotFound
    own = read_cookie(view.request, config, STATE)
    fields = unpacked(answer)
    user = confirmed_user(config.telegram_token, fields, view.now)
    if not own or not hmac.compare_digest(own.encode(), state.encode("utf-8", "replace")) or user is None:
        return _refused(view, "sign_in.telegram_unclear")
    token, waits = "", False
    async with view.writing() as work:
        uses, _ = await work.sign_in_tries.count(f"telegram:{fields['hash']}", 2 * FRESH)
        person = await work.accounts.by_telegram(user)
        if person is not None and uses == 1:
            account = await work.accounts.get(person.id)
            waits = account is not None and account.totp_at is not None
            token = await begin_session(view, work, person.id, "telegram", waits=waits)
    if not token:
        return _refused(view, "sign_in.telegram_unclear" if uses > 1 else "sign_in.telegram_nobody")
    response = RedirectResponse("/sign-in/code" if waits else "/", status_code=303)
    put_cookie(response, config, STATE, "", seconds=0)
    return keep_session(response, view, token)


def _refused(view: View, key: str) -> Response:
    return view.page("sign_in/telegram.html", status=400, state="", error=view.say(key))
