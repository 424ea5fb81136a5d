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


class Guard:
    """Opens a view for those who have a permission; None lets everybody in, signed in or not."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> View:
        """Return the view; raises NotSignedIn, Forbidden or Forged, which become pages."""
        view = await open_view(request)
        if self.permission is not None:
            if view.me is None:
                raise NotSignedIn
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


async def _require_own_form(request: Request, view: View) -> None:
    origin = request.headers.get("origin")
    own = (view.console.config.url.lower(), f"{request.url.scheme}://{request.headers.get('host', '')}")
    if origin is not None and origin.lower() not in own:
        raise Forged
    given = request.headers.get(CSRF_HEADER, "")
    if not given:
        value = (await request.form()).get(CSRF_FIELD, "")
        given = value if isinstance(value, str) else ""
    if not hmac.compare_digest(given.encode("utf-8", "replace"), view.csrf.encode()):
        raise Forged
