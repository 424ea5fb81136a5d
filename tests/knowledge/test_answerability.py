from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.answerability import BUNDLED, FOREIGN, HEADED, OTHER, PLAIN, confidence, features, kind
from knowledge.evidence import Evidence, Leads

GOOD = Evidence(
    dense=0.88,
    sentence=0.65,
    whole=0.55,
    heading=0.6,
    cover=0.8,
    window=0.7,
    novel=0.1,
    margin=1.5,
    expected=0.5,
    matter=0.7,
    matter_read=0.6,
    length=2.0,
    among=5.0,
    leads=Leads(fused=10.0, dense=0.3, heading=0.5),
    same_language=True,
    asked=True,
    headed=True,
)
BAD = replace(
    GOOD,
    dense=0.60,
    sentence=0.2,
    whole=0.1,
    heading=0.15,
    cover=0.1,
    window=0.1,
    novel=0.8,
    margin=0.1,
    expected=0.0,
    matter=-0.8,
    matter_read=-0.7,
    leads=Leads(fused=2.0, dense=0.1, heading=0.1),
)
FIGURES = st.floats(min_value=-1e12, max_value=1e12)
FLAGS = {"same_language", "asked", "headed"}
KINDS = [
    pytest.param({}, id="below a heading"),
    pytest.param({"asked": False}, id="below a heading, no way to ask given"),
    pytest.param({"headed": False, "asked": False}, id="plain text"),
    pytest.param({"headed": False, "asked": False, "same_language": False}, id="plain text, foreign"),
]


@pytest.mark.parametrize("bundled", [True, False])
@pytest.mark.parametrize("what", KINDS)
def test_strong_evidence_is_believed_and_weak_evidence_is_not(bundled: bool, what: dict[str, bool]) -> None:
    assert confidence(replace(GOOD, **what), bundled=bundled) > 0.7
    assert confidence(replace(BAD, **what), bundled=bundled) < 0.15


@pytest.mark.parametrize("what", KINDS)
def test_a_nearer_passage_is_always_believed_more(what: dict[str, bool]) -> None:
    steps = [replace(BAD, dense=d / 100, **what) for d in range(70, 100)]
    values = [confidence(e, bundled=True) for e in steps]
    assert all(a < b for a, b in pairwise(values))


@pytest.mark.parametrize("what", KINDS[1:])
def test_a_sentence_that_answers_raises_the_confidence_with_any_embedder(what: dict[str, bool]) -> None:
    for bundled in (True, False):
        low, high = (replace(GOOD, sentence=s, **what) for s in (0.2, 0.7))
        assert confidence(low, bundled=bundled) < confidence(high, bundled=bundled)


@pytest.mark.parametrize("bundled", [True, False])
def test_a_question_like_those_any_bot_is_asked_is_believed_less(bundled: bool) -> None:
    usual, doubtful, odd = (replace(GOOD, matter=m, matter_read=m) for m in (0.8, 0.1, -0.9))
    values = [confidence(e, bundled=bundled) for e in (usual, doubtful, odd)]
    assert values[0] > values[1] > values[2]
    assert values[1] - values[2] > values[0] - values[1]


def test_what_a_question_sounds_like_says_nothing_where_plain_text_answers() -> None:
    plain = replace(GOOD, headed=False, asked=False)
    assert len({confidence(replace(plain, matter=m), bundled=True) for m in (-1.0, 0.0, 1.0)}) == 1


def test_the_best_of_many_passages_leads_by_more_so_its_lead_is_believed_less() -> None:
    few, many = (replace(GOOD, among=a) for a in (2.0, 7.0))
    assert confidence(many, bundled=True) < confidence(few, bundled=True)


def test_a_figure_has_a_side_below_and_a_side_above_nothing() -> None:
    below, above = features(replace(GOOD, matter=-0.3)), features(replace(GOOD, matter=0.5))
    assert (below["matter_against"], below["matter_for"]) == (-0.3, 0.0)
    assert (above["matter_against"], above["matter_for"]) == (0.0, 0.5)


def test_how_odd_a_question_sounds_counts_against_it_only_so_far() -> None:
    odd, odder = (confidence(replace(GOOD, matter=m), bundled=True) for m in (-0.5, -2.0))
    assert odd == odder


@pytest.mark.parametrize("bundled", [True, False])
def test_words_that_no_document_holds_are_evidence_against(bundled: bool) -> None:
    known, strange = (replace(GOOD, novel=n) for n in (0.0, 0.9))
    assert confidence(strange, bundled=bundled) < confidence(known, bundled=bundled)


@pytest.mark.parametrize("what", KINDS)
def test_the_cosine_of_another_embedder_says_nothing(what: dict[str, bool]) -> None:
    values = {confidence(replace(GOOD, dense=d, **what), bundled=False) for d in (-1.0, 0.3, 1.0)}
    assert len(values) == 1


def test_words_in_common_say_nothing_across_languages() -> None:
    foreign = replace(GOOD, headed=False, same_language=False)
    for bundled in (True, False):
        values = {confidence(replace(foreign, cover=c, window=c), bundled=bundled) for c in (0.0, 0.5, 1.0)}
        assert len(values) == 1


@given(
    st.builds(
        Evidence,
        **{
            f.name: st.booleans() if f.name in FLAGS else FIGURES
            for f in fields(Evidence)
            if f.name != "leads"
        },
        leads=st.builds(Leads, **{f.name: FIGURES for f in fields(Leads)}),
    ),
    st.booleans(),
)
def test_confidence_is_a_probability_however_extreme_the_figures(evidence: Evidence, bundled: bool) -> None:
    assert 0.0 <= confidence(evidence, bundled=bundled) <= 1.0


def test_a_lead_counts_up_to_a_limit_and_never_against() -> None:
    margin = [features(replace(GOOD, margin=m))["margin"] for m in (1e9, 50.0, -3.0, 1.25)]
    assert margin[0] == margin[1]
    assert margin[2:] == [0.0, 1.25]


def test_cosines_of_headings_count_for_themselves_where_no_way_to_ask_is_given() -> None:
    given, bare = features(GOOD), features(replace(GOOD, asked=False))
    assert (given["bare"], given["bare_heading"], given["bare_sentence"]) == (0.0, 0.0, 0.0)
    assert (bare["bare"], bare["bare_heading"], bare["bare_sentence"]) == (1.0, GOOD.heading, GOOD.sentence)


def test_every_kind_of_passage_has_weights_and_every_weight_a_figure() -> None:
    kinds = {
        kind(GOOD),
        kind(replace(GOOD, headed=False)),
        kind(replace(GOOD, headed=False, same_language=False)),
    }
    assert kinds == {HEADED, PLAIN, FOREIGN} == set(BUNDLED) == set(OTHER)
    known = set(features(GOOD))
    for weights in (*BUNDLED.values(), *OTHER.values()):
        assert set(weights.factors) <= known
