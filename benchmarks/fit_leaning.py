"""Fit the weights of knowledge/leaning.py: `python -m benchmarks fit_leaning`.

Read are the messages written for it, the development parts of the labeled sets, and the questions on
documents of the other benchmarks, without their mark and beside questions of the form in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from benchmarks.interpret import ROOT, TODAY, Message, draft, read_messages
from benchmarks.tables import table
from forms.model import Slot
from handlers.apply.leaning import beside, signs
from handlers.apply.reading import Reading
from handlers.words import clean
from knowledge.embeddings import BundledEmbeddings, query_vector
from knowledge.language import to_simplified
from knowledge.leaning import Seen, features
from knowledge.reader import shared_reader

QUESTIONS = (
    "benchmarks/data/colloquial/sample_program.jsonl",
    "benchmarks/data/colloquial/house.jsonl",
    "benchmarks/data/colloquial/founder_docs.jsonl",
    "tests/data/gaps/questions.jsonl",
    "programs/joint-base/golden.jsonl",
)
ELSEWHERE_WEIGHT, STRENGTH, FOLDS = 0.3, 3.0, 10
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """One text beside the question that was pending, and whether it asks."""

    text: str
    slot: Slot
    language: str
    asks: bool
    weight: float = 1.0


def main() -> None:
    """Write leaning.npz, and print what the folds that a row was not fitted on make of it."""
    rows = [*_labeled(), *_elsewhere()]
    asks = np.array([row.asks for row in rows])
    weights = np.array([row.weight for row in rows])
    stored = {}
    for name, numbers in zip(("reader", "both"), _numbers(rows), strict=True):
        model = LogisticRegression(C=STRENGTH, max_iter=3000, class_weight="balanced")
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        held_out = cross_val_predict(
            model, numbers, asks, cv=folds, method="decision_function", params={"sample_weight": weights}
        )
        _show(name, held_out[weights == 1], asks[weights == 1])
        model.fit(numbers, asks, weights)
        stored[name] = np.append(model.coef_[0], model.intercept_[0]).astype(np.float16)
    np.savez_compressed(ROOT / "knowledge" / "leaning.npz", **stored)


def _labeled() -> Iterator[Row]:
    """Messages to a question that takes any text, but for those that ask for a question."""
    messages = [*read_messages("fitting"), *read_messages("messages"), *read_messages("fresh")]
    for message in messages:
        slot = _slot(message)
        if message.split != "dev" or message.label not in ("answer", "question") or slot is None:
            continue
        if slot.question.type in ("text", "long_text") and not Reading.takes_questions(slot.question):
            yield Row(clean(message.text), slot, message.language, message.label == "question")


def _elsewhere() -> Iterator[Row]:
    slots = [row.slot for row in _labeled() if not row.slot.question.private]
    turn = cycle(slots[:: max(1, len(slots) // 40)])
    texts: dict[str, None] = {}
    for path in QUESTIONS:
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
            texts.setdefault(json.loads(line)["question"].rstrip("?？ "))
    for text in texts:
        yield Row(text, next(turn), "en" if text.isascii() else "zh", True, ELSEWHERE_WEIGHT)


def _slot(message: Message) -> Slot | None:
    state = draft(message.form, message.track, message.pending)[1]
    return state.slot(message.pending) if message.pending else None


def _numbers(rows: Sequence[Row]) -> tuple[Matrix, Matrix]:
    """What is weighed of every row: with the reader alone, and with both encoders."""
    readings = [Reading(row.text, row.slot, row.language, TODAY) for row in rows]
    pairs = [beside(reading, row.slot.question) for reading, row in zip(readings, rows, strict=True)]
    known = [text for pair in pairs for text in (pair.question, pair.example)]
    texts = list(dict.fromkeys([*(row.text for row in rows), *known]))
    read = dict(zip(texts, shared_reader().encode(texts), strict=True))
    embeddings = BundledEmbeddings()
    embedded = {text: query_vector(embeddings, to_simplified(text)) for text in texts}
    alone, both = [], []
    for reading, pair in zip(readings, pairs, strict=True):
        seen = [
            Seen(rows[reading.text], (rows[pair.question], rows[pair.example])) for rows in (read, embedded)
        ]
        alone.append(features(pair, signs(reading), seen[0]))
        both.append(features(pair, signs(reading), *seen))
    return np.stack(alone), np.stack(both)


def _show(name: str, leaning: NDArray[np.float64], asks: NDArray[np.bool_]) -> None:
    thresholds = (-4.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0)
    found = [(t, float((leaning[asks] > t).mean()), float((leaning[~asks] > t).mean())) for t in thresholds]
    table(f"{name}: {len(asks)} messages held out", ("above", "of questions", "of answers"), found)


if __name__ == "__main__":
    main()
