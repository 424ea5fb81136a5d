"""Fit the weights of knowledge/answerability.py and print them: `python -m benchmarks calibrate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import HERE, Vectorizer, paragraph_passages, xquad
from knowledge.answerability import FEATURES, features
from knowledge.chunking import chunk
from knowledge.documents import read_folder
from knowledge.evaluation import LabeledQuestion, read_questions
from knowledge.retrieval import Shelf

SAMPLE = HERE.parent / "programs" / "joint-base"
PAIRS = (("zh", "zh"), ("en", "en"), ("zh", "en"), ("en", "zh"), ("de", "zh"))
_RIDGE = 1e-3
# Figures of another scale would make the fit ill-conditioned; undone before the weights are printed.
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Figures (n, 5) of one data set, whether an answer exists, whose language matched, and its name."""

    name: str
    figures: Matrix
    answerable: NDArray[np.bool_]
    same_language: NDArray[np.bool_]


def keep_rules(articles: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Which paragraphs stay: half of the articles (questions off the topic), or every other paragraph (near)."""
    for half in (0, 1):
        yield f"off-topic {half}", [i for i, a in enumerate(articles) if a % 2 == half]
    for half in (0, 1):
        yield f"near-topic {half}", [i for i in range(len(articles)) if i % 2 == half]


def xquad_rows(
    vectorizer: Vectorizer, asked: str, written: str, articles: Callable[[int], bool]
) -> list[Rows]:
    """Figures for questions in one language on half of XQuAD in another; `articles` picks the questions' articles."""
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


def golden_rows(vectorizer: Vectorizer, split: str, program: Path = SAMPLE) -> Rows:
    """Figures for one split of the sample program's golden questions on its documents."""
    questions = [q for q in read_questions(program / "golden.jsonl") if q.split == split]
    return labeled_rows(vectorizer, f"golden {split}", program / "documents", questions)


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
    return Rows(
        name, np.array([features(e) for e in found]), labels, np.array([e.same_language for e in found])
    )


def fit(sets: Sequence[Rows], *, use: Sequence[int]) -> tuple[Matrix, float]:
    """Weights and offset by Newton's method; every set counts alike, and so do its two classes."""
    x = np.vstack([s.figures[:, use] for s in sets])
    y = np.hstack([s.answerable for s in sets]).astype(float)
    weight = np.hstack([_balanced(s.answerable) for s in sets])
    mean, spread = x.mean(0), x.std(0) + 1e-9
    design = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    beta = np.zeros(design.shape[1])
    penalty = np.diag([_RIDGE] * len(use) + [0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (y - p)) - penalty @ beta
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty
        beta += np.linalg.solve(hessian, gradient)
    factors = beta[:-1] / spread
    return factors, float(beta[-1] - factors @ mean)


def _balanced(labels: NDArray[np.bool_]) -> Matrix:
    positives = max(1, int(labels.sum()))
    negatives = max(1, len(labels) - positives)
    return np.where(labels, 0.5 / positives, 0.5 / negatives)


def main() -> None:
    """Fit on the even articles of XQuAD and the calibration half of the golden questions; print the weights."""
    vectorizer = Vectorizer()
    sets = [r for a, w in PAIRS for r in xquad_rows(vectorizer, a, w, lambda n: n % 4 in (0, 1))]
    sets += [golden_rows(vectorizer, "calibrate")] * 8
    vectorizer.save()
    print("#", *FEATURES)
    for name, use in (("BUNDLED", range(len(FEATURES))), ("OTHER", range(1, len(FEATURES)))):
        for same in (True, False):
            parts = [_part(s, same) for s in sets]
            factors, offset = fit([p for p in parts if len(p.figures)], use=list(use))
            full = [0.0] * (len(FEATURES) - len(factors)) + [round(float(f), 3) for f in factors]
            print(f"{name}[{same}] = Weights(factors={tuple(full)}, offset={offset:.3f})")


def _part(rows: Rows, same: bool) -> Rows:
    mask = rows.same_language == same
    return Rows(rows.name, rows.figures[mask], rows.answerable[mask], rows.same_language[mask])
