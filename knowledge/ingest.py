"""Documents into a new generation of the index, embedding only what changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from knowledge.chroma import Contents
from knowledge.chunking import chunk
from knowledge.config import KnowledgeConfig
from knowledge.documents import Known, read_folder
from knowledge.embeddings import Vectors, batch_size, embedder_id, passage_vectors
from knowledge.errors import DocumentsInvalid, IndexMismatch, IndexMissing, IndexUnavailable
from knowledge.language import to_simplified
from knowledge.model import Document, IngestReport, Overlay, Passage, ReadFailure
from knowledge.reader import shared_reader, unpack
from knowledge.store import Manifest, Store, build_store, load_current, previous_generation

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where documents come from: the program's folder, and what lies over it.

    `known` spares reading again what has not changed since the last time.
    """

    folder: Path
    overlay: Overlay = field(default_factory=Overlay)
    known: Known | None = None


def ingest(
    config: KnowledgeConfig,
    sources: Path | Sources,
    embeddings: Embeddings,
    progress: Progress | None = None,
) -> IngestReport:
    """Index documents; readers see the old index until the new one is complete, then only the new one.

    `progress` is called with (passages embedded, passages to embed), first with 0. Raises
    DocumentsInvalid when nothing can be read, and then the old index stays; IndexBusy when another
    ingest is running; IndexUnavailable and EmbedderUnavailable as the names say. When nothing changed
    no new generation is made.
    """
    started = time.monotonic()
    sources = Sources(folder=sources) if isinstance(sources, Path) else sources
    store = build_store(config)
    with store.ingesting():
        documents, failures = gather(config, sources)
        passages = cut(documents)
        if not passages:
            raise DocumentsInvalid(_nothing(sources.folder, failures))
        identity = embedder_id(config.embeddings)
        version, overlay, old = _old(store, identity)
        contents, embedded = build(passages, old, embeddings, progress)
        if set(old.passages) != set(passages) or overlay != sources.overlay.state:
            manifest = Manifest.for_new(contents, identity, sources.overlay.state)
            store.publish(manifest, contents)
            version = manifest.generation
    removed = len({p.id for p in old.passages} - {p.id for p in passages})
    return IngestReport(
        documents=len(documents),
        passages=len(passages),
        embedded=embedded,
        kept=len(passages) - embedded,
        removed=removed,
        failures=tuple(failures),
        index_version=version,
        seconds=time.monotonic() - started,
    )


def gather(config: KnowledgeConfig, sources: Sources) -> tuple[list[Document], list[ReadFailure]]:
    """Read the folder and lay the overlay over it; a document of both keeps the path of its file."""
    found, failures = read_folder(sources.folder, config.languages, zone=config.zone, known=sources.known)
    documents = {document.id: document for document in found}
    for document in sources.overlay.documents:
        under = documents.get(document.id)
        documents[document.id] = replace(document, path=under.path) if under else document
    return list(documents.values()), failures


def cut(documents: Sequence[Document]) -> tuple[Passage, ...]:
    """Cut documents into the passages of an index."""
    return tuple(passage for document in documents for passage in chunk(document))


def build(
    passages: tuple[Passage, ...], old: Contents, embeddings: Embeddings, progress: Progress | None = None
) -> tuple[Contents, int]:
    """Embed and read passages, taking over from `old` what has not changed; also how many were embedded."""
    vectors, embedded = _vectors(passages, old, embeddings, progress or _silent)
    return Contents(passages=passages, vectors=vectors, packed=_readings(passages, old)), embedded


def _old(store: Store, identity: str) -> tuple[str, str, Contents]:
    """Name, overlay and contents of the present generation if it can be used again, else of an empty one."""
    # A server that is away says so here, before anything is embedded.
    previous_generation(store)
    try:
        manifest, contents = load_current(store, identity)
        for packed, passage in zip(contents.packed, contents.passages, strict=True):
            unpack(packed, passage)
    # A damaged index is what an ingest is there to replace.
    except (IndexMissing, IndexMismatch, IndexUnavailable, ValueError):
        return "", "", Contents(passages=(), vectors=np.zeros((0, 0), dtype=np.float32), packed=())
    return manifest.generation, manifest.overlay, contents


def _vectors(
    passages: Sequence[Passage], old: Contents, embeddings: Embeddings, progress: Progress
) -> tuple[Vectors, int]:
    """Return the vectors of all passages, and how many of them had to be computed."""
    known = dict(zip((_embedded(p) for p in old.passages), old.vectors, strict=True))
    texts = [_embedded(passage) for passage in passages]
    fresh = sum(text not in known for text in texts)
    missing = list(dict.fromkeys(text for text in texts if text not in known))
    size = batch_size(embeddings)
    progress(0, len(missing))
    for start in range(0, len(missing), size):
        batch = missing[start : start + size]
        known.update(zip(batch, passage_vectors(embeddings, batch), strict=True))
        progress(start + len(batch), len(missing))
    return np.stack([known[text] for text in texts]), fresh


def _embedded(passage: Passage) -> str:
    """What the embedder reads; questions come to it in simplified characters too."""
    return to_simplified(passage.embedded_text) if passage.language == "zh" else passage.embedded_text


def _readings(passages: Sequence[Passage], old: Contents) -> tuple[str, ...]:
    """Return the packed readings of all passages, computing only those of changed text."""
    known = {_read_text(p): packed for p, packed in zip(old.passages, old.packed, strict=True)}
    missing = [p for p in passages if _read_text(p) not in known]
    read = zip(missing, shared_reader().read(missing), strict=True)
    known |= {_read_text(p): packed for p, packed in read}
    return tuple(known[_read_text(p)] for p in passages)


def _read_text(passage: Passage) -> tuple[str, tuple[str, ...], str]:
    """All that decides which rows the reader makes, and in what order."""
    return passage.embedded_text, passage.asks, passage.language


def _nothing(folder: Path, failures: Sequence[ReadFailure]) -> str:
    if not failures:
        return f"The documents folder {folder} holds no documents"
    first = failures[0]
    others = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return f"No document in {folder} can be read: {first.path} {first.reason}{others}"


def _silent(done: int, total: int) -> None:
    """Report to nobody."""
