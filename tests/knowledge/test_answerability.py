from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.answerability import BUNDLED, FEATURES, OTHER, confidence, features
from knowledge.retrieval import Evidence

GOOD = Evidence(
    dense=0.88,
    sentence=0.65,
    whole=0.55,
    heading=0.6,
    cover=0.8,
    window=0.7,
    margin=1.5,
    elsewhere=0.2,
    length=2.0,
    same_language=True,
)
BAD = replace(
    GOOD, dense=0.76, sentence=0.2, whole=0.1, heading=0.15, cover=0.1, window=0.1, margin=0.1, elsewhere=0.8
)
FIGURES = st.floats(min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize("bundled", [True, False])
@pytest.mark.parametrize("same", [True, False])
def test_strong_evidence_is_believed_and_weak_evidence_is_not(bundled: bool, same: bool) -> None:
    assert confidence(replace(GOOD, same_language=same), bundled=bundled) > 0.7
    assert confidence(replace(BAD, same_language=same), bundled=bundled) < 0.1


@pytest.mark.parametrize("same", [True, False])
def test_a_nearer_passage_is_always_believed_more(same: bool) -> None:
    steps = [replace(BAD, same_language=same, dense=d / 100) for d in range(70, 100)]
    values = [confidence(e, bundled=True) for e in steps]
    assert all(a < b for a, b in pairwise(values))


@pytest.mark.parametrize("same", [True, False])
def test_a_sentence_that_answers_raises_the_confidence_with_any_embedder(same: bool) -> None:
    for bundled in (True, False):
        low, high = (replace(GOOD, same_language=same, sentence=s) for s in (0.2, 0.7))
        assert confidence(low, bundled=bundled) < confidence(high, bundled=bundled)


@pytest.mark.parametrize("bundled", [True, False])
def test_a_question_like_those_any_bot_is_asked_is_believed_less(bundled: bool) -> None:
    usual, odd = (replace(GOOD, elsewhere=e) for e in (0.1, 0.9))
    assert confidence(odd, bundled=bundled) < confidence(usual, bundled=bundled)


def test_the_cosine_of_another_embedder_says_nothing() -> None:
    for same in (True, False):
        values = {
            confidence(replace(GOOD, dense=d, same_language=same), bundled=False) for d in (-1.0, 0.3, 1.0)
        }
        assert len(values) == 1


def test_words_in_common_say_nothing_across_languages() -> None:
    for bundled in (True, False):
        values = {
            confidence(replace(GOOD, same_language=False, cover=c, window=c), bundled=bundled)
            for c in (0.0, 0.5, 1.0)
        }
        assert len(values) == 1


@given(
    st.builds(
        Evidence,
        **{f.name: st.booleans() if f.name == "same_language" else FIGURES for f in fields(Evidence)},
    ),
    st.booleans(),
)
def test_confidence_is_a_probability_however_extreme_the_figures(evidence: Evidence, bundled: bool) -> None:
    assert 0.0 <= confidence(evidence, bundled=bundled) <= 1.0


def test_a_lead_counts_up_to_a_limit_and_never_against() -> None:
    position = FEATURES.index("margin")
    assert features(replace(GOOD, margin=1e9))[position] == features(replace(GOOD, margin=50.0))[position]
    assert features(replace(GOOD, margin=-3.0))[position] == 0.0
    assert features(replace(GOOD, margin=1.25))[position] == 1.25


def test_every_set_of_weights_has_a_factor_for_every_figure() -> None:
    assert len(features(GOOD)) == len(FEATURES)
    for weights in (*BUNDLED.values(), *OTHER.values()):
        assert len(weights.factors) == len(FEATURES)
    for name, value in zip(FEATURES, features(GOOD), strict=True):
        assert getattr(GOOD, name) == value
