"""Removes sessions that are over and counters nobody needs, once an hour."""

from __future__ import annotations

import asyncio
import logging

from bot.console.config import Console
from storage.errors import StorageError

logger = logging.getLogger(__name__)
_EVERY = 3600.0


async def sweep(console: Console) -> None:
    """Remove what is over."""
    async with console.services.database.unit_of_work() as work:
        await work.sessions.sweep(console.config.limits.idle)
        await work.sign_in_tries.sweep()


async def keep_sweeping(console: Console) -> None:
    """Sweep now and then until canceled; a failure waits for the next time."""
    while True:
        try:
            await sweep(console)
        except StorageError as error:
            logger.warning("sessions were not swept: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)
