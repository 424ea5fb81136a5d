"""How long a question takes beside the bare embedder, and how that grows: `python -m benchmarks speed`.

Everything is measured side by side in one run and given as ratios; the absolute figures are this machine's.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.corpora import xquad
from benchmarks.labeled import SAMPLE
from benchmarks.tables import table
from knowledge.chunking import chunk
from knowledge.config import KnowledgeConfig
from knowledge.documents import read_folder
from knowledge.embeddings import BundledEmbeddings
from knowledge.ingest import ingest
from knowledge.language import to_simplified
from knowledge.model import Passage
from knowledge.reader import Reading
from knowledge.retrieval import Shelf
from knowledge.sentences import split_sentences
from knowledge.service import Knowledge

_QUESTIONS = 60
_PASSAGES = 100
_ROUNDS = 3


def main() -> None:
    """Print the three ratios."""
    rows = [asyncio.run(_ask_beside_embedder()), _ingest_beside_embedder(), asyncio.run(_ten_thousand())]
    table("Speed, side by side in one run", ("what", "ours", "beside", "ratio"), rows)


def _questions() -> list[str]:
    return [q.text for language in ("zh", "en") for q in xquad(language)[1][: _QUESTIONS // 2]]


async def _ask_beside_embedder() -> tuple[str, str, str, float]:
    embeddings = BundledEmbeddings()
    with tempfile.TemporaryDirectory() as folder:
        config = KnowledgeConfig(data_dir=Path(folder), program="speed")
        await asyncio.to_thread(ingest, config, SAMPLE / "documents" / "en", embeddings)
        knowledge = Knowledge.open(config)
        ours, bare = [], []
        for question in [*_questions()[:5], *_questions()]:
            bare.append(_milliseconds(lambda q=question: embeddings.query_vector(q)))  # type: ignore[misc]
            started = time.perf_counter()
            await knowledge.ask(question)
            ours.append((time.perf_counter() - started) * 1000)
        await knowledge.close()
    a, b = median(ours[5:]), median(bare[5:])
    return "a question, p50, beside embedding it alone", f"{a:.1f} ms", f"{b:.1f} ms", a / b


def _ingest_beside_embedder() -> tuple[str, str, str, float]:
    """CPU seconds, since another process on the machine would fall on one side only, and by turns."""
    documents = read_folder(SAMPLE / "documents" / "en")[0]
    passages = [p for d in documents for p in chunk(d)][:_PASSAGES]
    embeddings = BundledEmbeddings()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "documents"
        source.mkdir()
        (source / "warm.md").write_text("The first ingest of a process imports Chroma and loads the models.")
        ingest(KnowledgeConfig(data_dir=Path(folder), program="warm"), source, embeddings)
        for n, passage in enumerate(passages):
            text = f"# {passage.title}\n\n## {passage.heading}\n\n{passage.text}\n"
            (source / f"{n:03}.md").write_text(text, "utf-8")
        texts = [p.embedded_text for d in read_folder(source)[0] for p in chunk(d)]
        bare = ours = 0.0
        for turn in range(_ROUNDS):
            config = KnowledgeConfig(data_dir=Path(folder), program=f"speed-{turn}")
            bare += _cpu(
                lambda: [embeddings.passage_vectors(texts[i : i + 2]) for i in range(0, len(texts), 2)]
            )
            ours += _cpu(lambda c=config: ingest(c, source, embeddings))  # type: ignore[misc]
    per = len(texts) * _ROUNDS
    return "passages indexed a CPU second", f"{per / ours:.1f}", f"{per / bare:.1f}", bare / ours


async def _ten_thousand() -> tuple[str, str, str, float]:
    figures = []
    shelves = [_made(1_000), _made(10_000)]
    config = KnowledgeConfig(data_dir=Path("unused"), program="speed")
    both = [Knowledge(config, BundledEmbeddings(), lambda s=s: s, lambda s=s: s.version) for s in shelves]  # type: ignore[misc]
    times: list[list[float]] = [[], []]
    for question in [*_questions()[:5], *_questions()]:
        for place, knowledge in enumerate(both):
            started = time.perf_counter()
            await knowledge.ask(question)
            times[place].append((time.perf_counter() - started) * 1000)
    for knowledge in both:
        await knowledge.close()
    figures = [median(t[5:]) for t in times]
    ours, beside = f"{figures[1]:.1f} ms", f"{figures[0]:.1f} ms"
    return "a question over 10,000 passages beside 1,000", ours, beside, figures[1] / figures[0]


def _made(count: int) -> Shelf:
    """Passages of real words in a new order with random vectors: nothing depends on what they mean."""
    random = np.random.default_rng(7)
    sentences = [s for p in xquad("en")[0] for s in split_sentences(p.text, "en")]
    passages, readings = [], []
    for n in range(count):
        texts = tuple(sentences[i] for i in random.integers(0, len(sentences), 5))
        rows = random.standard_normal((len(texts) + 2, 512)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        passages.append(_passage(n, " ".join(texts)))
        readings.append(Reading(whole=rows[0], headings=rows[1:2], sentences=rows[2:], texts=texts))
    vectors = random.standard_normal((count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Shelf(f"made-{count}", passages, vectors, readings)


_PATTERN = Passage(
    id="",
    document_id="",
    title="Made",
    section=(),
    text="",
    language="en",
    content_hash="",
    document_version="1",
    position=0,
)


def _passage(number: int, text: str) -> Passage:
    return replace(_PATTERN, id=str(number), document_id=str(number), text=to_simplified(text))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
