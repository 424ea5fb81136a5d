"""Find the passages for a question: two dense encoders, what an answer is expected to be like, word pieces,
a lexical leg, and a fusion that knows when words can be trusted.

Scores of each leg are standardized over all passages, then summed. The lexical leg weighs as much as
its best passages cover of the question's rare words: near 0.5 within a language, near 0 across, where
BM25 is noise and reciprocal rank fusion lets it drown the rest (docs/quality.md has the figures).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.blas import one_thread
from knowledge.evidence import Evidence, Leads, leads
from knowledge.expected import Expected, known_questions
from knowledge.lexical import LexicalIndex, terms
from knowledge.matters import matter
from knowledge.model import Passage, ScoredPassage
from knowledge.pieces import Pieces
from knowledge.reader import Reading, SentenceReader, shared_reader
from knowledge.spelling import Spelling
from knowledge.validity import Validity

Scores = NDArray[np.float32]
_DENSE, _SENTENCE, _HEADING, _LEXICAL, _ALIKE, _EXPECTED = 2.0, 0.4, 0.5, 1.2, 0.5, 0.7
_COVER_FROM = 3
_FLAT = 1e-9
# That a passage holds the one word of a question says little; that it holds all of many, much.
_ENOUGH_TERMS = 8
# So many of the best passages are also compared piece by piece, and as many others say what is usual.
_COMPARED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question made ready: simplified text, its terms, the embedder's vector (d,), the reader's (512,).

    `pieces` are its word pieces; `matters` is how much it sounds like what is asked of programs: by both
    encoders, by the reader alone; `expected` is what an answer should be like, None with other embedders than
    the bundled one.
    """

    text: str
    language: str
    terms: tuple[str, ...]
    pieces: Pieces
    vector: Scores
    reading: Scores
    matters: tuple[float, float]
    expected: Expected | None


