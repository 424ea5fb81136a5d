"""Small work on the side of a running bot."""

from __future__ import annotations

import asyncio
import logging

from bot.files import FileStore
from handlers.review.gaps import GapDesk
from knowledge.errors import KnowledgeError
from storage.database import Database
from storage.errors import StorageError

logger = logging.getLogger(__name__)
_AT_ONCE = 500
_EVERY = 3600.0
_LOOK_FOR_WORDLESS = 60.0


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


async def keep_grouping(gaps: GapDesk | None) -> None:
    """Group what was not settled every hour until canceled; a failure waits for the next time."""
    while gaps is not None:
        try:
            if (done := await gaps.regroup()).added:
                logger.info("%d unsettled questions came in, %d groups are open", done.added, done.open)
        except (StorageError, KnowledgeError) as error:
            logger.warning("gaps were not grouped: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)


async def index_messages(database: Database) -> int:
    """Give words to all messages that were stored without; returns how many those were."""
    total = 0
    while True:
        async with database.unit_of_work() as work:
            done = await work.messages.index(_AT_ONCE)
        if not done:
            return total
        total += done
        if total % (20 * _AT_ONCE) == 0:
            logger.info("%d messages indexed for the search", total)
        await asyncio.sleep(0)


async def keep_indexing(database: Database) -> None:
    """Index what other processes and older versions stored, until canceled."""
    while True:
        try:
            if indexed := await index_messages(database):
                logger.info("%d messages are indexed for the search", indexed)
        except StorageError as error:
            logger.warning("messages were not indexed: %s", type(error).__name__)
        await asyncio.sleep(_LOOK_FOR_WORDLESS)


async def keep_counting(database: Database) -> None:
    """Add up what documents were good for, day by day, until canceled."""
    while True:
        try:
            while True:
                async with database.unit_of_work() as work:
                    if await work.document_uses.add_day() is None:
                        break
                await asyncio.sleep(0)
        except StorageError as error:
            logger.warning("uses of documents were not counted: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)
