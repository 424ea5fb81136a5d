"""Fit the numbers of knowledge/matters.py: `python -m benchmarks fit_matters`.

From the lists in data/matters and the development halves of all labeled questions. A line that happens to
be a question of a test half is left out.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import DATA, HERE, Vectorizer
from benchmarks.labeled import labeled_questions
from benchmarks.written import is_held, read_written
from knowledge import matters
from knowledge.retrieval import Query

_DIRECTIONS = 128
_RIDGE = 0.1
_FOLDS = 6
_WRITTEN = 3000
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question that is asked of programs, or not; questions of one `group` are alike."""

    text: str
    asked: bool
    group: str


def main() -> None:
    """Write matters.npz."""
    vectorizer = Vectorizer()
    examples = [*listed(), *written(), *developed()]
    stored = fit(examples, vectorizer.queries([e.text for e in examples]))
    vectorizer.save()
    np.savez_compressed(HERE.parent / "knowledge" / "matters.npz", **packed(stored))
    print(f"{sum(e.asked for e in examples)} asked of programs, {sum(not e.asked for e in examples)} not")


def listed() -> list[Example]:
    """The examples written for this, without those that are in a test half."""
    known = {_bare(q.question) for q in labeled_questions(test=True)}
    found = []
    for name in ("asked", "elsewhere"):
        group = ""
        for line in (DATA / "matters" / f"{name}.txt").read_text("utf-8").splitlines():
            if line.startswith("#"):
                group = line
            elif line and _bare(line) not in known:
                found.append(Example(line, name == "asked", group))
    return found


def written() -> list[Example]:
    """Some of the questions on the written folders: what people ask of programs and other organizations."""
    asked = [one.text for folder in read_written() if not is_held(folder) for one in folder.asked]
    return [Example(text, True, text) for text in random.Random(0).sample(sorted(set(asked)), _WRITTEN)]


def developed() -> list[Example]:
    """The development halves of labeled questions; what is near the topic is asked of programs, too."""
    return [
        Example(q.question, q.answerable or q.kind == "near_topic", f"{q.doc} {q.section}")
        for q in labeled_questions(test=False)
    ]


def fit(examples: Sequence[Example], queries: Sequence[Query]) -> dict[str, Matrix]:
    """The numbers that knowledge.matters reads."""
    languages = [matters.fitted(q.language) for q in queries]
    stored: dict[str, Matrix] = {}
    for name, rows in (
        ("reader", np.stack([q.reading for q in queries])),
        ("embedder", np.stack([q.vector for q in queries])),
    ):
        stored |= _examples(name, rows.astype(np.float64), np.array(languages))
    asked = np.array([e.asked for e in examples])
    read, embedded = (stored[f"examples_{n}"] @ stored[f"examples_{n}"].T for n in ("reader", "embedder"))
    stored["says"], stored["says_alone"] = _says((read + embedded) / 2, asked), _says(read, asked)
    return stored


def packed(stored: Mapping[str, Matrix]) -> dict[str, NDArray[np.generic]]:
    """Smaller numbers that say the same within half a hundredth; rows of examples need no length."""
    small: dict[str, NDArray[np.generic]] = {}
    for name, rows in stored.items():
        if name.startswith("examples"):
            peak = np.abs(rows).max(axis=1, keepdims=True)
            small[name] = np.rint(rows / peak * 127).astype(np.int8)
        else:
            small[name] = rows.astype(np.float32 if name.startswith("says") else np.float16)
    return small


def crossed(vectorizer: Vectorizer) -> dict[str, tuple[float, float]]:
    """What questions would be told if they and those like them were not among the examples.

    Those are the development questions and what is asked elsewhere.
    """
    lists = [*(e for e in listed() if e.asked), *written()]
    own = [*(e for e in listed() if not e.asked), *developed()]
    folds = np.array([hashlib.sha256(e.group.encode()).digest()[0] % _FOLDS for e in own])
    found = {}
    for fold in range(_FOLDS):
        rest = [*lists, *(e for e, f in zip(own, folds, strict=True) if f != fold)]
        stored = fit(rest, vectorizer.queries([e.text for e in rest]))
        numbers = matters.ready(stored)
        for e, f in zip(own, folds, strict=True):
            if f == fold:
                [q] = vectorizer.queries([e.text])
                found[q.text] = matters.matter(q.reading, q.vector, q.language, numbers)
    return found


def _examples(name: str, rows: Matrix, languages: NDArray[np.str_]) -> dict[str, Matrix]:
    means = {code: rows[languages == code].mean(0) for code in matters.FITTED} | {"any": rows.mean(0)}
    centered = rows - np.stack([means[code] for code in languages.tolist()])
    _, directions = np.linalg.eigh(centered.T @ centered)
    kept = directions[:, -_DIRECTIONS:]
    along = centered @ kept
    return {
        f"examples_{name}": along / np.linalg.norm(along, axis=1, keepdims=True),
        f"{name}_directions": kept,
        **{f"{name}_{code}": mean for code, mean in means.items()},
    }


def _says(cosines: Matrix, asked: NDArray[np.bool_]) -> Matrix:
    """What each example adds (kernel ridge regression to 1 and -1, both sorts counting alike)."""
    share = np.where(asked, asked.mean(), 1 - asked.mean())
    kernel = matters.nearness(cosines)
    says: Matrix = np.linalg.solve(kernel + 2 * _RIDGE * np.diag(share), np.where(asked, 1.0, -1.0))
    return says


def _bare(text: str) -> str:
    return text.casefold().strip("?？.。 ")
