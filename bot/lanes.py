"""Ordered work: one thing at a time for each key, lowest order first, several keys side by side."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Lane(Generic[T]):
    """What waits for one key; the work function takes from it what it handles."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, T]] = []
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, order: int, item: T) -> None:
        """Add an item; orders are unique within a lane."""
        heapq.heappush(self._waiting, (order, item))
        self._arrived.set()

    def take(self) -> T:
        """Remove and return the item that is first in order."""
        return heapq.heappop(self._waiting)[1]

    async def peek(self, seconds: float) -> T | None:
        """Return the item that is next, waiting up to `seconds` for one to arrive."""
        if not self._waiting and seconds > 0:
            self._arrived.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        return self._waiting[0][1] if self._waiting else None


class Lanes(Generic[T]):
    """All lanes of one kind of work; `work(lane)` handles the next item or items of a lane that has some."""

    def __init__(self, work: Callable[[Lane[T]], Awaitable[None]]) -> None:
        self._work = work
        self._lanes: dict[Hashable, Lane[T]] = {}
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}
        self._closing = False

    def put(self, key: Hashable, order: int, item: T) -> None:
        """Queue an item; nothing more is started after `close` was called."""
        lane = self._lanes.setdefault(key, Lane())
        lane.put(order, item)
        if key not in self._tasks and not self._closing:
            self._tasks[key] = asyncio.create_task(self._run(key, lane))

    def waiting(self, key: Hashable) -> int:
        """Count what waits for a key, without what is being handled."""
        lane = self._lanes.get(key)
        return 0 if lane is None else len(lane)

    def busy(self, key: Hashable) -> bool:
        """Tell whether something of a key waits or runs."""
        return key in self._tasks

    async def settled(self, key: Hashable) -> None:
        """Return when nothing of a key waits or runs."""
        while task := self._tasks.get(key):
            await asyncio.wait([task])

    async def drained(self, seconds: float) -> bool:
        """Wait up to `seconds` until all lanes are empty; tell whether they are."""
        return await self._until_empty(seconds)

    async def close(self, seconds: float) -> bool:
        """Start nothing more, let what runs end within `seconds`, then cancel; False when it had to."""
        self._closing = True
        ended = await self._until_empty(seconds)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        return ended

    async def _until_empty(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(list(self._tasks.values()))
        except TimeoutError:
            return False
        return True

    async def _run(self, key: Hashable, lane: Lane[T]) -> None:
        try:
            while lane and not self._closing:
                try:
                    await self._work(lane)
                except Exception as error:
                    # A mistake in the work itself: the item is dropped here, its row in the database stays.
                    logger.error("work failed with %s (%s)", type(error).__name__, where(error))
        finally:
            del self._tasks[key]
            if not lane:
                self._lanes.pop(key, None)


def where(error: BaseException) -> str:
    """Name file, line and function of the innermost frame: the message itself may quote a founder."""
    trace = error.__traceback__
    if trace is None:
        return "unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{code.co_filename}:{trace.tb_lineno} in {code.co_name}"
