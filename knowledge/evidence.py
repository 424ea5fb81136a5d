"""How well a passage speaks to a question, and what else has a say in whether it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """Where a passage stands among all others for one question.

    Its lead over the mean of the passages in its language, in fused score and in two cosines, the embedder's
    and that of the headings.
    """

    fused: float
    dense: float
    heading: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How well the first passage of a search speaks to the question.

    Cosines: `dense` (embedder), `sentence` (best sentence), `whole` (passage), `heading` (best of headings
    and other ways to ask), `expected` (to what an answer is expected to be like, 0 where that is not known).
    `matter`: how much the question sounds like what is asked of programs, about -1 to 1, `matter_read` by the
    reader alone. Shares of the question's rare words: `cover` (in the passage), `window` (in its best two
    sentences side by side), `novel` (in no passage at
    all). `margin` is the lead in fused score over the best passage of another subject; `length` is the
    logarithm of the number of terms of the question, `among` that of the number of passages there are: the
    best of many leads by more. `asked` says that the passage holds ways to ask for it, `headed` that it has a
    title or a heading.
    """

    dense: float
    sentence: float
    whole: float
    heading: float
    cover: float
    window: float
    novel: float
    margin: float
    expected: float
    matter: float
    matter_read: float
    length: float
    among: float
    leads: Leads
    same_language: bool
    asked: bool
    headed: bool


def leads(
    best: Sequence[int], languages: NDArray[np.str_], *, fused: Scores, dense: Scores, heading: Scores
) -> list[Leads]:
    """The leads of the passages at the places `best`; every passage is written in one of `languages`."""
    scores = {"fused": fused, "dense": dense, "heading": heading}
    usual = {
        language: {name: float(of[languages == language].mean()) for name, of in scores.items()}
        for language in set(languages[list(best)].tolist())
    }
    return [
        Leads(**{name: float(of[place]) - usual[languages[place]][name] for name, of in scores.items()})
        for place in best
    ]
