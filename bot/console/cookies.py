"""Cookies of the console: for this host only, out of reach of scripts, and by https where there is one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from bot.console.config import ConsoleConfig

SESSION = "session"
VISIT = "visit"
FLASH = "flash"
LANGUAGE = "language"


def cookie_name(config: ConsoleConfig, name: str) -> str:
    """Return the name in full; with https browsers refuse a __Host- cookie that another host has set."""
    return f"{'__Host-' if config.secure else ''}founder-bot-{name}"


def read_cookie(request: Request, config: ConsoleConfig, name: str) -> str:
    """Return a cookie's value, empty when there is none."""
    return request.cookies.get(cookie_name(config, name), "")


def put_cookie(
    response: Response, config: ConsoleConfig, name: str, value: str, *, seconds: int | None = None
) -> None:
    """Set a cookie; without `seconds` it ends with the browser, with none of them it is removed."""
    response.set_cookie(
        cookie_name(config, name),
        value,
        max_age=seconds,
        path="/",
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )
