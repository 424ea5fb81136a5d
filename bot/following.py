"""Lets staff see how announcements are: while they move, and whenever something else changed them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from bot.lanes import where

if TYPE_CHECKING:
    from storage.announcement_records import AnnouncementRecord
    from storage.database import Database

logger = logging.getLogger(__name__)
Watch = Callable[["AnnouncementRecord"], Coroutine[Any, Any, bool]]
"""Shows an announcement as it is; False when that has to be tried again."""
_LATELY = timedelta(hours=1)
"""What ended within this time is shown once by a new process: the one before may not have come to it."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was shown last, None for nothing that counts, and when."""

    version: tuple[int, int] | None
    at: float


class Following:
    """Compares what was shown with what is stored, wherever it was changed: chat, console or command line."""

    def __init__(self, database: Database, clock: Callable[[], datetime], watch: Watch, every: float) -> None:
        self._database = database
        self._clock = clock
        self._watch = watch
        self._every = every
        self._shown: dict[int, _Shown] = {}

    async def round(self) -> bool:
        """Show what is out of date, each announcement every few seconds at most; never more to do at once."""
        async with self._database.unit_of_work(read_only=True) as work:
            records = await work.announcements.lately(self._clock() - _LATELY)
            changes = {change.announcement_id: change.id for change in await work.changes.running()}
        for record in records:
            change = changes.get(record.id, 0)
            version = None if record.status == "sending" or change else (record.revision, change)
            await self._show(record, version)
        known = {record.id for record in records}
        self._shown = {number: shown for number, shown in self._shown.items() if number in known}
        return False

    async def _show(self, record: AnnouncementRecord, version: tuple[int, int] | None) -> None:
        before = self._shown.get(record.id)
        if before is not None:
            current = version is not None and version == before.version
            if current or monotonic() < before.at + self._every:
                return
        done = False
        try:
            done = await self._watch(record)
        except Exception as error:
            logger.warning("progress was not shown: %s (%s)", type(error).__name__, where(error))
        self._shown[record.id] = _Shown(version if done else None, monotonic())
