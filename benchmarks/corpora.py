"""The labeled data, and shelves built in memory from cached vectors so that a benchmark can be run again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from knowledge.embeddings import BUNDLED, BundledEmbeddings, Vectors, embedder_id
from knowledge.language import detect, to_simplified
from knowledge.model import Passage
from knowledge.reader import shared_reader, unpack
from knowledge.retrieval import Query, Shelf, prepare

HERE = Path(__file__).parent
DATA = HERE / "data"
CACHE = HERE.parent / "data" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of XQuAD with the number of its article."""

    article: int
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of XQuAD and the number of the paragraph that answers it."""

    text: str
    paragraph: int


def xquad(language: str) -> tuple[list[Paragraph], list[Asked]]:
    """Paragraphs and questions in one language; the same numbers name the same things in all three."""
    articles = json.loads((DATA / "xquad" / f"xquad.{language}.json").read_text("utf-8"))["data"]
    paragraphs: list[Paragraph] = []
    questions: list[Asked] = []
    for number, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            questions += [Asked(q["question"], len(paragraphs)) for q in paragraph["qas"]]
            paragraphs.append(Paragraph(number, paragraph["context"]))
    return paragraphs, questions


def write_xquad(folder: Path, language: str) -> None:
    """Write each paragraph of XQuAD as a document of its own: 000.md, 001.md, …"""
    folder.mkdir(parents=True, exist_ok=True)
    for number, paragraph in enumerate(xquad(language)[0]):
        (folder / f"{number:03}.md").write_text(paragraph.text + "\n", "utf-8")


class Vectorizer:
    """The bundled embedder and the reader, remembering every vector between runs."""

    def __init__(self) -> None:
        self._embeddings, self._reader = BundledEmbeddings(), shared_reader()
        self._known: dict[str, Vectors] = {}
        # For fitting: `matters` of questions that are themselves among the examples.
        self.crossed: Mapping[str, tuple[float, float]] = {}
        # Vectors of other layers are of no use.
        self._cache = CACHE / f"{embedder_id(BUNDLED).rpartition('/')[2]}.npz"
        if self._cache.exists():
            with np.load(self._cache) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def queries(self, texts: Sequence[str], language: str | None = None) -> list[Query]:
        """Questions made ready as the service does; `language` None detects it."""
        simple = [to_simplified(t) for t in texts]
        made = [
            prepare(s, language or detect(s), self._one("q", s), self._reader, bundled=True) for s in simple
        ]
        return [replace(q, matters=self.crossed.get(q.text, q.matters)) for q in made]

    def passages(self, passages: Sequence[Passage]) -> Vectors:
        """The embedder's passage vectors, one row each."""
        return self.texts([p.embedded_text for p in passages])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """The embedder's vectors of texts as those of passages, one row each."""
        return np.stack([self._one("p", to_simplified(text)) for text in texts])

    def shelf(self, passages: Sequence[Passage]) -> Shelf:
        """A shelf over the passages, as an ingest would fill it."""
        vectors = self.passages(passages)
        packed = self._reader.read(passages)
        readings = [unpack(row, p) for row, p in zip(packed, passages, strict=True)]
        return Shelf("benchmark", passages, vectors, readings)

    def save(self) -> None:
        """Keep what was computed for the next run."""
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(self._cache, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))

    def _one(self, kind: str, text: str) -> Vectors:
        key = kind + hashlib.sha256(text.encode()).hexdigest()
        if key not in self._known:
            e = self._embeddings
            self._known[key] = e.query_vector(text) if kind == "q" else e.passage_vectors([text])[0]
        return self._known[key]


def paragraph_passages(paragraphs: Sequence[Paragraph], language: str) -> list[Passage]:
    """Each paragraph as the one passage of a document without headings."""
    return [
        Passage(
            id=f"{n:03}#top",
            document_id=f"{n:03}",
            title=f"{n:03}",
            section=(),
            text=p.text,
            language=language,
            content_hash=str(n),
            document_version="1",
            position=0,
        )
        for n, p in enumerate(paragraphs)
    ]
