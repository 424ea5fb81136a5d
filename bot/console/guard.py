"""The one dependency of every page: who is it, may they, and did the form come from our own page."""

from __future__ import annotations

import hmac
from typing import Any

from fastapi import Depends
from starlette.requests import Request

from bot.console.errors import Forbidden, Forged, NotSignedIn
from bot.console.view import View
from bot.console.who import open_view
from handlers.staff import Permission

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
WRITTEN = (
    *("text", "note", "reason", "question", "title", "markdown"),
    *("title_zh", "text_zh", "title_en", "text_en"),
)
"""Fields in which people write at length; what stood in them is shown again when a form is not taken."""


class Guard:
    """Opens a view for those who have a permission; None lets everybody in, signed in or not."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> View:
        """Return the view; raises NotSignedIn, Forbidden or Forged, which become pages."""
        view = await open_view(request)
        if self.permission is not None:
            if view.me is None:
                raise NotSignedIn(await _written(request, view))
            if not view.may(self.permission):
                raise Forbidden
        if request.method not in SAFE:
            await _require_own_form(request, view)
        return view


def allows(permission: Permission) -> Any:
    """Demand a permission: `view: Annotated[View, allows("staff.see")]`."""
    return Depends(Guard(permission))


ANYBODY: Any = Depends(Guard(None))
"""Demands nothing, for the few pages before somebody is signed in; unsafe methods still need the token."""


def _from_own_page(request: Request, view: View) -> bool | None:
    """Tell whether a browser says that one of our pages sent this; None when it says nothing."""
    origin = request.headers.get("origin")
    own = (view.console.config.url.lower(), f"{request.url.scheme}://{request.headers.get('host', '')}")
    return None if origin is None else origin.lower() in own


async def _written(request: Request, view: View) -> str:
    """Return what somebody wrote into one of our own forms, so that it can be shown again."""
    if request.method in SAFE or not _from_own_page(request, view):
        return ""
    form = await request.form()
    return "\n\n".join(
        value for name in WRITTEN if isinstance(value := form.get(name), str) and value.strip()
    )


async def _require_own_form(request: Request, view: View) -> None:
    if _from_own_page(request, view) is False:
        raise Forged
    given = request.headers.get(CSRF_HEADER, "")
    if not given:
        value = (await request.form()).get(CSRF_FIELD, "")
        given = value if isinstance(value, str) else ""
    if not hmac.compare_digest(given.encode("utf-8", "replace"), view.csrf.encode()):
        raise Forged(await _written(request, view))
