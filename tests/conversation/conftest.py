from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.review.search_words import search_words
from storage.database import Database
from tests.conversation.applications import yard
from tests.conversation.fakes import Bot, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(sqlite_url: str, clock: Clock) -> AsyncIterator[Database]:
    """A database on SQLite alone, for what has nothing to do with the dialect."""
    opened = Database.open(sqlite_url, segment=search_words, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def both(database_url: str, clock: Clock) -> AsyncIterator[Database]:
    """A database once on each kind, with the same clock as the bot."""
    opened = Database.open(database_url, segment=search_words, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def bot(store: Database, clock: Clock) -> AsyncIterator[Bot]:
    async with Bot(store, clock=clock) as running:
        yield running


@pytest.fixture
async def yard_bot(store: Database, clock: Clock) -> AsyncIterator[Bot]:
    """A bot that takes applications, to which Ann has written already."""
    async with yard(store, clock) as running:
        await running.say("How much is the rent?")
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"
