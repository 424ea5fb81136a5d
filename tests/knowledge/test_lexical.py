from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.lexical import LexicalIndex, terms

HARBOR = ["the guard walks the pier", "the crane lifts a boat", "the sail loft", "paint for the hull"]


def index(*texts: str) -> LexicalIndex:
    return LexicalIndex([terms(t) for t in texts])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("船台吊车", ["船台", "台吊", "吊车"]),
        ("船", ["船"]),
        ("船，帆", ["船", "帆"]),
        ("BMW车库", ["bmw", "车库"]),
        ("车库BMW3号", ["车库", "bmw3", "号"]),
        ("5,000 m²", ["5,000", "m²"]),
        ("5,000平方米", ["5,000", "平方", "方米"]),
        ("3.5 knots, 12", ["3.5", "knots", "12"]),
        ("snake_case", ["snake", "case"]),
        ("Berths berth", ["berths", "berth*", "berth"]),
        ("", []),
        ("🙂 — …!? \x00", []),
    ],
)
def test_terms_are_words_numbers_and_pairs_of_chinese_characters(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_long_word_shares_its_stem_with_its_other_forms_in_any_alphabet() -> None:
    for one, other in (("painting", "painted"), ("Liegeplatz", "Liegeplätze"), ("лодочная", "лодочный")):
        assert set(terms(one)) & set(terms(other))
    assert not set(terms("boat")) & set(terms("boats"))


def test_a_number_with_letters_has_no_stem() -> None:
    assert terms("A320neo7") == ["a320neo7"]


def test_traditional_and_simplified_chinese_have_the_same_terms() -> None:
    assert terms("維修發動機") == terms("维修发动机") != []


def test_the_passage_that_holds_the_words_scores_highest() -> None:
    found = index(*HARBOR).scores(terms("crane for my boat"))
    assert found.shape == (4,)
    assert found.dtype == np.float32
    assert int(found.argmax()) == 1
    assert found[2] == 0


def test_a_word_said_twice_in_the_question_counts_once() -> None:
    harbor = index(*HARBOR)
    assert harbor.scores(terms("crane crane crane")).tolist() == harbor.scores(terms("crane")).tolist()


def test_words_that_no_passage_holds_score_nothing() -> None:
    assert index(*HARBOR).scores(terms("zeppelin")).tolist() == [0.0] * 4


def test_a_rarer_word_weighs_more_and_an_unknown_one_most() -> None:
    harbor = index(*HARBOR)
    assert harbor.rarity("the") < harbor.rarity("crane") < harbor.rarity("zeppelin")
    assert harbor.rarity("the") > 0


def test_an_unknown_word_lowers_the_share_of_the_question_that_is_covered() -> None:
    harbor = index(*HARBOR)
    whole = harbor.cover(terms("crane boat"), harbor.terms_of(1))
    assert whole == pytest.approx(1.0)
    assert 0 < harbor.cover(terms("crane boat zeppelin"), harbor.terms_of(1)) < 0.8
    assert harbor.cover(terms("crane boat"), harbor.terms_of(2)) == 0.0


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_cover_is_a_share_for_any_two_texts(question: str, held: str) -> None:
    share = index(*HARBOR, held).cover(terms(question), frozenset(terms(held)))
    assert 0.0 <= share <= 1.0 + 1e-9
    if terms(question) and set(terms(question)) <= set(terms(held)):
        assert share == pytest.approx(1.0)


def test_an_index_without_passages_or_without_words_answers_with_nothing() -> None:
    assert index().scores(terms("crane")).shape == (0,)
    assert index().cover([], frozenset()) == 0.0
    silent = index("", "…")
    assert silent.scores(terms("crane")).tolist() == [0.0, 0.0]
    assert silent.cover(terms("crane"), silent.terms_of(0)) == 0.0
