"""Looks after handovers while time passes: talks nobody continues end, founders who wait are told."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.lanes import where
from handlers.attending import Attending
from handlers.turn import Services

if TYPE_CHECKING:
    from storage.records import QueuedHandover

logger = logging.getLogger(__name__)
LOOK_EVERY = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """After how long a talk without a word ends, and after how long a founder who waits is told so."""

    idle: timedelta = timedelta(minutes=30)
    wait: timedelta = timedelta(minutes=15)


class Attendance:
    """One look at a time; several processes may look, since each change is made only once."""

    def __init__(self, services: Services, patience: Patience | None = None) -> None:
        self._services = services
        self._patience = patience or Patience()

    async def keep(self) -> None:
        """Look now and then until canceled; a failure waits for the next look."""
        while True:
            try:
                await self.look()
            except Exception as error:
                logger.warning("handovers: %s (%s)", type(error).__name__, where(error))
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """End what is idle and tell those who wait too long; returns how many notices that were."""
        now = self._services.clock()
        async with self._services.database.unit_of_work(read_only=True) as work:
            idle = await work.handovers.idle(now - self._patience.idle)
            waiting = await work.handovers.waiting(now - self._patience.wait)
        done = 0
        for queued in idle:
            async with self._services.database.unit_of_work() as work:
                done += await Attending(work, self._services).end_idle(queued)
        for queued in filter(lambda one: self._waits_too_long(one, now), waiting):
            async with self._services.database.unit_of_work() as work:
                done += await Attending(work, self._services).say_it_takes_longer(queued)
        return done

    def _waits_too_long(self, queued: QueuedHandover, now: datetime) -> bool:
        """Count only time in which somebody could have come: founders were told when that is."""
        hours, asked = self._services.program.office_hours, queued.handover.asked_at
        if asked is None:
            return False
        if hours is None:
            return True
        since = hours.open_since(now)
        return since is not None and max(since, asked) <= now - self._patience.wait
