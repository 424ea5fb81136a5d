"""One writer at a time in this process, for SQLite, which has one write lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from storage.errors import DatabaseLocked
from storage.failures import Place

_PATIENCE = 60.0
"""Seconds a writer queues behind others of its own process: they are quick, so this means a hang."""


class Turnstile:
    """Lets SQLite's writers through one by one in the order they came; PostgreSQL needs no queue.

    Without it, waiting writers poll SQLite's lock, and an unlucky one starves until its time-out.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = asyncio.Lock() if place.dialect == "sqlite" else None
        self._holder: asyncio.Task[Any] | None = None

    @asynccontextmanager
    async def pass_through(self, *, read_only: bool) -> AsyncIterator[None]:
        """Wait for the turn to write; reading needs none."""
        if read_only or self._lock is None:
            yield
            return
        me = asyncio.current_task()
        if self._holder is not None and self._holder is me:
            raise RuntimeError(
                "this task has a writing unit of work open: another would wait for it for ever"
            )
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._lock.acquire()
        except TimeoutError:
            raise DatabaseLocked(f"The database {self._place.label} is too busy with other work.") from None
        self._holder = me
        try:
            yield
        finally:
            self._holder = None
            self._lock.release()
