"""Keeps the index in step with the documents that staff write and announcements become."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from handlers.review.overlay import overlay_of
from knowledge.errors import IndexBusy, KnowledgeError
from knowledge.model import IngestReport, Overlay
from storage.errors import StorageError

if TYPE_CHECKING:
    from knowledge.library import Library
    from knowledge.service import Knowledge
    from storage.database import Database

logger = logging.getLogger(__name__)
_LOOKS_EVERY = 0.5
_LOOKS_AT_INDEX_EVERY = 10
_BUSY_SECONDS = 0.3
_FAILED_SECONDS = 10.0


class Publisher:
    """Publishes what is committed: at once when told, and now and then in case another process was killed.

    Every process with an index of its own runs one. Embedding waits for founders' questions.
    """

    def __init__(self, database: Database, knowledge: Knowledge, library: Library) -> None:
        self.database, self.knowledge, self.library = database, knowledge, library
        self._told = asyncio.Event()
        self._looked = asyncio.Condition()
        self._rounds, self._busy = 0, False
        self._failure: Exception | None = None
        self._state: str | None = None

    def changed(self) -> None:
        """Say that documents have been committed; returns at once, and many calls make one publication."""
        self._told.set()

    async def published(self, seconds: float = 30.0) -> bool:
        """Wait until this process answers from all that is committed now; False when that takes longer.

        Raises the KnowledgeError or StorageError that keeps it out.
        """
        # A round under way may have looked before the commit.
        wanted = self._rounds + (2 if self._busy else 1)
        self.changed()
        async with self._looked:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._looked.wait_for(lambda: self._rounds >= wanted), seconds)
                if self._failure is not None:
                    raise self._failure
                return True
        return False

    async def keep(self) -> None:
        """Publish until canceled; a failure is tried again, and the index of before answers meanwhile."""
        while True:
            self._told.clear()
            self._busy = True
            self._failure = await self._attempt()
            self._busy = False
            async with self._looked:
                self._rounds += 1
                self._looked.notify_all()
            with contextlib.suppress(TimeoutError):
                pause = _LOOKS_EVERY if self._failure is None else _FAILED_SECONDS
                await asyncio.wait_for(self._told.wait(), pause)

    async def _attempt(self) -> Exception | None:
        try:
            report = await self.catch_up()
        except (KnowledgeError, StorageError) as error:
            logger.warning("documents could not be published: %s", error)
            return error
        # A file that breaks reading in an unforeseen way must not end the chore for the life of the process.
        except Exception as error:
            logger.exception("documents could not be published")
            return error
        if report is not None:
            logger.info("documents published in %.1f s, %d embedded", report.seconds, report.embedded)
        return None

    async def catch_up(self) -> IngestReport | None:
        """Publish what the database has and the index has not; None when they agree."""
        from knowledge.store import current_overlay

        while True:
            async with self.database.unit_of_work(read_only=True) as work:
                state = await work.documents.state()
            # The index changes behind our back when another process ingests; rarely, so it is asked rarely.
            if state == self._state and self._rounds % _LOOKS_AT_INDEX_EVERY:
                return None
            self._state = await asyncio.to_thread(current_overlay, self.library.config)
            if state == self._state:
                return None
            try:
                overlay = await overlay_of(self.database)
                report = await publish(self.library, overlay, self.knowledge)
                # What was taken away right after would else look like the state of before.
                self._state = overlay.state
                await self.knowledge.refresh()
                return report
            except IndexBusy:
                # Somebody else publishes, perhaps the very same: look again when they are done.
                await asyncio.sleep(_BUSY_SECONDS)


async def publish(library: Library, overlay: Overlay, knowledge: Knowledge) -> IngestReport:
    """Index the folder and what lies over it; embedding waits for founders' questions."""
    from knowledge.ingest import ingest

    embeddings = knowledge.in_background()
    return await asyncio.to_thread(ingest, library.config, library.sources(overlay), embeddings)
