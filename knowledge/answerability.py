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
# Sentences and headings whose cosine to the question is below this say nothing about it.
_ALIKE = 0.25


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
            "dense": 31.520,
            "margin": 0.428,
            "fused_lead": 0.155,
            "elsewhere": -6.968,
            "length": -0.823,
            "dense_behind": -18.326,
            "heading_lead": 4.473,
            "silent": -11.799,
            "novel": -2.795,
            "bare": 2.411,
            "bare_heading": -5.583,
            "bare_sentence": 4.475,
        },
        offset=-23.860,
    ),
    PLAIN: Weights(
        factors={
            "dense": 32.697,
            "margin": 0.294,
            "fused_lead": 0.016,
            "elsewhere": -0.799,
            "length": -1.053,
            "sentence": 6.542,
            "whole": -3.137,
            "cover": 4.203,
            "window": 4.137,
            "novel": -0.977,
        },
        offset=-29.339,
    ),
    FOREIGN: Weights(
        factors={
            "dense": 25.930,
            "margin": 0.143,
            "fused_lead": 0.319,
            "elsewhere": 0.149,
            "length": -1.388,
            "dense_behind": -9.247,
            "sentence": 9.026,
            "whole": -0.400,
        },
        offset=-21.238,
    ),
}
OTHER: Mapping[str, Weights] = {
    HEADED: Weights(
        factors={
            "margin": 0.460,
            "fused_lead": 0.270,
            "elsewhere": -5.854,
            "length": -0.214,
            "heading_lead": 4.006,
            "silent": -10.502,
            "novel": -1.228,
            "bare": 1.124,
            "bare_heading": -2.998,
            "bare_sentence": 7.527,
        },
        offset=-0.296,
    ),
    PLAIN: Weights(
        factors={
            "margin": 0.213,
            "fused_lead": 0.292,
            "elsewhere": -0.275,
            "length": -0.814,
            "sentence": 8.467,
            "whole": -4.170,
            "cover": 2.938,
            "window": 3.747,
            "novel": 0.721,
        },
        offset=-5.157,
    ),
    FOREIGN: Weights(
        factors={
            "margin": 0.090,
            "fused_lead": 0.639,
            "elsewhere": -0.234,
            "length": -1.041,
            "sentence": 7.737,
            "whole": -1.924,
        },
        offset=-3.307,
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
    its cosines count for themselves. `silent` is how little the sentence encoder and the words say together.
    """
    bare = 0.0 if evidence.asked else 1.0
    unlike = max(0.0, _ALIKE - max(evidence.sentence, evidence.heading))
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
        "elsewhere": evidence.elsewhere,
        "length": evidence.length,
        "silent": unlike * (1.0 - evidence.cover if evidence.same_language else 1.0),
        "bare": bare,
        "bare_heading": bare * evidence.heading,
        "bare_sentence": bare * evidence.sentence,
    }
