"""A console over a real database, and browsers that use it: `await desk.browser("editor")`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from starlette.routing import BaseRoute

from bot.console.app import console_app
from bot.console.config import Console, ConsoleConfig
from bot.console.cookies import SESSION, cookie_name
from bot.console.passwords import Passwords
from handlers.turn import Services
from knowledge.language import detect
from storage.announcement_records import Role, StaffRecord
from storage.database import Database
from tests.conversation.fakes import PROGRAM, Clock, ScriptedKnowledge

PASSWORD = "correct horse battery staple"
URL = "http://127.0.0.1:8080"


class Compiled(BytecodeCache):
    """Templates that are compiled once for all consoles of a test process."""

    held: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.held:
            bucket.bytecode_from_string(self.held[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.held[bucket.key] = bucket.bytecode_to_string()


def quick_passwords() -> Passwords:
    """The same hashing with parameters that cost a test nothing."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def console_of(database: Database, clock: Clock, folder: Path, **changes: Any) -> Console:
    """Build what the composition root builds, over scripted knowledge."""
    config = ConsoleConfig(listen="127.0.0.1:8080", url=URL, data_dir=folder)
    services = Services(
        database=database,
        knowledge=changes.pop("knowledge", None) or ScriptedKnowledge(),
        program=changes.pop("program", PROGRAM),
        clock=clock,
        detect=detect,
        form=changes.pop("form", None),
        files=changes.pop("files", None),
    )
    return Console(config=replace(config, **changes), services=services, passwords=quick_passwords())


@dataclass
class Desk:
    """One console with staff."""

    console: Console
    clock: Clock
    app: FastAPI = field(init=False)
    _open: list[httpx.AsyncClient] = field(default_factory=list)
    _routes: ClassVar[list[BaseRoute]] = []

    def __post_init__(self) -> None:
        """Build the application; what is the same in all of them is worked out for the first one alone."""
        self.app = console_app(self.console)
        self._routes[:] = self._routes or self.app.router.routes
        self.app.router.routes = self._routes
        self.app.state.templates._environment.bytecode_cache = Compiled()

    @property
    def database(self) -> Database:
        return self.console.services.database

    async def person(self, role: Role = "viewer", name: str = "", *, language: str = "en") -> StaffRecord:
        """Add a member of staff who signs in with their name and PASSWORD."""
        hashed = await self.console.passwords.hash(PASSWORD)
        async with self.database.unit_of_work() as work:
            person = await work.staff.add(name or f"Staff {role}", role, language=language)
            assert await work.accounts.set_password(person.id, person.name.casefold(), hashed)
        return person

    def stranger(self, **headers: str) -> Browser:
        """Open a browser that is not signed in."""
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 50000))
        base = self.console.config.url
        client = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
        self._open.append(client)
        return Browser(client=client, desk=self)

    async def browser(self, who: Role | StaffRecord = "owner") -> Browser:
        """Open a browser that is signed in, as a new person of a role or as somebody there is."""
        person = who if isinstance(who, StaffRecord) else await self.person(who)
        async with self.database.unit_of_work() as work:
            token = await work.sessions.begin(
                person.id, "password", self.console.config.limits.absolute, place=("Test", "127.0.0.1")
            )
        browser = self.stranger()
        browser.client.cookies.set(cookie_name(self.console.config, SESSION), token, domain="127.0.0.1")
        browser.person = person
        return browser

    async def token(self, person: StaffRecord, scopes: Sequence[str]) -> str:
        """Make a token of the API."""
        async with self.database.unit_of_work() as work:
            return await work.api_tokens.issue(person.id, "test", scopes, None)

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()


@dataclass
class Browser:
    """Sends requests as a browser does, with cookies and the token of the page it last saw."""

    client: httpx.AsyncClient
    desk: Desk
    person: StaffRecord | None = None

    async def get(self, path: str, *, htmx: bool = False, **params: Any) -> httpx.Response:
        headers = {"HX-Request": "true"} if htmx else {}
        return await self.client.get(path, params=params or None, headers=headers)

    async def post(
        self, path: str, data: Any = None, *, page: str = "", htmx: bool = False, **more: Any
    ) -> httpx.Response:
        """Send a form; its token is taken from `page`, by default from one's account or the sign-in page."""
        token = await self.csrf(page)
        sent = {**(data or {}), "csrf_token": token}
        headers = {"HX-Request": "true"} if htmx else {}
        return await self.client.post(path, data=sent, headers=headers, **more)

    async def csrf(self, page: str = "") -> str:
        seen = await self.client.get(page or ("/account" if self.person else "/sign-in"))
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', seen.text)
        assert found, f"no form on {seen.url}: {seen.status_code}"
        return found[1]

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.client.aclose()


def text_of(response: httpx.Response) -> str:
    """The words of a page, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())
