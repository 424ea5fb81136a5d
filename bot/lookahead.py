"""How many announcements are made ready before their slot: few, but enough that no slot waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

_SPARE = 3
_WEIGHT = 0.2


class Lookahead:
    """Lets in as many as the time to make one ready asks for at this rate, and three more.

    Whoever is inside when the process dies is in doubt, so that there should be few; on a busy machine
    making ready takes a tenth of a second, and with too few the rate would not be reached.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._seconds = 0.0
        self._inside = 0
        self._changed = asyncio.Condition()

    @property
    def limit(self) -> int:
        """How many may be inside now, at most what a second takes."""
        return min(max(_SPARE, self._rate), _SPARE + int(self._rate * self._seconds))

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait to be let in."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._inside < self.limit)
            self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            async with self._changed:
                self._changed.notify(2)

    async def timed(self, prepare: Callable[[], Awaitable[bool]]) -> bool:
        """Make one ready, and learn how long that takes."""
        began = monotonic()
        ready = await prepare()
        self._seconds += _WEIGHT * (monotonic() - began - self._seconds)
        return ready
