"""What the section that answers a question may be like, judged by the answers to known questions near it.

"Who decides?" and a section on rounds of judging are far from each other. Where a language model would write
an answer to search with (HyDE, Gao et al. 2022, arXiv:2212.10496), this is the mean of the sections that
answer the nearest of 22,728 questions asked of invented organizations. Their vectors, the bundled embedder's,
are in expected.npz, made by `python -m benchmarks fit_search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowledge.blas import one_thread

Rows = NDArray[np.float32]
FILE = "expected.npz"
# So many known questions have a say, and how fast it fades with their distance.
_NEAREST, _FADES = 32, 25.0
# A question is like known ones from this cosine to the nearest on, and fully at so much more: what is asked
# of programs lies above 0.78 nearly always, what is asked of an encyclopedia below 0.80.
_STRANGE, _KNOWN = 0.75, 0.08


@dataclass(frozen=True, slots=True)
class Expected:
    """The direction (384,) in which an answer should lie, and how far that can be trusted, from 0 to 1."""

    direction: Rows
    trust: float


class KnownQuestions:
    """Questions (n, 384) and sections (m, 384), with the number of the section that answers each question."""

    def __init__(self, stored: Mapping[str, NDArray[np.generic]]) -> None:
        """`stored` as `packed` makes it."""
        self._mean = np.asarray(stored["mean"], dtype=np.float32)
        self._questions = unpacked(stored["questions"], stored["questions_step"])
        self._answers = unpacked(stored["answers"], stored["answers_step"]) - self._mean
        self._answered_by = np.asarray(stored["answered_by"], dtype=np.intp)

    def __len__(self) -> int:
        return len(self._questions)

    def expect(self, vector: Rows) -> Expected:
        """What an answer to the question with this vector (384,) is expected to be like."""
        with one_thread():
            cosines = self._questions @ vector
        nearest = np.argpartition(-cosines, _NEAREST)[:_NEAREST]
        closest = float(cosines[nearest].max())
        says = np.exp(_FADES * (cosines[nearest] - closest))
        direction = says @ self._answers[self._answered_by[nearest]]
        trust = min(1.0, max(0.0, (closest - _STRANGE) / _KNOWN))
        return Expected(direction / (np.linalg.norm(direction) or 1), trust)

    def alike(self, expected: Expected, vectors: Rows) -> Rows:
        """Cosines (n,) of passages (n, 384) to what is expected, without what all sections share."""
        apart = np.sqrt(1 - 2 * (vectors @ self._mean) + self._mean @ self._mean)
        along = vectors @ expected.direction - self._mean @ expected.direction
        return np.asarray(along / np.maximum(apart, 1e-6), dtype=np.float32)


def packed(
    questions: Rows, sections: Rows, answered_by: NDArray[np.integer]
) -> dict[str, NDArray[np.generic]]:
    """Unit vectors of questions and sections, and which section answers which question, 8 bits a number."""
    stored: dict[str, NDArray[np.generic]] = {
        "mean": sections.mean(0),
        "answered_by": answered_by.astype(np.uint16),
    }
    for name, rows in (("questions", questions), ("answers", sections)):
        step = np.float32(np.abs(rows).max() / 127)
        stored |= {name: np.rint(rows / step).astype(np.int8), f"{name}_step": np.array(step)}
    return stored


def unpacked(rows: NDArray[np.generic], step: NDArray[np.generic]) -> Rows:
    """Undo what `packed` does to rows, but for what 8 bits lose."""
    return np.asarray(rows, dtype=np.float32) * np.float32(step)


@lru_cache(maxsize=1)
def known_questions() -> KnownQuestions:
    """Those of this package."""
    with files("knowledge").joinpath(FILE).open("rb") as stream, np.load(stream) as stored:
        return KnownQuestions({name: stored[name] for name in stored.files})