def prepare(
    text: str, language: str, vector: Scores, reader: SentenceReader, *, bundled: bool = False
) -> Query:
    """Make a question ready to be searched; `text` is in simplified characters, as `vector` was.

    `bundled` says that the vector is the bundled embedder's.
    """
    reading = reader.encode([text])[0]
    return Query(
        text=text,
        language=language,
        terms=tuple(terms(text)),
        pieces=reader.pieces(text),
        vector=vector,
        reading=reading,
        matters=matter(reading, vector, language),
        expected=known_questions().expect(vector) if bundled else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One retrieved passage: its row in the shelf, its scores, its leads and the cosines of its sentences."""

    row: int
    scored: ScoredPassage
    leads: Leads
    sentences: NDArray[np.float32]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Shelf:
    """All passages of one index generation in memory, ready to be searched by any number of threads.

    `vectors` is float32 of shape (n, d) with rows of length 1, in the order of `passages`. What is not true
    yet or no longer by the `clock` is not found.
    """

    def __init__(
        self,
        version: str,
        passages: Sequence[Passage],
        vectors: Scores,
        readings: Sequence[Reading],
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._clock = clock
        self._validity = Validity(passages)
        self.version = version
        self.passages = tuple(passages)
        self.readings = tuple(readings)
        self._vectors = vectors
        self._headings, self._heading_starts = _stacked([r.headings for r in readings])
        self._sentences, self._starts = _stacked(
            [r.sentences if len(r.sentences) else r.whole[None] for r in readings]
        )
        self._lexical = LexicalIndex([terms(p.searched_text) for p in self.passages])
        self._pieces = shared_reader().index_pieces([p.searched_text for p in self.passages])
        self._languages = np.array([p.language for p in self.passages])
        self._windows: dict[int, tuple[frozenset[str], ...]] = {}
        self._spelling = {
            language: Spelling(
                (p.searched_text for p in self.passages if p.language == language), shared_reader().cut
            )
            for language in set(self._languages.tolist())
        }
        self._rows = {p.id: i for i, p in enumerate(self.passages)}
        self.documents = frozenset((p.document_id, p.document_version) for p in self.passages)
        self._by_document: dict[str, list[int]] = {}
        self._by_heading: dict[tuple[str, str], list[int]] = {}
        for row, passage in enumerate(self.passages):
            self._by_document.setdefault(passage.document_id, []).append(row)
            for document in {passage.document_id, _without_language(passage)}:
                self._by_heading.setdefault((document, _folded(passage.heading)), []).append(row)

    def __len__(self) -> int:
        return len(self.passages)

    def passage(self, passage_id: str) -> Passage | None:
        """The passage with that id, None when this generation has none."""
        row = self._rows.get(passage_id)
        return None if row is None else self.passages[row]

    def section(self, document: str, heading: str, language: str) -> Passage | None:
        """The first passage under a heading of a document named without its language; None when absent.

        The same heading in `language` comes first, one in another language otherwise.
        """
        rows = self._by_heading.get((document, _folded(heading)), [])
        rows = self._validity.among(rows, self._clock())
        own = (self.passages[row] for row in rows if self.passages[row].language == language)
        return next(own, self.passages[rows[0]] if rows else None)

    def corrected(self, question: str, language: str) -> str:
        """The question with words put right that the passages of its language hold in another spelling."""
        spelling = self._spelling.get(language)
        return question if spelling is None else spelling.corrected(question)

    def search(self, query: Query, limit: int = 10) -> list[Found]:
        """The best passages first."""
        with one_thread():
            return self._search(query, limit)

    def _search(self, query: Query, limit: int) -> list[Found]:
        if not len(rows := self._validity.rows(self._clock())):
            return []
        dense, lexical = self._vectors @ query.vector, self._lexical.scores(query.terms)
        cosines = self._sentences @ query.reading
        best_sentence = np.maximum.reduceat(cosines, self._starts[:-1])
        best_heading = np.maximum.reduceat(self._headings @ query.reading, self._heading_starts[:-1])
        trust = max((self._cover(query, rows[i]) for i in _top(lexical[rows], _COVER_FROM)), default=0.0)
        trust *= min(1.0, len(set(query.terms)) / _ENOUGH_TERMS)
        fused = (
            _DENSE * _standard(dense[rows])
            + _SENTENCE * _standard(best_sentence[rows])
            + _HEADING * _standard(best_heading[rows])
            + _LEXICAL * trust * _standard(lexical[rows])
        )
        if query.expected is not None:
            alike = known_questions().alike(query.expected, self._vectors)[rows]
            fused += _EXPECTED * query.expected.trust * _standard(alike)
        fused += _ALIKE * self._words_alike(query, rows, fused)
        top = _top(fused, limit)
        ahead = leads(top, self._languages[rows], fused=fused, dense=dense[rows], heading=best_heading[rows])
        best = [(int(rows[i]), float(fused[i]), lead) for i, lead in zip(top, ahead, strict=True)]
        return [
            Found(
                row=row,
                scored=ScoredPassage(
                    passage=self.passages[row],
                    score=score,
                    dense=float(dense[row]),
                    lexical=float(lexical[row]),
                ),
                leads=lead,
                sentences=cosines[self._starts[row] : self._starts[row + 1]],
            )
            for row, score, lead in best
        ]

    def evidence(self, query: Query, found: Sequence[Found]) -> Evidence:
        """Measure how well the first passage of a search speaks to the question."""
        it, reading = found[0], self.readings[found[0].row]
        passage = it.scored.passage
        same = passage.language == query.language
        rivals = [f.scored.score for f in found[1:] if not self._same_subject(it.row, f.row)]
        return Evidence(
            dense=it.scored.dense,
            sentence=float(it.sentences.max()),
            whole=float(reading.whole @ query.reading),
            heading=float((reading.headings @ query.reading).max()),
            cover=self._cover(query, it.row),
            window=max(self._lexical.cover(query.terms, w) for w in self._windows_of(it.row)),
            novel=self._lexical.novel(query.terms) if same else 0.0,
            margin=it.scored.score - rivals[0] if rivals else 0.0,
            expected=self._as_expected(query, it.row),
            matter=query.matters[0],
            matter_read=query.matters[1],
            length=float(np.log1p(len(query.terms))),
            among=float(np.log(len(self))),
            leads=it.leads,
            same_language=same,
            asked=bool(passage.asks),
            headed=bool(passage.crumbs),
        )

    def sentence_cover(self, query: Query, row: int) -> list[float]:
        """For every sentence of a passage the share of the question's rare words that it holds."""
        texts = self.readings[row].texts or (self.passages[row].text,)
        return [self._lexical.cover(query.terms, frozenset(terms(s))) for s in texts]

    def in_language(self, found: Found, languages: Sequence[str]) -> int | None:
        """The row that says the same as `found` in the first of `languages` its twin is written in.

        Sections of twins are paired by the cosine of the embedder's vectors.
        """
        passage = found.scored.passage
        if passage.language in languages[:1] or passage.twin is None:
            return None
        rows = self._validity.among(self._by_document.get(passage.twin, []), self._clock())
        if not rows:
            return None
        order = {language: n for n, language in enumerate(languages)}
        worst = len(order)
        theirs = self.passages[rows[0]].language
        if order.get(theirs, worst) >= order.get(passage.language, worst):
            return None
        return max(rows, key=lambda row: float(self._vectors[row] @ self._vectors[found.row]))

    def found(self, row: int, like: Found, query: Query) -> Found:
        """The passage at `row` in the place of `like`: its own cosines, the rank and scores of the other."""
        scored = ScoredPassage(
            passage=self.passages[row],
            score=like.scored.score,
            dense=max(like.scored.dense, float(self._vectors[row] @ query.vector)),
            lexical=like.scored.lexical,
        )
        sentences = self._sentences[self._starts[row] : self._starts[row + 1]] @ query.reading
        return Found(row=row, scored=scored, leads=like.leads, sentences=sentences)

    def _words_alike(self, query: Query, rows: NDArray[np.intp], fused: Scores) -> Scores:
        """How alike the words of the best passages are to the question's, standardized; 0 for the others."""
        usual = np.arange(0, len(rows), max(1, len(rows) // _COMPARED))
        places = np.union1d(usual, _top(fused, _COMPARED))
        scores = self._pieces.scores(query.pieces, rows[places])
        ordinary = scores[np.isin(places, usual)]
        alike = np.zeros_like(fused)
        if (spread := float(ordinary.std())) > _FLAT:
            alike[places] = (scores - ordinary.mean()) / spread
        return alike

    def _as_expected(self, query: Query, row: int) -> float:
        if query.expected is None:
            return 0.0
        return float(known_questions().alike(query.expected, self._vectors[row : row + 1])[0])

    def _cover(self, query: Query, row: int) -> float:
        return self._lexical.cover(query.terms, self._lexical.terms_of(row))

    def _same_subject(self, one: int, other: int) -> bool:
        """Whether two passages are parts of one section, or stand in a document and its twin."""
        a, b = self.passages[one], self.passages[other]
        if a.document_id == b.document_id:
            return a.section == b.section
        return b.document_id == a.twin or a.document_id == b.twin

    def _windows_of(self, row: int) -> tuple[frozenset[str], ...]:
        held = self._windows.get(row)
        if held is None:
            parts = [frozenset(terms(s)) for s in self.readings[row].texts] or [frozenset()]
            held = tuple(a | b for a, b in zip(parts, [*parts[1:], frozenset()], strict=True))
            self._windows[row] = held
        return held


def _without_language(passage: Passage) -> str:
    """The id of a document less the folder that names its language ("en/guide" → "guide")."""
    *folders, name = passage.document_id.split("/")
    return "/".join([*(folder for folder in folders if folder != passage.language), name])


def _folded(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _stacked(parts: Sequence[Scores]) -> tuple[Scores, NDArray[np.intp]]:
    """Rows of all parts below each other, and where each part starts; the last entry is the end."""
    starts = np.cumsum([0, *(len(p) for p in parts)])
    return (np.concatenate(parts) if parts else np.zeros((0, 512), np.float32)), starts


def _standard(scores: Scores) -> Scores:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > _FLAT else np.zeros_like(scores)


def _top(scores: Scores, limit: int) -> list[int]:
    limit = min(limit, len(scores))
    best = np.argpartition(-scores, limit - 1)[:limit]
    return [int(i) for i in best[np.argsort(-scores[best], kind="stable")]]
