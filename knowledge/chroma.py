"""One generation of passages in one Chroma collection, written and read through LangChain's Chroma.

Chroma would load a model of its own, from the network, for any text that comes without a vector. Here
every text has one, and what Chroma is given in place of a model refuses to work.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from knowledge.embeddings import Vectors, unit
from knowledge.errors import IndexUnavailable
from knowledge.model import Passage

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_PAGE = 1000
_WRITE = 500
# Chroma keeps a table of open folders for the whole process, and changes it without a lock.
_OPENING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What one generation holds, row by row: passage, vector (float32, length 1), packed reading."""

    passages: tuple[Passage, ...]
    vectors: Vectors
    packed: tuple[str, ...]


class PreparedVectors(Embeddings):
    """Hands out, once and in order, the vectors that were computed for these texts."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors: list[list[float]] = vectors.tolist()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors; RuntimeError when they are asked for other texts or again."""
        vectors, self._vectors = self._vectors, []
        if len(vectors) != len(texts):
            raise RuntimeError("The store asked for vectors that were not prepared")
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Refuse: questions never go through the store."""
        raise RuntimeError("The index does not embed questions")


@lru_cache(maxsize=1)
def no_model() -> Any:
    """Return what is registered with Chroma in place of a model: it raises instead of downloading one."""
    from chromadb import Documents, EmbeddingFunction
    from chromadb import Embeddings as ChromaEmbeddings
    from chromadb.utils.embedding_functions import register_embedding_function

    class NoModel(EmbeddingFunction[Documents]):
        """Refuses every text."""

        def __init__(self) -> None:
            pass

        def __call__(self, input: Documents) -> ChromaEmbeddings:
            raise RuntimeError("founder-bot gives Chroma every vector; Chroma must not embed by itself")

        @staticmethod
        def name() -> str:
            return "founder_bot_no_model"

        def get_config(self) -> dict[str, Any]:
            return {}

        @staticmethod
        def build_from_config(config: dict[str, Any]) -> EmbeddingFunction[Documents]:
            return NoModel()

    register_embedding_function(NoModel)  # type: ignore[no-untyped-call]
    return NoModel()


@contextmanager
def open_folder(folder: Path) -> Iterator[ClientAPI]:
    """Open a Chroma folder for this block only; the caller sees to it that nobody else has it open."""
    import chromadb
    from chromadb.config import Settings

    with _OPENING:
        client = chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
    try:
        yield client
    finally:
        with _OPENING:
            client.close()  # type: ignore[attr-defined]


def create(client: ClientAPI, name: str, **metadata: str | int) -> Collection:
    """Create an empty collection that measures cosines."""
    return client.create_collection(
        name,
        embedding_function=no_model(),
        configuration={"hnsw": {"space": "cosine"}},
        metadata=metadata or None,
    )


def write(client: ClientAPI, name: str, contents: Contents) -> None:
    """Fill a new collection; raises what Chroma raises, and then the collection is not whole."""
    from langchain_chroma import Chroma

    create(client, name)
    for start in range(0, len(contents.passages), _WRITE):
        part = slice(start, start + _WRITE)
        some = contents.passages[part]
        prepared = PreparedVectors(contents.vectors[part])
        facts = [_metadata(*row) for row in zip(some, contents.packed[part], strict=True)]
        store = Chroma(client=client, collection_name=name, embedding_function=prepared)
        store.add_texts([p.text for p in some], metadatas=facts, ids=[p.id for p in some])


def read(client: ClientAPI, name: str, count: int) -> Contents:
    """Read a whole collection; raises IndexUnavailable when it does not hold `count` passages."""
    from langchain_chroma import Chroma

    store = Chroma(client=client, collection_name=name, create_collection_if_not_exists=False)
    passages: list[Passage] = []
    packed: list[str] = []
    parts: list[Vectors] = []
    for start in range(0, count, _PAGE):
        page = store.get(limit=_PAGE, offset=start, include=["embeddings", "metadatas", "documents"])
        rows = zip(page["ids"], page["documents"], page["metadatas"], strict=True)
        passages += [_passage(identifier, text, facts) for identifier, text, facts in rows]
        packed += [str(facts["reading"]) for facts in page["metadatas"]]
        parts.append(np.asarray(page["embeddings"], dtype=np.float32))
    if len(passages) != count:
        raise IndexUnavailable(f"The index is damaged: {len(passages)} passages where {count} were written")
    vectors = unit(np.concatenate(parts)) if parts else np.zeros((0, 0), dtype=np.float32)
    order = sorted(range(count), key=lambda i: (passages[i].document_id, passages[i].position))
    return Contents(
        passages=tuple(passages[i] for i in order),
        vectors=np.ascontiguousarray(vectors[order]),
        packed=tuple(packed[i] for i in order),
    )


def _metadata(passage: Passage, reading: str) -> dict[str, str | int | bool]:
    facts: dict[str, str | int | bool | None] = {
        "document_id": passage.document_id,
        "title": passage.title,
        "section": json.dumps(passage.section, ensure_ascii=False),
        "language": passage.language,
        "content_hash": passage.content_hash,
        "document_version": passage.document_version,
        "position": passage.position,
        "twin": passage.twin,
        "source": passage.source,
        "as_of": passage.as_of.isoformat() if passage.as_of else None,
        "sample": passage.sample,
        "asks": json.dumps(passage.asks, ensure_ascii=False),
        "valid_from": passage.valid_from.isoformat() if passage.valid_from else None,
        "valid_until": passage.valid_until.isoformat() if passage.valid_until else None,
        "reading": reading,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _passage(identifier: str, text: str, facts: dict[str, Any]) -> Passage:
    as_of = facts.get("as_of")
    return Passage(
        id=identifier,
        document_id=facts["document_id"],
        title=facts["title"],
        section=tuple(json.loads(facts["section"])),
        text=text,
        language=facts["language"],
        content_hash=facts["content_hash"],
        document_version=facts["document_version"],
        position=facts["position"],
        twin=facts.get("twin"),
        source=facts.get("source"),
        as_of=date.fromisoformat(as_of) if as_of else None,
        sample=facts["sample"],
        asks=tuple(json.loads(facts["asks"])),
        valid_from=_moment(facts.get("valid_from")),
        valid_until=_moment(facts.get("valid_until")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
