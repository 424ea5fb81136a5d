"""Fit the weights of knowledge/answerability.py and print them: `python -m benchmarks calibrate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import DATA, HERE, Vectorizer, paragraph_passages, xquad
from knowledge.answerability import FEATURES, features
from knowledge.chunking import chunk
from knowledge.documents import read_folder
from knowledge.evaluation import LabeledQuestion, read_questions
from knowledge.retrieval import Evidence, Shelf

SAMPLE = HERE.parent / "programs" / "joint-base"
PAIRS = (("zh", "zh"), ("en", "en"), ("zh", "en"), ("en", "zh"), ("de", "zh"))
FOUNDER = DATA / "founder"
_RIDGE = 1e-4
_WORDS = (FEATURES.index("cover"), FEATURES.index("window"))
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """One data set: its name, figures (n, 9), whether an answer exists, whether the language matched."""

    name: str
    figures: Matrix
    answerable: NDArray[np.bool_]
    same_language: NDArray[np.bool_]
    evidence: tuple[Evidence, ...]


def keep_rules(articles: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Which paragraphs stay: half of the articles (other topics are gone), or every other paragraph."""
    for half in (0, 1):
        yield f"off-topic {half}", [i for i, a in enumerate(articles) if a % 2 == half]
    for half in (0, 1):
        yield f"near-topic {half}", [i for i in range(len(articles)) if i % 2 == half]


def xquad_rows(
    vectorizer: Vectorizer, asked: str, written: str, articles: Callable[[int], bool]
) -> list[Rows]:
    """Figures for questions in one language on half of XQuAD in another; `articles` picks questions."""
    paragraphs, questions = xquad(written)[0], xquad(asked)[1]
    passages = paragraph_passages(paragraphs, written)
    chosen = [q for q in questions if articles(paragraphs[q.paragraph].article)]
    found = []
    for name, kept in keep_rules([p.article for p in paragraphs]):
        shelf = vectorizer.shelf([passages[i] for i in kept])
        labels = np.array([q.paragraph in set(kept) for q in chosen])
        found.append(
            _rows(f"{asked}-{written} {name}", vectorizer, shelf, [q.text for q in chosen], labels, asked)
        )
    return found


def golden_rows(vectorizer: Vectorizer, split: str, *, near: bool | None = None) -> Rows:
    """Figures for one split of the sample program's golden questions on its documents.

    Of the questions without an answer only those near the topic (`near` True) or only the others.
    """
    questions = [q for q in read_questions(SAMPLE / "golden.jsonl") if q.split == split]
    if near is not None:
        questions = [q for q in questions if q.answerable or (q.kind == "near_topic") == near]
    which = {None: "", True: ", near topic", False: ", off topic"}[near]
    return labeled_rows(vectorizer, f"golden {split}{which}", SAMPLE / "documents", questions)


def labeled_rows(
    vectorizer: Vectorizer, name: str, folder: Path, questions: Sequence[LabeledQuestion]
) -> Rows:
    """Figures for labeled questions on a folder of documents."""
    documents, _ = read_folder(folder)
    shelf = vectorizer.shelf([p for d in documents for p in chunk(d)])
    labels = np.array([q.answerable for q in questions])
    return _rows(name, vectorizer, shelf, [q.question for q in questions], labels, None)


def _rows(
    name: str,
    vectorizer: Vectorizer,
    shelf: Shelf,
    texts: Sequence[str],
    labels: NDArray[np.bool_],
    language: str | None,
) -> Rows:
    found = [shelf.evidence(q, shelf.search(q)) for q in vectorizer.queries(texts, language)]
    same = np.array([e.same_language for e in found])
    return Rows(name, np.array([features(e) for e in found]), labels, same, tuple(found))


def founder_rows(vectorizer: Vectorizer, odd: bool) -> Rows:
    """Every other real founder's question on its documents; the sample's golden questions as strangers."""
    founder = read_questions(FOUNDER / "founder_questions.jsonl")[int(odd) :: 2]
    split = "test" if odd else "calibrate"
    strangers = [q for q in read_questions(SAMPLE / "golden.jsonl") if q.split == split]
    questions = [*founder, *(replace(q, answerable=False) for q in strangers)]
    return labeled_rows(vectorizer, f"founder {split}", FOUNDER / "founder_docs", questions)


def fit(sets: Sequence[tuple[Rows, float]], use: Sequence[int]) -> dict[bool, tuple[list[float], float]]:
    """Weights and offset for one language (True) and for two (False), by Newton's method.

    A set counts as its number says, its two classes alike. Across languages words say nothing, so those
    two figures have no weight there; the embedder's cosine and the offset have one of their own, the rest
    is shared, since labeled questions in a third language are few.
    """
    same = np.hstack([s.same_language for s, _ in sets]).astype(float)[:, None]
    figures = np.vstack([s.figures for s, _ in sets])
    shared = np.where(np.isin(range(len(FEATURES)), _WORDS), figures * same, figures)[:, use]
    extra = np.column_stack([figures[:, :1] * (1 - same), 1 - same]) if 0 in use else 1 - same
    x = np.column_stack([shared, extra])
    y = np.hstack([s.answerable for s, _ in sets]).astype(float)
    weight = np.hstack([_balanced(s.answerable) * w for s, w in sets])
    beta, offset = _logistic(x, y, weight)
    within = [dict(zip(use, beta, strict=False)).get(i, 0.0) for i in range(len(FEATURES))]
    across = [0.0 if i in _WORDS else f for i, f in enumerate(within)]
    across[0] += float(beta[len(use)]) if 0 in use else 0.0
    return {True: (within, offset), False: (across, offset + float(beta[-1]))}


def _logistic(x: Matrix, y: Matrix, weight: Matrix) -> tuple[list[float], float]:
    mean, spread = x.mean(0), x.std(0) + 1e-9
    design = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    beta = np.zeros(design.shape[1])
    penalty = np.diag([_RIDGE] * x.shape[1] + [0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (y - p)) - penalty @ beta
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty
        beta += np.linalg.solve(hessian, gradient)
    factors = beta[:-1] / spread
    return factors.tolist(), float(beta[-1] - factors @ mean)


def _balanced(labels: NDArray[np.bool_]) -> Matrix:
    positives = max(1, int(labels.sum()))
    negatives = max(1, len(labels) - positives)
    return np.where(labels, 0.5 / positives, 0.5 / negatives)


def calibration_sets(vectorizer: Vectorizer) -> list[tuple[Rows, float]]:
    """Half of all labeled data, with how much each counts; the other half is for `answerability`."""
    sets = [(r, 0.4) for a, w in PAIRS for r in xquad_rows(vectorizer, a, w, lambda n: n % 4 < 2)]
    return [*sets, (golden_rows(vectorizer, "calibrate"), 1.0), (founder_rows(vectorizer, odd=False), 1.0)]


def main() -> None:
    """Fit on the calibration half of all labeled data and print the weights to paste."""
    vectorizer = Vectorizer()
    sets = calibration_sets(vectorizer)
    vectorizer.save()
    print("#", *FEATURES)
    for name, use in (("BUNDLED", range(len(FEATURES))), ("OTHER", range(1, len(FEATURES)))):
        for same, (factors, offset) in fit(sets, list(use)).items():
            rounded = tuple(round(f, 3) for f in factors)
            print(f"{name}[{same}] = Weights(factors={rounded}, offset={offset:.3f})")
