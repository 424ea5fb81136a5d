"""Small work on the side of a running bot."""

from __future__ import annotations

import asyncio
import logging

from bot.files import FileStore
from storage.database import Database
from storage.errors import StorageError

logger = logging.getLogger(__name__)
_AT_ONCE = 500
_EVERY = 3600.0


async def sweep(database: Database, files: FileStore) -> int:
    """Remove content that no answer and no submitted version refers to; returns how many files went."""
    removed = 0
    aged = await files.aged()
    for start in range(0, len(aged), _AT_ONCE):
        async with database.unit_of_work(read_only=True) as work:
            loose = await work.files.unreferenced(aged[start : start + _AT_ONCE])
        if not loose:
            continue
        gone = await files.remove(loose)
        if gone:
            async with database.unit_of_work() as work:
                await work.files.forget(gone)
        removed += len(gone)
    return removed


async def keep_sweeping(database: Database, files: FileStore) -> None:
    """Sweep now and then until canceled; a failure waits for the next time."""
    while True:
        try:
            if removed := await sweep(database, files):
                logger.info("%d files that nothing refers to are removed", removed)
        except (StorageError, OSError) as error:
            logger.warning("files were not swept: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)
