"""The checks of `doctor` that ask Telegram; plain HTTP, so that they work when the channel does not."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import urlsplit

from bot.finding import Finding, fail, ok, skip, warn
from bot.settings import Settings

_OFFICIAL = "https://api.telegram.org"
_PORTS = (443, 80, 88, 8443)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SECONDS = 8.0


class TelegramAway(Exception):
    """Telegram could not be asked; the message says why, without the token."""


async def check_telegram(settings: Settings) -> Finding:
    """Whether the token belongs to a bot."""
    name = "telegram"
    if not settings.telegram_token.get_secret_value():
        return warn(name, "no token", "set BOT_TELEGRAM_TOKEN (from @BotFather) to run; `chat` works without")
    try:
        answer = await _call(settings, "getMe")
    except TelegramAway as error:
        return fail(name, str(error), "check the network and BOT_TELEGRAM_API_URL")
    if not answer.get("ok"):
        code = answer.get("error_code")
        return fail(name, f"Telegram refuses the token ({code})", "set BOT_TELEGRAM_TOKEN to a current token")
    return ok(name, f"the token belongs to @{answer['result'].get('username', '?')}")


async def check_webhook(settings: Settings) -> Finding:
    """Whether updates can arrive: by webhook if one is set, else by polling."""
    name, url = "webhook", settings.telegram_webhook_url
    if not settings.telegram_token.get_secret_value():
        return skip(name, "no token")
    if url:
        problem = _webhook_problem(settings)
        if problem:
            return problem
    try:
        answer = await _call(settings, "getWebhookInfo")
    except TelegramAway as error:
        return skip(name, str(error))
    return _registered(name, url, answer.get("result") or {})


def _registered(name: str, url: str, info: dict[str, Any]) -> Finding:
    known, waiting = str(info.get("url") or ""), info.get("pending_update_count", 0)
    if not url:
        detail = f"polling; {waiting} updates wait"
        return ok(name, detail + (", a webhook is still registered and is removed by `run`" if known else ""))
    if info.get("last_error_message"):
        return warn(
            name,
            f"Telegram reports: {info['last_error_message']} ({waiting} updates wait)",
            "check that the address is reachable from outside and its certificate is valid",
        )
    if known and known != url:
        return warn(name, "Telegram knows another address", "`run` registers BOT_TELEGRAM_WEBHOOK_URL")
    return ok(name, f"{waiting} updates wait" if known else "not registered yet; `run` does that")


def _webhook_problem(settings: Settings) -> Finding | None:
    name, parts = "webhook", urlsplit(settings.telegram_webhook_url)
    if not _SECRET.fullmatch(settings.telegram_webhook_secret.get_secret_value()):
        return fail(
            name,
            "Telegram takes only letters, digits, _ and - in the secret, 256 at most",
            "set BOT_TELEGRAM_WEBHOOK_SECRET, for example to the output of: openssl rand -hex 32",
        )
    if settings.telegram_api_url == _OFFICIAL:
        if parts.scheme != "https":
            return fail(name, "Telegram calls only https addresses", "set BOT_TELEGRAM_WEBHOOK_URL to one")
        if (parts.port or 443) not in _PORTS:
            return fail(
                name, f"Telegram does not call port {parts.port}", f"use one of {', '.join(map(str, _PORTS))}"
            )
    return _port_problem(name, settings.telegram_webhook_listen)


def _port_problem(name: str, listen: str) -> Finding | None:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        with socket.create_server((host, int(port)), family=_family(host)):
            return None
    except OSError as error:
        return warn(
            name,
            f"{listen} cannot be bound: {error.strerror}",
            "fine when `run` is using it; else free it or change BOT_TELEGRAM_WEBHOOK_LISTEN",
        )


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _call(settings: Settings, method: str) -> dict[str, Any]:
    import httpx

    url = f"{settings.telegram_api_url}/bot{settings.telegram_token.get_secret_value()}/{method}"
    host = urlsplit(settings.telegram_api_url).hostname
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            found = (await client.get(url)).json()
    except httpx.HTTPError as error:
        raise TelegramAway(f"{host} cannot be reached ({type(error).__name__})") from None
    except ValueError:
        raise TelegramAway(f"{host} does not answer like a Bot API server") from None
    if not isinstance(found, dict):
        raise TelegramAway(f"{host} does not answer like a Bot API server")
    return found
