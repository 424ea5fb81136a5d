"""The nightly removal of what the settings say is too old, with a report of each run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.lanes import where
from storage.review_records import Retention, RetentionRecord

if TYPE_CHECKING:
    from bot.files import FileStore
    from bot.settings import Settings
    from storage.database import Database

logger = logging.getLogger(__name__)
KINDS = ("messages", "traces", "inbox", "files", "audit")
HOUR = 3
_LEASE, _LEASE_SECONDS = "retention", 3600.0
_PAUSE = 0.05


def retention(settings: Settings) -> Retention:
    """Which age is too old, by class of data."""
    return Retention(**{kind: getattr(settings, f"retention_{kind}_days") for kind in KINDS})


@dataclass(frozen=True, slots=True)
class Keeper:
    """Removes what is too old; `timezone` is whose night it is."""

    database: Database
    files: FileStore
    ages: Retention
    clock: Callable[[], datetime]
    timezone: ZoneInfo

    async def keep(self, worker: str) -> None:
        """Run every night until canceled; a failure waits for the next night."""
        while True:
            await asyncio.sleep(self.until_night())
            try:
                if await self._my_turn(worker):
                    record = await self.run()
                    logger.info("retention: %s", _in_short(record.report))
            except Exception as error:
                logger.error("retention: %s (%s)", type(error).__name__, where(error))
            await asyncio.sleep(_LEASE_SECONDS)

    def until_night(self) -> float:
        """Return the seconds until the next night's run."""
        now = self.clock().astimezone(self.timezone)
        night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
        return ((night if night > now else night + timedelta(days=1)) - now).total_seconds()

    async def preview(self) -> dict[str, dict[str, Any]]:
        """Count what a run would remove."""
        report = {}
        async with self.database.unit_of_work(read_only=True) as work:
            for kind, days in self._wanted().items():
                found = await work.retention.count(kind, self._before(days))
                report[kind] = {"days": days, "removed": found}
        return report

    async def run(self) -> RetentionRecord:
        """Remove what is too old, a little at a time so that no founder waits, and note the run."""
        started, report = self.clock(), {}
        for kind, days in self._wanted().items():
            remove = self._remove_files if kind == "files" else self._remove_rows
            report[kind] = {"days": days, "removed": await remove(kind, self._before(days))}
        async with self.database.unit_of_work() as work:
            # Every night, whatever is kept: /forget leaves words in SQLite's index until this.
            await work.retention.tidy()
            return await work.retention.note(started, report)

    async def _remove_rows(self, kind: str, before: datetime) -> int:
        total = 0
        while True:
            async with self.database.unit_of_work() as work:
                removed = await work.retention.remove(kind, before)
            if not removed:
                return total
            total += removed
            await asyncio.sleep(_PAUSE)

    async def _remove_files(self, _: str, before: datetime) -> int:
        async with self.database.unit_of_work(read_only=True) as work:
            expired = await work.retention.expired_files(before)
        gone = await self.files.remove(expired)
        async with self.database.unit_of_work() as work:
            await work.files.forget(gone)
        return len(gone)

    async def _my_turn(self, worker: str) -> bool:
        async with self.database.unit_of_work() as work:
            return await work.leases.acquire(_LEASE, worker, _LEASE_SECONDS)

    def _wanted(self) -> dict[str, int]:
        return {kind: days for kind in KINDS if (days := getattr(self.ages, kind)) is not None}

    def _before(self, days: int) -> datetime:
        return self.clock() - timedelta(days=days)


def _in_short(report: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(f"{kind} {part['removed']}" for kind, part in report.items()) or "everything is kept"
