"""How well questions are grouped by meaning: `python -m benchmarks gaps`; `fit_gaps` fits the numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.tables import table
from knowledge.grouping import THRESHOLD, Group, Question, group
from knowledge.meaning import QuestionMeanings, Rows

LABELED = Path(__file__).parents[1] / "tests" / "data" / "gaps" / "questions.jsonl"
PARTS = ("dev", "test", "later", "fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeled:
    """A labeled question: `group` is what one text would answer, `family` a subject with near misses."""

    question: str
    lang: str
    group: str
    family: str
    split: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of questions: rightly together, wrongly together, wrongly apart."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Share of the pairs put together that belong together."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of the pairs that belong together that were put together."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def read_labeled() -> list[Labeled]:
    """The labeled questions in their order."""
    return [Labeled(**json.loads(line)) for line in LABELED.read_text("utf-8").splitlines()]


def grouped(labeled: Sequence[Labeled], rows: Rows, threshold: float = THRESHOLD) -> list[Group]:
    """Group one part; a question's id is its place."""
    questions = [Question(id=i, text=q.question, language=q.lang) for i, q in enumerate(labeled)]
    return group(questions, rows, threshold)


def pairs(labeled: Sequence[Labeled], groups: Sequence[Group], across: bool | None = None) -> Pairs:
    """Count pairs; only those in two languages (`across` True) or in one (False)."""
    found = np.zeros(len(labeled), dtype=np.int64)
    for number, one in enumerate(groups):
        found[[m.question.id for m in one.members]] = number
    names, languages = np.array([q.group for q in labeled]), np.array([q.lang[:2] for q in labeled])
    counted = np.triu(np.ones((len(labeled),) * 2, dtype=bool), 1)
    if across is not None:
        counted &= (languages[:, None] != languages[None, :]) == across
    is_one, put = names[:, None] == names[None, :], found[:, None] == found[None, :]
    return Pairs(
        right=int((counted & is_one & put).sum()),
        wrong=int((counted & ~is_one & put).sum()),
        missed=int((counted & is_one & ~put).sum()),
    )


def without_near_misses(labeled: Sequence[Labeled]) -> list[int]:
    """One group a family, the largest: subjects that are not each other's near misses."""
    sizes = Counter((q.family, q.group) for q in labeled)
    chosen = {family: max((n, g) for (f, g), n in sizes.items() if f == family)[1] for family, _ in sizes}
    return [i for i, q in enumerate(labeled) if chosen[q.family] == q.group]


def main() -> None:
    """Print what is reached on all parts, and the groups of the test part that are not as labeled."""
    meanings, rows = QuestionMeanings(), []
    for part in PARTS:
        labeled = [q for q in read_labeled() if q.split == part]
        numbers = meanings.read([q.question for q in labeled])
        groups = grouped(labeled, numbers)
        for name, across in (("all pairs", None), ("one language", False), ("two languages", True)):
            rows.append(_row(part, name, labeled, pairs(labeled, groups, across)))
        easy = without_near_misses(labeled)
        few = [labeled[i] for i in easy]
        rows.append(_row(part, "no near misses", few, pairs(few, grouped(few, numbers[easy]))))
        if part == "test":
            _mixed(labeled, groups)
    head = ("part", "pairs", "questions", "precision", "recall", "F1", "right", "wrong", "missed")
    table("Questions grouped by meaning", head, rows)


def _row(part: str, name: str, labeled: Sequence[Labeled], found: Pairs) -> tuple[object, ...]:
    figures = (found.precision, found.recall, found.f1, found.right, found.wrong, found.missed)
    return (part, name, len(labeled), *figures)


def _mixed(labeled: Sequence[Labeled], groups: Sequence[Group]) -> None:
    """Print the confusion: which labeled groups were put together."""
    rows = []
    for one in groups:
        names = Counter(labeled[m.question.id].group for m in one.members)
        if len(names) > 1:
            rows.append((one.representative.text, ", ".join(f"{n} × {k}" for k, n in names.most_common())))
    table("Groups of the test part that mix subjects", ("representative", "holds"), rows)


if __name__ == "__main__":
    main()
