"""The front of the knowledge room: a question in, a cited answer or an honest refusal out."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from langchain_core.embeddings import Embeddings

from knowledge import extract
from knowledge.answerability import DEFAULT_THRESHOLD, confidence
from knowledge.choice import choose_quotes, quote_each
from knowledge.config import KnowledgeConfig
from knowledge.embeddings import (
    BUNDLED,
    BackgroundEmbeddings,
    EmbeddingWorker,
    Vectors,
    build_embeddings,
    embedder_id,
)
from knowledge.errors import KnowledgeError
from knowledge.language import detect, to_simplified
from knowledge.leaning import Beside, Leanings
from knowledge.lexical import terms
from knowledge.model import SURE, Answer, Citation, Passage, Topic
from knowledge.reader import shared_reader
from knowledge.retrieval import Found, Query, Shelf, prepare
from knowledge.several import Judged, asked_alone, put_together, questions_in
from knowledge.writer import AnswerWriter, Draft, ExtractiveWriter, build_writer

LOGGER = logging.getLogger(__name__)
LONGEST_QUESTION = 2000
_T = TypeVar("_T")
_WATCH_SECONDS = 0.5
_MODEL_PASSAGES = 4
_RETRIEVED = 20
_SPACE = re.compile(
    r"[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]+"
)


_NOTHING = Judged(None, (), 0.0)


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
        self._reader = shared_reader()
        self._search_thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._load, self._current = load, current
        self._writer, self._quoting = writer, ExtractiveWriter()
        self._threshold = DEFAULT_THRESHOLD if config.threshold is None else config.threshold
        self._bundled = config.embeddings == BUNDLED
        self._shelf = load()
        # The weights belong to the bundled embedder; another one's vectors mean nothing to them.
        self._leanings = Leanings(self._read, self._worker.embed_query if self._bundled else None)
        self._watcher: asyncio.Task[None] | None = None
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

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
        self._watch()
        with self._working():
            return await self._answer(question, language)

    async def leaning(self, text: str, beside: Beside, signs: Sequence[float]) -> float:
        """Weigh whether a text asks rather than answers the question beside: above 0 it more likely asks.

        `signs` are what its words show, as `handlers.apply.leaning` counts them.
        """
        with self._working():
            return await self._leanings.weigh(text, beside, signs)

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Let `close` wait for what is under way."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _read(self, text: str) -> Vectors:
        row: Vectors = (await self._off_loop(self._reader.encode, [text]))[0]
        return row

    async def _answer(self, question: str, language: str | None) -> Answer:
        started = time.perf_counter()
        shelf = self._shelf
        asked = " ".join(_SPACE.sub(" ", question).split())[:LONGEST_QUESTION]
        spoken = language or detect(asked)
        searched = await self._off_loop(shelf.corrected, to_simplified(asked), spoken)
        judged, draft, clock = _NOTHING, None, [started]
        if terms(searched):
            vector = await self._worker.embed_query(searched)
            clock.append(time.perf_counter())
            judged = await self._off_loop(self._judge, shelf, searched, spoken, vector)
            judged = await self._judge_each(shelf, asked, spoken, judged)
            clock.append(time.perf_counter())
            if judged.confidence >= self._threshold:
                draft = await self._write(shelf, judged)
        return Answer(
            question=question,
            language=spoken,
            answered=draft is not None,
            text=draft.text if draft else "",
            citations=draft.citations if draft else (),
            confidence=judged.confidence,
            answer_language=draft.citations[0].language if draft else spoken,
            searched=judged.query.text if judged.query else searched,
            retrieved=tuple(f.scored for f in judged.found),
            related=() if draft else _topics(judged.found),
            left=judged.left if draft else (),
            index_version=shelf.version,
            writer=draft.writer if draft else "none",
            timings=_timings([*clock, time.perf_counter()]),
        )

    def section(self, document: str, heading: str, language: str) -> Passage | None:
        """The section of a program document under its heading; `document` is its id without language.

        In another language when there is none in `language`, None when there is none at all. Only looks into
        memory.
        """
        return self._shelf.section(document, heading, language)

    def versions(self) -> frozenset[tuple[str, str]]:
        """Name id and version of every document that can be answered from now."""
        return self._shelf.documents

    def in_background(self) -> BackgroundEmbeddings:
        """Lend the embedder to other work of this event loop, which gets it when no founder needs it."""
        return BackgroundEmbeddings(self._worker, asyncio.get_running_loop())

    async def close(self) -> None:
        """End the threads; a question still under way gets its answer first."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._idle.wait()
        await self._worker.close()
        await asyncio.to_thread(self._search_thread.shutdown, wait=True)

    def _judge(self, shelf: Shelf, question: str, language: str, vector: Vectors) -> Judged:
        query = prepare(question, language, vector, self._reader, bundled=self._bundled)
        found = shelf.search(query, _RETRIEVED)
        if not found:
            return Judged(query, (), 0.0)
        sure = confidence(shelf.evidence(query, found), bundled=self._bundled)
        wanted = list(dict.fromkeys([language, "en", *self._config.languages]))
        for rank, one in enumerate(found):
            row = shelf.in_language(one, wanted)
            if row is not None and all(f.row != row for f in found[:rank]):
                found = [f for f in found if f.row != row or f is one]
                found[found.index(one)] = shelf.found(row, one, query)
        again = confidence(shelf.evidence(query, found), bundled=self._bundled)
        return Judged(query, tuple(found), max(sure, again))

    async def _search(self, shelf: Shelf, question: str, language: str) -> Judged:
        searched = await self._off_loop(shelf.corrected, to_simplified(question), language)
        vector = await self._worker.embed_query(searched)
        return await self._off_loop(self._judge, shelf, searched, language, vector)

    async def _judge_each(self, shelf: Shelf, asked: str, language: str, whole: Judged) -> Judged:
        """Judge each question of a message that asks several things; `whole` where it asks one.

        What a founder tells beside a question is part of it where the whole finds a sure answer ("We are two.
        Can we get a team room?"), and else stands in its way.
        """
        questions = questions_in(asked, language)
        if len(questions) < 2:
            asking = "" if whole.confidence >= SURE else asked_alone(asked, language)
            return await self._search(shelf, asking, language) if asking else whole
        alone = await asyncio.gather(*(self._search(shelf, one, language) for one in questions))
        return put_together(whole, tuple(zip(questions, alone, strict=True)), self._threshold)

    async def _write(self, shelf: Shelf, judged: Judged) -> Draft | None:
        """The model's answer where there is one and it holds; the quotation otherwise."""
        query = judged.query
        if query is None:
            return None
        if self._writer is not None:
            best = enumerate(judged.found[:_MODEL_PASSAGES], start=1)
            passages = [self._cite(n, f, extract.plain(f.scored.passage.text)) for n, f in best]
            draft = await self._writer.write(query.text, query.language, passages)
            if draft is not None:
                return draft
        quotes = await self._off_loop(self._quotes, shelf, query, judged)
        return await self._quoting.write(query.text, query.language, quotes)

    def _quotes(self, shelf: Shelf, query: Query, judged: Judged) -> list[Citation]:
        """What answers, quoted from the best passage and those that may as well be meant."""
        if judged.parts:
            quotes = quote_each(shelf, [(one.query, one.found[0]) for one in judged.parts if one.query])
        else:
            quotes = choose_quotes(shelf, query, judged.found)
        return [self._cite(number, *quote) for number, quote in enumerate(quotes, start=1)]

    async def _off_loop(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Run numpy's work on the search thread."""
        return await asyncio.get_running_loop().run_in_executor(self._search_thread, work, *arguments)

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

    def _watch(self) -> None:
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.get_running_loop().create_task(self._follow())

    async def refresh(self) -> None:
        """Load the current index now if there is a newer one; raises from the KnowledgeError tree."""
        version = await asyncio.to_thread(self._current)
        if version is not None and version != self._shelf.version:
            self._shelf = await asyncio.to_thread(self._load)
            LOGGER.info("answering from index %s (%d passages)", self._shelf.version, len(self._shelf))

    async def _follow(self) -> None:
        """Load a newer index as soon as it is published; answer from the old one until it is there."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await self.refresh()
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


def _timings(moments: Sequence[float]) -> dict[str, float]:
    """Milliseconds of each step that was reached, and of all."""
    if len(moments) < 3:
        return {"total": (moments[-1] - moments[0]) * 1000}
    steps = zip(("embed", "search", "write"), moments, moments[1:], strict=False)
    total = (moments[-1] - moments[0]) * 1000
    return {**{name: (end - start) * 1000 for name, start, end in steps}, "total": total}
