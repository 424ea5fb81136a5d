"""An emulator and a world for scenario tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.announcing.delivery.world import World
from tests.telegram_api import TelegramApi


@pytest.fixture
async def api() -> AsyncIterator[TelegramApi]:
    async with TelegramApi() as running:
        running.configure(rate=None)
        yield running


@pytest.fixture
async def world(api: TelegramApi, database: Database) -> World:
    return World(api, database)
