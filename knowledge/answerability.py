"""Decide whether the passages found answer a question, as a probability.

Logistic models over the figures of `Evidence`, one for each kind of passage: below a heading, or plain text
in the question's language or in another. The weights are fitted by `python -m benchmarks calibrate`, which
prints them; what they reach is in docs/quality.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.evidence import Evidence

DEFAULT_THRESHOLD = 0.4
_LARGEST_MARGIN = 4.0
# Programs are asked odd questions, too, so the sound of one counts against it only so far.
_MOST_AGAINST = -0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Log-odds per unit of each figure named, and the log-odds where all are 0."""

    factors: Mapping[str, float]
    offset: float


HEADED, PLAIN, FOREIGN = "headed", "plain", "foreign"
"""Below a heading; plain text in the question's language; plain text in another language."""

# With the bundled embedder, and with others, whose cosines mean something else.
BUNDLED: Mapping[str, Weights] = {
    HEADED: Weights(
        factors={
            "dense": 31.965,
            "margin": 0.015,
            "fused_lead": 0.194,
            "dense_lead": -17.992,
            "heading_lead": 5.273,
            "expected": 1.503,
            "novel": -1.979,
            "bare": 1.843,
            "bare_heading": -6.029,
            "bare_sentence": 1.837,
            "among": -0.554,
            "matter_against": 7.476,
            "matter_for": 1.681,
        },
        offset=-23.786,
    ),
    PLAIN: Weights(
        factors={
            "dense": 28.067,
            "margin": 0.198,
            "fused_lead": 0.079,
            "length": -1.128,
            "sentence": 7.437,
            "whole": -6.218,
            "cover": 3.236,
            "window": 4.339,
            "novel": -0.231,
        },
        offset=-23.399,
    ),
    FOREIGN: Weights(
        factors={
            "dense": 26.211,
            "margin": 0.193,
            "fused_lead": 0.141,
            "length": -1.582,
            "sentence": 8.004,
            "whole": -0.648,
        },
        offset=-18.518,
    ),
}
OTHER: Mapping[str, Weights] = {
    HEADED: Weights(
        factors={
            "margin": 0.044,
            "fused_lead": 0.266,
            "heading_lead": 3.246,
            "novel": -0.951,
            "bare": -0.135,
            "bare_heading": -1.516,
            "bare_sentence": 4.638,
            "among": -0.709,
            "matter_read_against": 7.582,
            "matter_read_for": 1.682,
        },
        offset=-0.704,
    ),
    PLAIN: Weights(
        factors={
            "margin": 0.156,
            "fused_lead": 0.264,
            "length": -0.942,
            "sentence": 8.479,
            "whole": -4.707,
            "cover": 2.569,
            "window": 3.786,
            "novel": 0.370,
        },
        offset=-5.739,
    ),
    FOREIGN: Weights(
        factors={
            "margin": 0.171,
            "fused_lead": 0.351,
            "length": -1.108,
            "sentence": 7.240,
            "whole": -0.482,
        },
        offset=-3.473,
    ),
}


def confidence(evidence: Evidence, *, bundled: bool) -> float:
    """Probability (0-1) that the passage answers the question; `bundled`: the default embedder's cosine."""
    weights = (BUNDLED if bundled else OTHER)[kind(evidence)]
    figures = features(evidence)
    odds = weights.offset + sum(weight * figures[name] for name, weight in weights.factors.items())
    if math.isnan(odds):
        return 0.0
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def kind(evidence: Evidence) -> str:
    """Which model decides: `HEADED`, `PLAIN` or `FOREIGN`."""
    if evidence.headed:
        return HEADED
    return PLAIN if evidence.same_language else FOREIGN


def features(evidence: Evidence) -> dict[str, float]:
    """The figures the models read, by name; a lead counts up to 4.

    Other ways to ask for a passage lift the cosine of its headings, so a passage without them is `bare` and
    its cosines count for themselves. What speaks against a question counts more than what speaks for it.
    """
    bare = 0.0 if evidence.asked else 1.0
    return {
        "dense": evidence.dense,
        "sentence": evidence.sentence,
        "whole": evidence.whole,
        "dense_lead": evidence.leads.dense,
        "heading_lead": evidence.leads.heading,
        "cover": evidence.cover,
        "window": evidence.window,
        "novel": evidence.novel,
        "expected": evidence.expected,
        "margin": max(0.0, min(evidence.margin, _LARGEST_MARGIN)),
        "fused_lead": evidence.leads.fused,
        **_split("matter", evidence.matter),
        **_split("matter_read", evidence.matter_read),
        "among": evidence.among,
        "length": evidence.length,
        "bare": bare,
        "bare_heading": bare * evidence.heading,
        "bare_sentence": bare * evidence.sentence,
    }


def _split(name: str, figure: float) -> dict[str, float]:
    """A figure below and above 0, so that each side has a weight of its own."""
    return {f"{name}_against": max(_MOST_AGAINST, min(0.0, figure)), f"{name}_for": max(0.0, figure)}
