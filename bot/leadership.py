"""Being the one process that does something, by a lease in the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from bot.patience import until_stored
from bot.workers import is_dead

if TYPE_CHECKING:
    from storage.database import Database

logger = logging.getLogger(__name__)


class Leadership:
    """One lease that this process wants; `gained` runs before it counts as held.

    A holder that died on this machine is replaced at the next look, one elsewhere after `seconds`.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        worker: str,
        gained: Callable[[], Awaitable[None]],
        *,
        seconds: float,
    ) -> None:
        self._database = database
        self._name = name
        self._worker = worker
        self._gained = gained
        self._seconds = seconds
        self._held_until = 0.0
        self.holding = False

    async def keep(self, stop: asyncio.Event) -> None:
        """Ask for the lease and renew it until `stop`."""
        while not stop.is_set():
            asked = monotonic()
            try:
                holding = await self._acquire()
                self._held_until = asked + self._seconds if holding else 0.0
            except Exception as error:
                logger.warning("the lease could not be renewed: %s", type(error).__name__)
                holding = self.holding and monotonic() < self._held_until
            if holding and not self.holding:
                await until_stored(self._gained)
            self.holding = holding
            await pause(stop, self._seconds / 4)

    async def give_back(self) -> None:
        """Let another process have it at once."""
        self.holding = False
        async with self._database.unit_of_work() as work:
            await work.leases.release(self._name, self._worker)

    async def _acquire(self) -> bool:
        async with self._database.unit_of_work(read_only=True) as work:
            holder = await work.leases.holder(self._name)
        dead = None
        if holder is not None and holder != self._worker:
            if not is_dead(holder):
                return False
            dead = holder
        async with self._database.unit_of_work() as work:
            return await work.leases.acquire(self._name, self._worker, self._seconds, dead=dead)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but not beyond `stop`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
