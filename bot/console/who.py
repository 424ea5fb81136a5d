"""Whose browser it is, by its session."""

from __future__ import annotations

from starlette.requests import Request

from bot.console.cookies import SESSION, read_cookie
from bot.console.view import View
from storage.console_records import SignedIn
from storage.errors import StorageError

BACKGROUND = "x-background"
"""What pages ask for by themselves carries it: a forgotten open page must not keep a session alive."""


async def signed_in(request: Request, *, waiting: bool = False) -> tuple[SignedIn | None, str]:
    """Find who it is, with the session's token; `waiting` finds those who have yet to give their code."""
    console = request.app.state.console
    token = read_cookie(request, console.config, SESSION)
    if not token:
        return None, ""
    database = console.services.database
    async with database.unit_of_work(read_only=True) as work:
        found = await work.sessions.find(token, console.config.limits.idle)
        stale = found is not None and work.sessions.is_stale(found.session)
    if found is None or found.session.waits_for_code is not waiting:
        return None, token
    if stale and request.headers.get(BACKGROUND) != "true":
        async with database.unit_of_work() as work:
            await work.sessions.touch(found.session.id)
    return found, token


async def open_view(request: Request) -> View:
    """Open the view of whoever asks, signed in or not."""
    me, token = await signed_in(request)
    view = View(request, me, token if me is not None else None)
    request.state.view = view
    return view


async def view_for_error(request: Request) -> View:
    """Open a view that can always be opened, also while the database is away."""
    found: View | None = getattr(request.state, "view", None)
    if found is not None:
        return found
    try:
        return await open_view(request)
    except StorageError:
        return View(request, None, None)
