"""Signing in with a password, giving the second factor, using a one-time link, signing out."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.console.errors import NotFound
from bot.console.guard import ANYBODY, allows
from bot.console.passwords import normal_login, weakness
from bot.console.signing import (
    TooManyTries,
    begin_session,
    by_password,
    count_try,
    drop_session,
    keep_session,
    note_sign_in,
    second_factor_is_right,
)
from bot.console.times import span
from bot.console.view import Text, View
from bot.console.who import signed_in

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def sign_in_page(view: Annotated[View, ANYBODY], next: str = "/") -> Response:
    """Ask for name and password."""
    if view.me is not None:
        return RedirectResponse(own_path(next), status_code=303)
    return _sign_in(view, next)


@router.post("/sign-in")
async def sign_in(
    view: Annotated[View, ANYBODY],
    name: Text = "",
    password: Text = "",
    next: Text = "/",
) -> Response:
    """Sign in, or go on to the second factor."""
    try:
        account = await by_password(view, name, password)
    except TooManyTries as refused:
        return _sign_in(view, next, name=name, error=_wait(view, refused), status=429)
    if account is None:
        return _sign_in(view, next, name=name, error=view.say("sign_in.wrong"), status=400)
    waits = account.totp_at is not None
    async with view.writing() as work:
        token = await begin_session(view, work, account.staff_id, "password", waits=waits)
    target = f"/sign-in/code?next={quote(own_path(next))}" if waits else own_path(next)
    return keep_session(RedirectResponse(target, status_code=303), view, token)


@router.get("/sign-in/code")
async def code_page(view: Annotated[View, ANYBODY], next: str = "/") -> Response:
    """Ask for the second factor."""
    waiting, _ = await signed_in(view.request, waiting=True)
    if waiting is None:
        return RedirectResponse("/sign-in", status_code=303)
    return view.page("sign_in/code.html", next=own_path(next), error="")


@router.post("/sign-in/code")
async def give_code(
    view: Annotated[View, ANYBODY],
    code: Text = "",
    next: Text = "/",
) -> Response:
    """Take the second factor."""
    waiting, _ = await signed_in(view.request, waiting=True)
    if waiting is None or waiting.account is None:
        return RedirectResponse("/sign-in", status_code=303)
    try:
        await count_try(view, f"code:{waiting.staff.id}")
    except TooManyTries as refused:
        return view.page("sign_in/code.html", status=429, next=own_path(next), error=_wait(view, refused))
    async with view.writing() as work:
        token = ""
        if await second_factor_is_right(view, work, waiting.account, code):
            token = await work.sessions.passed(waiting.session.id, view.console.config.limits.absolute)
            await work.sign_in_tries.forget(f"account:code:{waiting.staff.id}")
            await note_sign_in(work, waiting.staff.id, waiting.session.method)
    if not token:
        error = view.say("sign_in.wrong_code")
        return view.page("sign_in/code.html", status=400, next=own_path(next), error=error)
    return keep_session(RedirectResponse(own_path(next), status_code=303), view, token)


@router.get("/welcome/{token}")
async def link_page(view: Annotated[View, ANYBODY], token: str) -> Response:
    """Let the owner of a one-time link choose name and password; looking does not use it up."""
    async with view.reading() as work:
        person = await work.one_time_links.whose(token)
        account = await work.accounts.get(person.id) if person else None
    if person is None:
        return view.page("sign_in/link_gone.html", status=404)
    login = account.login if account else normal_login(person.name)
    return view.page("sign_in/welcome.html", person=person, login=login, errors={})


@router.post("/welcome/{token}")
async def use_link(
    view: Annotated[View, ANYBODY],
    token: str,
    name: Text = "",
    password: Text = "",
    again: Text = "",
) -> Response:
    """Set name and password, use the link up, and sign in, with the second factor where there is one."""
    async with view.reading() as work:
        person = await work.one_time_links.whose(token)
        account = await work.accounts.get(person.id) if person else None
    if person is None:
        return view.page("sign_in/link_gone.html", status=404)
    login = normal_login(name)
    errors = _mistakes(view, login, password, again)
    if errors:
        return view.page("sign_in/welcome.html", status=400, person=person, login=name, errors=errors)
    hashed = await view.console.passwords.hash(password)
    session, waits = "", account is not None and account.totp_at is not None
    async with view.writing() as work:
        if not await work.accounts.set_password(person.id, login, hashed):
            errors = {"name": view.say("welcome.taken")}
        elif not await work.one_time_links.use(token):
            raise NotFound  # used a moment ago, elsewhere; the password is rolled back with it
        else:
            await work.sessions.end_all(person.id)
            await work.audit.note(
                "password.set", actor=person.name, staff_id=person.id, about=("staff", person.id)
            )
            session = await begin_session(view, work, person.id, "link", waits=waits)
    if errors:
        return view.page("sign_in/welcome.html", status=400, person=person, login=name, errors=errors)
    return keep_session(view.go("/sign-in/code" if waits else "/", "welcome.done"), view, session)


@router.post("/sign-out")
async def sign_out(view: Annotated[View, allows("account.own")]) -> Response:
    """End this session."""
    assert view.me is not None
    async with view.writing() as work:
        await work.sessions.end(view.me.session.id, view.staff.id)
        await view.note(work, "session.end", ("staff", view.staff.id), session=view.me.session.id)
    return drop_session(RedirectResponse("/sign-in", status_code=303), view)


def own_path(path: str) -> str:
    """Return a path of this console to go on to; anything that could lead elsewhere becomes the home page."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if inside and path.isprintable() and len(path) < 2000 else "/"


def _sign_in(view: View, target: str, *, name: str = "", error: str = "", status: int = 200) -> Response:
    telegram = view.console.config.telegram
    return view.page(
        "sign_in/sign_in.html",
        status=status,
        next=own_path(target),
        name=name,
        error=error,
        telegram=telegram,
    )


def _mistakes(view: View, login: str, password: str, again: str) -> dict[str, str]:
    errors = {}
    if not 1 < len(login) <= 60:
        errors["name"] = view.say("welcome.name_length")
    if problem := weakness(password, login):
        errors["password"] = view.say(problem)
    elif password != again:
        errors["again"] = view.say("password.differ")
    return errors


def _wait(view: View, refused: TooManyTries) -> str:
    return view.say("sign_in.too_many", time=span(refused.until - view.now, view.texts))
