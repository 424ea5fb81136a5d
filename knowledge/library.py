"""The documents of a program as they stand: the folder, and what lies over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from knowledge.config import KnowledgeConfig
from knowledge.documents import Known
from knowledge.ingest import Sources, cut, gather
from knowledge.model import Document, Overlay, Passage, ReadFailure

_KEPT = 5000


class Library:
    """Reads the folder that is indexed at the moment, again only where a file has changed."""

    def __init__(self, config: KnowledgeConfig, folder: Callable[[], Path]) -> None:
        self.config = config
        self._folder = folder
        self._known: Known = {}
        self._reading = asyncio.Lock()
        self._cut: dict[tuple[str, str], tuple[Passage, ...]] = {}

    def passages(self, document: Document) -> tuple[Passage, ...]:
        """Cut a document as the index does; kept for the next time."""
        key = (document.id, document.version)
        if key not in self._cut:
            if len(self._cut) >= _KEPT:
                self._cut.clear()
            self._cut[key] = cut([document])
        return self._cut[key]

    def cut(self, document: Document) -> tuple[Passage, ...]:
        """Cut a document that is still being written."""
        return cut([document])

    def sources(self, overlay: Overlay) -> Sources:
        """What an index of the folder and an overlay is made from."""
        return Sources(folder=self._folder(), overlay=overlay, known=self._known)

    async def read(self, overlay: Overlay | None = None) -> tuple[list[Document], list[ReadFailure]]:
        """Read everything that counts, and name what cannot be read.

        A document that is no file has its id as its path. Raises DocumentsInvalid without a folder.
        """
        async with self._reading:
            return await asyncio.to_thread(gather, self.config, self.sources(overlay or Overlay()))
