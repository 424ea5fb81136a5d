"""The index as generations: an ingest writes a new one, publishes it in one step, and leaves it alone.

docs/decisions/0002-index-generations.md says why. Retrieval works in memory on a Snapshot.
"""

from __future__ import annotations

import json
import re
import secrets
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol, Self

from knowledge.chroma import Contents
from knowledge.config import KnowledgeConfig
from knowledge.embeddings import Vectors
from knowledge.errors import IndexMismatch, IndexMissing, IndexUnavailable
from knowledge.model import Passage
from knowledge.reader import READER_ID, Reading, unpack

_FORMAT = 1
_OTHER_VERSION = "The index was filled by another version of founder-bot; run: founder-bot ingest"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_GENERATION = re.compile(r"gen-\d{8}t\d{6}-[0-9a-f]{8}")
# A generation can be removed between reading the pointer and opening it; the pointer then names a newer one.
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the pointer says about the current generation; `created` is UTC in ISO format.

    `overlay` is the state of the documents beside the folder that it was built from.
    """

    generation: str
    embedder: str
    reader: str
    dimension: int
    passages: int
    documents: int
    created: str
    overlay: str = ""
    format: int = _FORMAT

    @classmethod
    def for_new(cls, contents: Contents, embedder: str, overlay: str = "") -> Self:
        """Name a new generation after the present second, with a random end."""
        now = datetime.now(UTC)
        return cls(
            generation=f"gen-{now:%Y%m%dt%H%M%S}-{secrets.token_hex(4)}",
            embedder=embedder,
            reader=READER_ID,
            dimension=contents.vectors.shape[1],
            passages=len(contents.passages),
            documents=len({passage.document_id for passage in contents.passages}),
            created=now.isoformat(timespec="seconds"),
            overlay=overlay,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a pointer; raises IndexMismatch when it is not one of this version."""
        try:
            found = cls(**json.loads(text))
            if found.format == _FORMAT and _GENERATION.fullmatch(found.generation):
                return found
        except (ValueError, TypeError):
            pass
        raise IndexMismatch(_OTHER_VERSION)

    def to_json(self) -> str:
        """Write the pointer."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One generation in memory: row i of `vectors` (float32, length 1, shape [n, d]) is passage i, and so
    is reading i.
    """

    version: str
    passages: tuple[Passage, ...]
    vectors: Vectors
    readings: tuple[Reading, ...]


class GenerationGone(Exception):
    """A generation was removed while it was being opened: ask the pointer again."""


class Store(Protocol):
    """Where generations are kept; errors are IndexUnavailable and IndexBusy."""

    def current(self) -> Manifest | None:
        """Read the pointer; None before the first ingest, IndexMismatch when another version wrote it."""

    def load(self, manifest: Manifest) -> Contents:
        """Read a generation whole; raises GenerationGone when a newer one has replaced it."""

    def ingesting(self) -> AbstractContextManager[None]:
        """Hold the one right to publish; raises IndexBusy when somebody else has it."""

    def publish(self, manifest: Manifest, contents: Contents) -> None:
        """Write a generation, switch the pointer to it, and remove those before the last one."""


def build_store(config: KnowledgeConfig) -> Store:
    """Choose the store that the settings name; raises IndexUnavailable for a slug that is none."""
    if not _SLUG.fullmatch(config.program):
        raise IndexUnavailable(
            f"The program's slug {config.program!r} must be lower-case letters, digits, hyphens"
        )
    if config.chroma_url:
        return _server(config.chroma_url, config)
    from knowledge.store_folder import FolderStore

    return FolderStore(config.data_dir / "index" / config.program)


def previous_generation(store: Store) -> str:
    """Name the generation that a new one replaces; "" when there is none that can be read.

    Raises IndexUnavailable when the place where generations are kept cannot be.
    """
    try:
        manifest = store.current()
    except IndexMismatch:
        return ""
    return manifest.generation if manifest else ""


def open_current(config: KnowledgeConfig, embedder_id: str) -> Snapshot:
    """Load the current generation into memory; takes seconds for large indexes.

    Raises IndexMissing before the first ingest, IndexMismatch when another embedder, reader or way of
    cutting sentences filled the index, IndexUnavailable when it cannot be read.
    """
    manifest, contents = load_current(build_store(config), embedder_id)
    try:
        rows = zip(contents.packed, contents.passages, strict=True)
        readings = tuple(unpack(packed, passage) for packed, passage in rows)
    except ValueError as error:
        raise IndexMismatch(_OTHER_VERSION) from error
    return Snapshot(
        version=manifest.generation, passages=contents.passages, vectors=contents.vectors, readings=readings
    )


def load_current(store: Store, embedder_id: str) -> tuple[Manifest, Contents]:
    """Return the current generation's manifest and contents; raises as `open_current` does."""
    for _ in range(_TRIES):
        manifest = store.current()
        if manifest is None:
            raise IndexMissing("No documents have been indexed for this program yet; run: founder-bot ingest")
        if manifest.embedder != embedder_id:
            raise IndexMismatch(
                f"The index was filled by {manifest.embedder}, but BOT_EMBEDDINGS means {embedder_id}; "
                "index the documents again with: founder-bot ingest"
            )
        if manifest.reader != READER_ID:
            raise IndexMismatch(_OTHER_VERSION)
        try:
            return manifest, store.load(manifest)
        except GenerationGone:
            continue
        except IndexUnavailable:
            # Half of a generation that is being removed looks damaged.
            now = store.current()
            if now is None or now.generation == manifest.generation:
                raise
    raise IndexUnavailable(
        "The index changes faster than it can be read, or is damaged; run: founder-bot ingest"
    )


def current_version(config: KnowledgeConfig) -> str | None:
    """Name the current generation without loading it: cheap enough to ask every second."""
    manifest = build_store(config).current()
    return manifest.generation if manifest else None


def current_overlay(config: KnowledgeConfig) -> str | None:
    """Name the state of the documents beside the folder that the current generation has; None without one."""
    manifest = build_store(config).current()
    return manifest.overlay if manifest else None


@lru_cache(maxsize=4)
def _server(url: str, config: KnowledgeConfig) -> Store:
    from knowledge.store_server import ServerStore

    return ServerStore(url, config.program, config.data_dir)
