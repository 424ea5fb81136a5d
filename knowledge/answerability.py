"""Decide whether the passages found answer a question, as a probability.

A logistic model over nine figures that do not depend on how many passages there are. One raw cosine
cannot decide: this embedder's all lie between 0.7 and 0.9. The weights are fitted by
`python -m benchmarks calibrate`, which prints them; what they reach is in docs/quality.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from knowledge.retrieval import Evidence

DEFAULT_THRESHOLD = 0.45
FEATURES = ("dense", "sentence", "whole", "heading", "cover", "window", "margin", "elsewhere", "length")
_LARGEST_MARGIN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Log-odds per unit of each figure in `FEATURES`, and the log-odds where all are 0."""

    factors: tuple[float, ...]
    offset: float


# Question and passage in one language; in two languages, where shared words hardly occur; and both again
# for other embedders, whose cosines mean something else.
BUNDLED = {
    True: Weights(
        factors=(22.213, 7.491, 1.125, -0.458, 9.041, -3.201, 0.353, -2.607, -1.096), offset=-20.745
    ),
    False: Weights(factors=(26.829, 7.491, 1.125, -0.458, 0.0, 0.0, 0.353, -2.607, -1.096), offset=-20.076),
}
OTHER = {
    True: Weights(factors=(0.0, 8.245, 2.208, -0.04, 8.962, -3.525, 0.415, -2.336, -0.978), offset=-2.805),
    False: Weights(factors=(0.0, 8.245, 2.208, -0.04, 0.0, 0.0, 0.415, -2.336, -0.978), offset=-0.557),
}


def confidence(evidence: Evidence, *, bundled: bool) -> float:
    """Probability (0-1) that the passage answers the question; `bundled`: the default embedder's cosine."""
    weights = (BUNDLED if bundled else OTHER)[evidence.same_language]
    figures = features(evidence)
    odds = weights.offset + sum(w * x for w, x in zip(weights.factors, figures, strict=True))
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
