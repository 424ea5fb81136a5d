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
            "dense": 29.833,
            "margin": 0.355,
            "fused_lead": 0.208,
            "dense_behind": -23.272,
            "heading_lead": 5.210,
            "novel": -3.329,
            "bare": 0.239,
            "bare_heading": -6.434,
            "bare_sentence": 3.392,
            "among": -0.947,
            "matter_against": 12.530,
            "matter_for": 1.704,
        },
        offset=-22.140,
    ),
    PLAIN: Weights(
        factors={
            "dense": 30.442,
            "margin": 0.305,
            "fused_lead": 0.084,
            "length": -1.035,
            "sentence": 7.015,
            "whole": -4.158,
            "cover": 3.366,
            "window": 3.971,
            "novel": -1.108,
        },
        offset=-28.187,
    ),
    FOREIGN: Weights(
        factors={
            "dense": 23.854,
            "margin": 0.183,
            "fused_lead": 0.335,
            "length": -1.360,
            "dense_behind": -3.138,
            "sentence": 8.040,
            "whole": -1.045,
        },
        offset=-19.749,
    ),
}
OTHER: Mapping[str, Weights] = {
    HEADED: Weights(
        factors={
            "margin": 0.375,
            "fused_lead": 0.295,
            "heading_lead": 3.998,
            "novel": -1.458,
            "bare": -1.516,
            "bare_heading": -2.323,
            "bare_sentence": 6.882,
            "among": -0.896,
            "matter_read_against": 8.501,
            "matter_read_for": 1.529,
        },
        offset=1.754,
    ),
    PLAIN: Weights(
        factors={
            "margin": 0.234,
            "fused_lead": 0.292,
            "length": -0.979,
            "sentence": 8.791,
            "whole": -4.726,
            "cover": 2.188,
            "window": 3.718,
            "novel": 0.377,
        },
        offset=-5.031,
    ),
    FOREIGN: Weights(
        factors={
            "margin": 0.143,
            "fused_lead": 0.553,
            "length": -1.055,
            "sentence": 6.993,
            "whole": -2.077,
        },
        offset=-3.223,
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
        "dense_behind": evidence.leads.dense_behind,
        "sentence": evidence.sentence,
        "whole": evidence.whole,
        "heading_lead": evidence.leads.heading,
        "cover": evidence.cover,
        "window": evidence.window,
        "novel": evidence.novel,
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
