"""The front of the knowledge room: a question in, a cited answer or an honest refusal out."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from langchain_core.embeddings import Embeddings

from knowledge import extract
from knowledge.answerability import DEFAULT_THRESHOLD, confidence
from knowledge.config import KnowledgeConfig
from knowledge.embeddings import BUNDLED, EmbeddingWorker, Vectors, build_embeddings, embedder_id
from knowledge.errors import KnowledgeError
from knowledge.language import detect, to_simplified
from knowledge.lexical import terms
from knowledge.model import Answer, Citation, Topic
from knowledge.reader import SentenceReader
from knowledge.retrieval import Found, Shelf
from knowledge.writer import AnswerWriter, Draft, ExtractiveWriter, build_writer

LOGGER = logging.getLogger(__name__)
LONGEST_QUESTION = 2000
_WATCH_SECONDS = 0.5
_SECOND_SENTENCE_SHARE = 0.85
_MODEL_PASSAGES = 4
_SPACE = re.compile(r"[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a search came to: the passages in the founder's language, and how sure we are of the first."""

    found: tuple[Found, ...]
    confidence: float


class Knowledge:
    """Answers from one program's current index, and follows it when it is indexed anew."""

    def __init__(
        self,
        config: KnowledgeConfig,
        embeddings: Embeddings,
        load: Callable[[], Shelf],
        current: Callable[[], str | None],
        writer: AnswerWriter | None = None,
    ) -> None:
        self._config = config
        self._worker = EmbeddingWorker(embeddings)
        self._reader = SentenceReader()
        self._search_thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._load, self._current = load, current
        self._writer, self._quoting = writer, ExtractiveWriter()
        self._threshold = DEFAULT_THRESHOLD if config.threshold is None else config.threshold
        self._bundled = config.embeddings == BUNDLED
        self._shelf = load()
        self._watcher: asyncio.Task[None] | None = None

    @classmethod
    def open(cls, config: KnowledgeConfig) -> Knowledge:
        """Load the current index, the embedder and the writer; raises from the KnowledgeError tree."""
        from knowledge.store import current_version, open_current

        identity = embedder_id(config.embeddings)

        def load() -> Shelf:
            snapshot = open_current(config, identity)
            return Shelf(snapshot.version, snapshot.passages, snapshot.vectors, snapshot.readings)

        embeddings = build_embeddings(
            config.embeddings, base_url=config.embeddings_url, key=config.embeddings_key
        )
        return cls(config, embeddings, load, lambda: current_version(config), build_writer(config))

    @property
    def version(self) -> str:
        """The index generation that answers now."""
        return self._shelf.version

    def __len__(self) -> int:
        return len(self._shelf)

    async def ask(self, question: str, *, language: str | None = None) -> Answer:
        """Answer from the documents, or say that they do not; the event loop stays free meanwhile.

        `language` overrides the detected language of the question. Raises EmbedderUnavailable when a
        remote embedder does not answer.
        """
        started = time.perf_counter()
        self._watch()
        shelf = self._shelf
        asked = " ".join(_SPACE.sub(" ", question).split())[:LONGEST_QUESTION]
        spoken = language or detect(asked)
        searched = to_simplified(asked)
        if not terms(searched):
            return self._answer(
                question, asked, spoken, shelf, _Judged((), 0.0), None, {"total": _since(started)}
            )
        vector = await self._worker.embed_query(searched)
        embedded = time.perf_counter()
        run = asyncio.get_running_loop().run_in_executor
        judged = await run(self._search_thread, self._judge, shelf, searched, spoken, vector)
        found_at = time.perf_counter()
        draft: tuple[Draft, str] | None = None
        if judged.confidence >= self._threshold:
            draft = await self._write(shelf, searched, spoken, judged)
        timings = {
            "embed": (embedded - started) * 1000,
            "search": (found_at - embedded) * 1000,
            "write": _since(found_at),
            "total": _since(started),
        }
        return self._answer(question, searched, spoken, shelf, judged, draft, timings)

    async def close(self) -> None:
        """End the threads; a question still under way gets its answer first."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._worker.close()
        await asyncio.to_thread(self._search_thread.shutdown, wait=True)

    def _judge(self, shelf: Shelf, question: str, language: str, vector: Vectors) -> _Judged:
        reading = self._reader.encode([question])[0]
        found = shelf.search(question, vector, reading)
        if not found:
            return _Judged((), 0.0)
        wanted = list(dict.fromkeys([language, "en", *self._config.languages]))
        sure = self._confidence(shelf, question, language, found)
        for rank, one in enumerate(found):
            row = shelf.in_language(one, wanted)
            if row is not None and all(f.row != row for f in found[:rank]):
                found = [f for f in found if f.row != row or f is one]
                found[found.index(one)] = shelf.found(row, one, vector, reading)
        again = self._confidence(shelf, question, language, found)
        return _Judged(tuple(found), max(sure, again))

    def _confidence(self, shelf: Shelf, question: str, language: str, found: Sequence[Found]) -> float:
        evidence = shelf.evidence(question, language, found)
        return confidence(evidence, bundled=self._bundled)

    async def _write(
        self, shelf: Shelf, question: str, language: str, judged: _Judged
    ) -> tuple[Draft, str] | None:
        """The model's answer where there is one and it holds; the quotation otherwise."""
        if self._writer is not None:
            passages = [
                self._cite(n, f, extract.plain(f.scored.passage.text))
                for n, f in enumerate(judged.found[:_MODEL_PASSAGES], start=1)
            ]
            draft = await self._writer.write(question, language, passages)
            if draft is not None:
                return draft, self._writer.name
        run = asyncio.get_running_loop().run_in_executor
        quotes = await run(self._search_thread, self._quotes, shelf, question, judged.found)
        draft = await self._quoting.write(question, language, quotes)
        return (draft, self._quoting.name) if draft else None

    def _quotes(self, shelf: Shelf, question: str, found: Sequence[Found]) -> list[Citation]:
        """The best passage's quotation, and one more where another passage answers as well."""
        best = found[0]
        quotes = [self._cite(1, best, extract.quote(shelf, question, best))]
        enough = max(extract.sentence_scores(shelf, question, best)) * _SECOND_SENTENCE_SHARE
        held = set(terms(quotes[0].quote))
        for other in found[1:3]:
            if other.scored.passage.language != best.scored.passage.language:
                continue
            if max(extract.sentence_scores(shelf, question, other)) < enough:
                continue
            text = extract.quote(shelf, question, other, limit=extract.QUOTE_WIDTH // 2)
            new = set(terms(text))
            if new and len(new & held) / len(new) < 0.5:
                return [*quotes, self._cite(2, other, text)]
        return quotes

    @staticmethod
    def _cite(number: int, found: Found, quote: str) -> Citation:
        passage = found.scored.passage
        return Citation(
            number=number,
            passage_id=passage.id,
            document_id=passage.document_id,
            title=passage.title,
            section=passage.heading,
            source=passage.source,
            quote=quote,
            language=passage.language,
            sample=passage.sample,
            as_of=passage.as_of,
        )

    def _answer(
        self,
        question: str,
        searched: str,
        language: str,
        shelf: Shelf,
        judged: _Judged,
        draft: tuple[Draft, str] | None,
        timings: dict[str, float],
    ) -> Answer:
        text, citations, writer = (draft[0].text, draft[0].citations, draft[1]) if draft else ("", (), "none")
        return Answer(
            question=question,
            language=language,
            answered=draft is not None,
            text=text,
            citations=citations,
            confidence=judged.confidence,
            answer_language=citations[0].language if citations else language,
            searched=searched,
            retrieved=tuple(f.scored for f in judged.found),
            related=() if draft else _topics(judged.found),
            index_version=shelf.version,
            writer=writer,
            timings=timings,
        )

    def _watch(self) -> None:
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        """Load a newer index as soon as it is published; answer from the old one until it is there."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                version = await asyncio.to_thread(self._current)
                if version is not None and version != self._shelf.version:
                    self._shelf = await asyncio.to_thread(self._load)
                    LOGGER.info(
                        "answering from index %s (%d passages)", self._shelf.version, len(self._shelf)
                    )
            except KnowledgeError as error:
                LOGGER.warning("the index in memory stays in use: %s", error)
                await asyncio.sleep(10 * _WATCH_SECONDS)


def _topics(found: Sequence[Found], count: int = 2) -> tuple[Topic, ...]:
    """The nearest subjects that can be asked as they stand: headings, each once."""
    topics: dict[str, Topic] = {}
    for one in found:
        passage = one.scored.passage
        label = passage.heading or passage.title
        topics.setdefault(label.casefold(), Topic(label=label, passage_id=passage.id))
    return tuple(topics.values())[:count]


def _since(moment: float) -> float:
    return (time.perf_counter() - moment) * 1000
