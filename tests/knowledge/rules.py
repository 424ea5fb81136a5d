"""An embedder that works by rule, and the small folders that tests of the knowledge room index."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from zlib import crc32

from langchain_core.embeddings import Embeddings

from knowledge.config import KnowledgeConfig

RULE = "openai:rule"


class RuleEmbeddings(Embeddings):
    """Counts pairs of characters: equal texts are equal, similar ones near; remembers what it embedded."""

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.embedded += texts
        return [self._vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._vector(text)

    @staticmethod
    def _vector(text: str) -> list[float]:
        bins = [0.01] * 64
        for pair in pairwise(text):
            bins[crc32("".join(pair).encode()) % 64] += 1
        return bins


def config(data_dir: Path, **changes: object) -> KnowledgeConfig:
    facts: dict[str, object] = {"data_dir": data_dir, "program": "base", "embeddings": RULE, **changes}
    return KnowledgeConfig(**facts)  # type: ignore[arg-type]


def fill(folder: Path, **documents: str) -> Path:
    """Write Markdown documents by name; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder
