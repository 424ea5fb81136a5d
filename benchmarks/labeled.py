"""Labeled questions on indexes of their documents, and what the evidence for each is."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import DATA, HERE, Vectorizer, paragraph_passages, xquad
from benchmarks.written import is_held, read_written
from knowledge.chunking import chunk
from knowledge.documents import read_folder
from knowledge.evaluation import LabeledQuestion, read_questions
from knowledge.evidence import Evidence
from knowledge.model import Document, Passage
from knowledge.retrieval import Query, Shelf

SAMPLE = HERE.parent / "programs" / "joint-base"
FOUNDER = DATA / "founder"
COLLOQUIAL = DATA / "colloquial"
# Questions as people type them (a file of `COLLOQUIAL`) and the documents they are asked of.
TALKS = {
    "sample_program": SAMPLE / "documents",
    "founder_docs": FOUNDER / "founder_docs",
    "founder_docs_blind": FOUNDER / "founder_docs",
    **{path.name: path for path in sorted(COLLOQUIAL.iterdir()) if path.is_dir()},
}
# Eight folders, written and labeled before anything was fitted for documents like them, and for tests alone.
BLIND = (
    "fenwick-wetlab",
    "kestrel-hall-students",
    "lantern-bridge-two-cities",
    "linlan-overseas-talent",
    "qinghe-village-makers",
    "rookwood-tool-library",
    "shiguang-hardware-camp",
    "tidelock-logistics",
)
# Those that weights are fitted on; the others only measure.
FITTED = ("sample_program", "founder_docs", "house")
_ELSEWHERE = 40
PAIRS = (("zh", "zh"), ("en", "en"), ("zh", "en"), ("en", "zh"), ("de", "zh"))


@dataclass(frozen=True, slots=True)
class Rows:
    """One data set: its name, whether an answer exists, what sort each question is, the evidence for it."""

    name: str
    answerable: NDArray[np.bool_]
    sorts: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    weight: float = 1.0

    def count(self, answerable: bool, sort: str) -> int:
        """How many questions there are of one sort."""
        return sum(a == answerable and s == sort for a, s in zip(self.answerable, self.sorts, strict=True))

    def only(self, name: str, *sorts: str) -> Rows:
        """The answerable questions and those of some sorts, under another name."""
        keep = [i for i, s in enumerate(self.sorts) if self.answerable[i] or s in sorts]
        picked = tuple(self.sorts[i] for i in keep), tuple(self.evidence[i] for i in keep)
        return Rows(name, self.answerable[keep], *picked, self.weight)


class Corpus:
    """A folder of documents, or some of its files, as passages that can be indexed in part."""

    def __init__(self, vectorizer: Vectorizer, folder: Path, files: Sequence[str] = ()) -> None:
        documents = [d for d in _documents(folder) if not files or d.path in files]
        self._paths = {d.id: d.path for d in documents}
        self.passages = [p for d in documents for p in chunk(d)]
        self.vectors = vectorizer.passages(self.passages)
        self.shelf = vectorizer.shelf(self.passages)

    def without(self, question: LabeledQuestion) -> Shelf | None:
        """An index that lacks what answers, in both of two twins; None when nothing else would be left."""
        gone = {i for i, p in enumerate(self.passages) if self._answers(p, question)}
        for i in tuple(gone):
            twin = [j for j, p in enumerate(self.passages) if p.document_id == self.passages[i].twin]
            if twin:
                gone.add(max(twin, key=lambda j: float(self.vectors[j] @ self.vectors[i])))
        kept = [i for i in range(len(self.passages)) if i not in gone]
        if not gone or len(kept) <= 2:
            return None
        readings = [self.shelf.readings[i] for i in kept]
        return Shelf("benchmark", [self.passages[i] for i in kept], self.vectors[kept], readings)

    def _answers(self, passage: Passage, question: LabeledQuestion) -> bool:
        path = self._paths[passage.document_id]
        headings = [_folded(h) for h in (passage.section or (passage.title,))]
        return any(
            path == doc and heading and _folded(heading) in headings for doc, heading in question.places
        )


def folder_rows(vectorizer: Vectorizer, *, test: bool) -> list[Rows]:
    """Questions on program documents: as they are, with the answer taken away, and asked elsewhere."""
    corpora = {folder: Corpus(vectorizer, folder) for folder in dict.fromkeys(TALKS.values())}
    sample, founder = corpora[TALKS["sample_program"]], corpora[TALKS["founder_docs"]]
    golden, real = _golden(test), _real(test)
    talks = _talks(test)
    asked: list[tuple[str, Corpus, Sequence[LabeledQuestion], float]] = [
        ("golden", sample, golden, 1.0),
        ("real founders", founder, real, 1.0),
        *((f"colloquial, {name}", corpora[TALKS[name]], talk, 1.0) for name, talk in talks.items() if talk),
    ]
    strangers = [replace(q, answerable=False, kind="stranger") for q in golden]
    rows = [evidence_rows(vectorizer, *one) for one in asked]
    rows.append(evidence_rows(vectorizer, "golden questions on founder_docs", founder, strangers))
    rows += [_removed(vectorizer, *one) for one in asked]
    rows += [
        evidence_rows(vectorizer, f"{name}, nonsense", corpus, _nonsense(questions), 1.2)
        for name, corpus, questions in (
            ("golden", sample, golden),
            *((f"colloquial, {n}", corpora[TALKS[n]], talks[n]) for n in ("founder_docs", "house")),
        )
    ]
    return [*rows, *_one_program(vectorizer, test)]


def evidence_rows(
    vectorizer: Vectorizer,
    name: str,
    corpus: Corpus,
    questions: Sequence[LabeledQuestion],
    weight: float = 1.0,
) -> Rows:
    """The evidence for every question on the whole corpus."""
    queries = vectorizer.queries([q.question for q in questions])
    found = tuple(_evidence(corpus.shelf, q) for q in queries)
    labels = np.array([q.answerable for q in questions], dtype=bool)
    return Rows(name, labels, tuple("" if q.answerable else q.kind for q in questions), found, weight)


def xquad_rows(vectorizer: Vectorizer, *, test: bool) -> list[Rows]:
    """XQuAD with parts taken away; the questions of every other two articles are for tests."""
    found = []
    for asked, written in PAIRS:
        paragraphs, questions = xquad(written)[0], xquad(asked)[1]
        passages = paragraph_passages(paragraphs, written)
        chosen = [q for q in questions if (paragraphs[q.paragraph].article % 4 > 1) == test]
        queries = vectorizer.queries([q.text for q in chosen], asked)
        for name, kept in keep_rules([p.article for p in paragraphs]):
            shelf = vectorizer.shelf([passages[i] for i in kept])
            labels = np.array([q.paragraph in set(kept) for q in chosen], dtype=bool)
            sorts = tuple("" if label else name[:-2] for label in labels)
            evidence = tuple(_evidence(shelf, q) for q in queries)
            found.append(Rows(f"XQuAD {asked}-{written} {name}", labels, sorts, evidence))
    return found


def written_rows(vectorizer: Vectorizer, elsewhere: Sequence[str]) -> Rows:
    """Questions on the written folders held out from the search encoder, and some asked elsewhere."""
    parts = []
    for number, folder in enumerate(filter(is_held, read_written())):
        shelf = vectorizer.shelf(folder.passages)
        strange = random.Random(number).sample(elsewhere, _ELSEWHERE)
        queries = vectorizer.queries([*(one.text for one in folder.asked), *strange])
        labels = np.array([*(bool(one.rows) for one in folder.asked), *[False] * _ELSEWHERE])
        sorts = (*("" if one.rows else "near_topic" for one in folder.asked), *["off_topic"] * _ELSEWHERE)
        parts.append(Rows(folder.name, labels, sorts, tuple(_evidence(shelf, q) for q in queries)))
    return _joined("written", parts, 1.0)


def keep_rules(articles: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Which paragraphs stay: half of the articles (other topics are gone), or every other paragraph."""
    for half in (0, 1):
        yield f"off-topic {half}", [i for i, a in enumerate(articles) if a % 2 == half]
    for half in (0, 1):
        yield f"near-topic {half}", [i for i in range(len(articles)) if i % 2 == half]


def _removed(
    vectorizer: Vectorizer, name: str, corpus: Corpus, questions: Sequence[LabeledQuestion], weight: float
) -> Rows:
    """Answerable questions, each on an index that lacks its answer."""
    yes = [q for q in questions if q.answerable]
    pairs = zip(yes, vectorizer.queries([q.question for q in yes]), strict=True)
    shelves = [(query, corpus.without(q)) for q, query in pairs]
    found = tuple(_evidence(shelf, query) for query, shelf in shelves if shelf is not None)
    labels = np.zeros(len(found), dtype=bool)
    return Rows(f"{name}, answer taken away", labels, ("removed",) * len(found), found, 0.5 * weight)


def _one_program(vectorizer: Vectorizer, test: bool) -> list[Rows]:
    """The founders' questions on the documents of their own program alone."""
    asked = [*_real(test), *_talk("founder_docs", test)]
    rows = []
    for path in sorted({q.doc for q in asked if q.doc}):
        corpus = Corpus(vectorizer, FOUNDER / "founder_docs", [path])
        mine = [q for q in asked if q.doc == path]
        rows.append(evidence_rows(vectorizer, "one program", corpus, mine))
        rows.append(_removed(vectorizer, "one program", corpus, mine, 1.0))
    return [
        _joined("one program", rows[::2], 0.6),
        _joined("one program, answer taken away", rows[1::2], 0.4),
    ]


def _nonsense(questions: Sequence[LabeledQuestion]) -> list[LabeledQuestion]:
    """Every fourth question with its letters, or all of its Chinese characters, replaced by chance."""
    chance = random.Random(7)
    characters = sorted({c for q in questions for c in q.question if c > "\u3400"})
    made = []
    for question in questions[::4]:
        letters = [
            chance.choice(characters if c > "\u3400" else string.ascii_lowercase) if c.isalpha() else c
            for c in question.question
        ]
        made.append(
            LabeledQuestion(
                question="".join(letters),
                doc=None,
                section=None,
                answerable=False,
                lang=None,
                kind="nonsense",
            )
        )
    return made


def _joined(name: str, rows: Sequence[Rows], weight: float) -> Rows:
    labels = np.concatenate([r.answerable for r in rows])
    sorts = tuple(s for r in rows for s in r.sorts)
    return Rows(name, labels, sorts, tuple(e for r in rows for e in r.evidence), weight)


def _evidence(shelf: Shelf, query: Query) -> Evidence:
    return shelf.evidence(query, shelf.search(query))


def labeled_questions(*, test: bool) -> list[LabeledQuestion]:
    """The half of all labeled questions on program documents that is for tests, or the other one."""
    return [*_golden(test), *_real(test), *(q for talk in _talks(test).values() for q in talk)]


def _golden(test: bool) -> list[LabeledQuestion]:
    return _half(read_questions(SAMPLE / "golden.jsonl"), test)


def _real(test: bool) -> list[LabeledQuestion]:
    return read_questions(FOUNDER / "founder_questions.jsonl")[int(test) :: 2]


def _talk(name: str, test: bool) -> list[LabeledQuestion]:
    return _half(read_questions(COLLOQUIAL / f"{name}.jsonl"), test)


def _talks(test: bool) -> dict[str, list[LabeledQuestion]]:
    """Questions as people type them: all that are for tests, or those that weights are fitted on."""
    return {name: _talk(name, test) for name in (TALKS if test else FITTED)}


def _half(questions: Sequence[LabeledQuestion], test: bool) -> list[LabeledQuestion]:
    return [q for q in questions if (q.split == "test") == test]


def _folded(heading: str) -> str:
    return " ".join(heading.split()).casefold()


@lru_cache
def _documents(folder: Path) -> tuple[Document, ...]:
    return tuple(read_folder(folder)[0])
