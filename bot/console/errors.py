"""What can go wrong with a request, and the friendly pages (or, in the API, problems) it becomes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.console.who import BACKGROUND, view_for_error
from bot.logs import describe
from handlers.review.gaps import GapChanged
from storage.errors import StorageError

logger = logging.getLogger(__name__)
API = "/api/"
_PAGES = {400, 401, 403, 404, 405, 409, 413, 421, 422, 429, 500, 503}


class Refused(Exception):
    """What was sent was not taken. `kept` is what was typed, to show it."""

    def __init__(self, kept: str = "") -> None:
        self.kept = kept


class NotSignedIn(Refused):
    """Somebody must sign in first."""


class Forbidden(Exception):
    """This person may not do that."""


class Forged(Refused):
    """A form came without the token of our own pages: from another site, or from a page grown old."""


class NotFound(Exception):
    """There is no such thing, or not for this person."""


class Conflict(Refused):
    """Somebody else has changed it meanwhile; nothing was saved."""


def install(app: FastAPI) -> None:
    """Teach an application its errors."""
    for kind, status in ((Forbidden, 403), (Forged, 403), (NotFound, 404), (Conflict, 409)):
        app.add_exception_handler(kind, _answers(status))
    app.add_exception_handler(GapChanged, _changed)
    app.add_exception_handler(NotSignedIn, _sign_in_first)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _answers(422))
    app.add_exception_handler(StorageError, _storage)


def _answers(status: int) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        return await error_response(request, status, error)

    return answer


async def _changed(request: Request, error: Exception) -> Response:
    return await error_response(request, 409, Conflict())


async def _sign_in_first(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(API):
        return await error_response(request, 401, error)
    by_htmx = request.headers.get("hx-request") == "true"
    if request.headers.get(BACKGROUND) == "true" or (by_htmx and request.method != "GET"):
        # The page stays as it is, with what is written in it.
        return Response(status_code=401)
    if isinstance(error, NotSignedIn) and error.kept:
        return await error_response(request, 401, error)
    path = "/sign-in"
    if request.method == "GET" and not by_htmx:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if here != "/":
            path += f"?next={quote(here, safe='')}"
        return RedirectResponse(path, status_code=303)
    if by_htmx:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = await error_response(request, error.status_code, error)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _storage(request: Request, error: Exception) -> Response:
    logger.error("%s %s: %s", request.method, _route(request), describe(error))
    return await error_response(request, 503, error)


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw, and log it without anybody's words."""
    logger.error("%s %s: %s", request.method, _route(request), describe(error))
    return await error_response(request, 500, error)


async def error_response(request: Request, status: int, error: Exception) -> Response:
    """Make the page, or in the API the problem (RFC 9457), for a status."""
    if request.url.path.startswith(API):
        return problem(status, error)
    view = await view_for_error(request)
    shown = status if status in _PAGES else (500 if status >= 500 else 400)
    kept = error.kept if isinstance(error, Refused) else ""
    forged = isinstance(error, Forged)
    back = _above(request) if isinstance(error, Conflict | Forged) and view.me is not None else ""
    return view.page("error.html", status=status, code=shown, kept=kept, forged=forged, back=back)


def problem(status: int, error: Exception | None = None) -> Response:
    """Describe what is wrong as application/problem+json."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if isinstance(error, RequestValidationError):
        body["errors"] = [
            {"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"]}
            for one in error.errors()
        ]
    elif isinstance(error, HTTPException) and isinstance(error.detail, str):
        body["detail"] = error.detail
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def _above(request: Request) -> str:
    """The page on which the change was made: /applications/7 of /applications/7/status."""
    first, _, rest = request.url.path.strip("/").partition("/")
    number = rest.partition("/")[0]
    return f"/{first}/{number}" if number.isascii() and number.isdigit() else f"/{first}"


def _route(request: Request) -> str:
    """The pattern of the path, not the path: it may hold what somebody typed."""
    return str(getattr(request.scope.get("route"), "path", "(no route)"))
