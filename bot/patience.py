"""How long to wait before the next try, and trying again while the database is busy."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import StorageError

R = TypeVar("R")
logger = logging.getLogger(__name__)

_FIRST = 0.1
_LONGEST = 5.0


def backoff(attempt: int, *, first: float, longest: float) -> float:
    """Return seconds that double with every attempt (from 0), with jitter so that chats spread out."""
    return float(min(longest, first * 2 ** min(attempt, 30)) * random.uniform(0.75, 1.25))  # noqa: S311


async def until_stored(step: Callable[[], Awaitable[R]]) -> R:
    """Run a step on the database again for as long as its error says that waiting may help."""
    attempt = 0
    while True:
        try:
            return await step()
        except StorageError as error:
            if not error.retryable:
                raise
            logger.warning("the database is not ready (%s); trying again", type(error).__name__)
            await asyncio.sleep(backoff(attempt, first=_FIRST, longest=_LONGEST))
            attempt += 1
