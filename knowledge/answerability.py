"""Decide whether the passages found answer a question, as a probability.

A logistic model over nine figures that do not depend on how many passages there are. One raw cosine
cannot decide: this embedder's all lie between 0.7 and 0.9. The weights are fitted by
`python -m benchmarks calibrate`, which prints them; what they reach is in docs/quality.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from knowledge.retrieval import Evidence

DEFAULT_THRESHOLD = 0.4
FEATURES = ("dense", "sentence", "whole", "heading", "cover", "window", "margin", "elsewhere", "length")
_LARGEST_MARGIN = 4.0
# A question this near to what people ask any bot, and no nearer to anything in the documents, is small talk
# in all labeled data; too rare there for the fit to see.
_ELSEWHERE = 0.6
_ELSEWHERE_PENALTY = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Log-odds per unit of each figure in `FEATURES`, and the log-odds where all are 0."""

    factors: tuple[float, ...]
    offset: float


# Question and passage in one language; in two languages, where shared words hardly occur; and both again
# for other embedders, whose cosines mean something else.
BUNDLED = {
    True: Weights(
        factors=(19.519, 8.062, 0.175, 0.321, 9.018, -2.815, 0.377, -1.932, -1.118), offset=-19.161
    ),
    False: Weights(factors=(27.583, 8.062, 0.175, 0.321, 0.0, 0.0, 0.377, -1.932, -1.118), offset=-20.972),
}
OTHER = {
    True: Weights(factors=(0.0, 8.689, 1.066, 0.553, 9.061, -3.057, 0.462, -1.869, -1.048), offset=-3.295),
    False: Weights(factors=(0.0, 8.689, 1.066, 0.553, 0.0, 0.0, 0.462, -1.869, -1.048), offset=-0.587),
}


def confidence(evidence: Evidence, *, bundled: bool) -> float:
    """Probability (0-1) that the passage answers the question; `bundled`: the default embedder's cosine."""
    weights = (BUNDLED if bundled else OTHER)[evidence.same_language]
    figures = features(evidence)
    odds = weights.offset + sum(w * x for w, x in zip(weights.factors, figures, strict=True))
    if evidence.elsewhere >= max(_ELSEWHERE, evidence.sentence, evidence.heading):
        odds -= _ELSEWHERE_PENALTY
    if math.isnan(odds):
        return 0.0
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def features(evidence: Evidence) -> tuple[float, ...]:
    """The figures the model reads, in the order of `FEATURES`; a lead counts up to 4."""
    return (
        evidence.dense,
        evidence.sentence,
        evidence.whole,
        evidence.heading,
        evidence.cover,
        evidence.window,
        max(0.0, min(evidence.margin, _LARGEST_MARGIN)),
        evidence.elsewhere,
        evidence.length,
    )
