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
            "dense": 25.457,
            "margin": 0.078,
            "fused_lead": 0.148,
            "heading_lead": 5.506,
            "novel": -1.700,
            "bare": 0.981,
            "bare_heading": -7.101,
            "bare_sentence": 3.158,
            "among": -0.732,
            "matter_against": 7.983,
            "matter_for": 1.839,
        },
        offset=-18.652,
    ),
    PLAIN: Weights(
        factors={
            "dense": 30.105,
            "margin": 0.224,
            "fused_lead": 0.046,
            "length": -1.191,
            "sentence": 7.513,
            "whole": -5.960,
            "cover": 3.689,
            "window": 4.329,
            "novel": -0.027,
        },
        offset=-24.880,
    ),
    FOREIGN: Weights(
        factors={
            "dense": 25.842,
            "margin": 0.179,
            "fused_lead": 0.181,
            "length": -1.603,
            "sentence": 7.925,
            "whole": -1.111,
        },
        offset=-18.735,
    ),
}
OTHER: Mapping[str, Weights] = {
    HEADED: Weights(
        factors={
            "margin": 0.083,
            "fused_lead": 0.302,
            "heading_lead": 3.600,
            "novel": -1.153,
            "bare": -0.276,
            "bare_heading": -3.157,
            "bare_sentence": 5.543,
            "among": -0.758,
            "matter_read_against": 8.325,
            "matter_read_for": 1.755,
        },
        offset=-0.343,
    ),
    PLAIN: Weights(
        factors={
            "margin": 0.175,
            "fused_lead": 0.268,
            "length": -0.972,
            "sentence": 8.421,
            "whole": -4.539,
            "cover": 2.938,
            "window": 3.727,
            "novel": 0.492,
        },
        offset=-5.613,
    ),
    FOREIGN: Weights(
        factors={
            "margin": 0.139,
            "fused_lead": 0.429,
            "length": -1.131,
            "sentence": 7.045,
            "whole": -1.297,
        },
        offset=-3.683,
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
