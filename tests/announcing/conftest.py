from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.files import FileStore
from storage.database import Database
from tests.announcing.broadcast import Broadcast
from tests.announcing.desk import Desk
from tests.conversation.conftest import bot, both, clock, folder, store
from tests.conversation.fakes import Bot, Clock

__all__ = ["bot", "both", "clock", "folder", "store"]


@pytest.fixture
async def desk(both: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Desk]:
    """A member of staff who composes."""
    async with Bot(both, clock=clock, files=FileStore(tmp_path, [])) as bot:
        yield await Desk.open(bot)


@pytest.fixture
async def broadcasting(both: Database, clock: Clock) -> AsyncIterator[Bot]:
    """A bot whose network announcements go to, on both databases."""
    async with Bot(both, clock=clock, channel=Broadcast()) as running:
        yield running
