"""Doctor's look at the staff console: can it listen, is it safe where it is, can anybody sign in."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.finding import Finding, fail, ok, skip, warn
from bot.health import STALE, seconds_since_last
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.settings import Settings

_HERE = {"127.0.0.1", "localhost", "::1"}


async def check_console(settings: Settings) -> Finding:
    """Whether the console can be served, reached safely and used by somebody."""
    if not settings.console_listen:
        return skip("console", "turned off by BOT_CONSOLE_LISTEN")
    if problem := _taken(settings):
        return fail("console", problem, "choose another port in BOT_CONSOLE_LISTEN, or end what uses it")
    address = settings.console_address
    host = urlsplit(address).hostname or ""
    if address.startswith("http://") and host not in _HERE:
        detail = f"{address} is not https: passwords travel in the open"
        return warn("console", detail, "put a proxy with a certificate before it (docs/console.md)")
    if not await _anybody(settings):
        advice = "run: founder-bot staff add NAME --role owner, then: founder-bot staff invite NAME"
        return warn("console", f"{address}, but no owner can sign in yet", advice)
    return ok("console", address)


def _taken(settings: Settings) -> str:
    """Say what keeps the address from being used; nothing when our own `run` has it."""
    host, _, port = settings.console_listen.rpartition(":")
    host = host.strip("[]")
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            age = seconds_since_last(settings.data_dir)
            if age is not None and age <= STALE:
                return ""
            return f"cannot listen on {settings.console_listen} ({error.strerror or error})"
    return ""


async def _anybody(settings: Settings) -> bool:
    from storage.database import Database

    try:
        database = Database.open(settings.database)
    except StorageError:
        return True  # the check of the database says what is wrong with it
    try:
        async with database.unit_of_work(read_only=True) as work:
            for person in await work.staff.everyone():
                if person.role == "owner" and person.disabled_at is None:
                    account = await work.accounts.get(person.id)
                    if account is not None or person.founder_id is not None:
                        return True
    except StorageError:
        return True  # as above
    finally:
        await database.close()
    return False
