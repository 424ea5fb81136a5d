from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.review.search_words import search_words
from knowledge.config import KnowledgeConfig
from storage.database import Database
from tests.console.browser import Web, free_address, served
from tests.console.desk import Desk, console_of
from tests.console.library import Shelf, harbor, shelved
from tests.conversation.fakes import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(sqlite_url: str, clock: Clock) -> AsyncIterator[Database]:
    """A database on SQLite alone, for what has nothing to do with the dialect."""
    opened = Database.open(sqlite_url, clock=clock, segment=search_words)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(store: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Desk]:
    """A console over SQLite."""
    made = Desk(console=console_of(store, clock, tmp_path), clock=clock)
    yield made
    await made.close()


@pytest.fixture
async def both_desks(database_url: str, clock: Clock, tmp_path: Path) -> AsyncIterator[Desk]:
    """A console over SQLite and one over PostgreSQL."""
    opened = Database.open(database_url, clock=clock, segment=search_words)
    made = Desk(console=console_of(opened, clock, tmp_path), clock=clock)
    yield made
    await made.close()
    await opened.close()


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeConfig:
    """An index of the harbor's documents, one for all tests of a file."""
    return harbor(tmp_path_factory.mktemp("harbor"))


@pytest.fixture
async def shelf(desk: Desk, indexed: KnowledgeConfig) -> AsyncIterator[Shelf]:
    """The harbor's documents behind the console."""
    async with shelved(desk, indexed) as made:
        yield made


@pytest.fixture
async def web(
    store: Database, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Web]:
    """A console that is served, and Chromium; see tests/console/browser.py."""
    listen = free_address()
    desk = Desk(
        console=console_of(store, clock, tmp_path, listen=listen, url=f"http://{listen}"), clock=clock
    )
    async with served(desk, screenshots=request.config.getoption("--screenshots")) as running:
        yield running
    await desk.close()
