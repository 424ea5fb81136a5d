"""Fusion, evidence and twins on shelves whose cosines are set by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.lexical import terms
from knowledge.model import Passage
from knowledge.reader import Reading, shared_reader
from knowledge.retrieval import Found, Query, Shelf
from knowledge.sentences import split_sentences


@dataclass(frozen=True)
class Page:
    """A passage, and its cosine to every question of a test: the embedder's and the reader's."""

    text: str
    dense: float = 0.78
    read: float = 0.1
    document: str = ""
    twin: str | None = None
    language: str = "en"
    section: str = "S"


def at(cosine: float, size: int) -> NDArray[np.float32]:
    """A vector of length 1 with that cosine to the first axis, which is where the questions lie."""
    row = np.zeros(size, dtype=np.float32)
    row[:2] = cosine, np.sqrt(1 - cosine**2)
    return row


def shelf(*pages: Page) -> Shelf:
    passages = [
        Passage(
            id=f"{page.document or n}#{n}",
            document_id=page.document or str(n),
            title=f"T{n}",
            section=(page.section,),
            text=page.text,
            language=page.language,
            content_hash=str(n),
            document_version="v",
            position=n,
            twin=page.twin,
        )
        for n, page in enumerate(pages)
    ]
    readings = []
    for page in pages:
        row, texts = at(page.read, 512), tuple(split_sentences(page.text, page.language))
        readings.append(
            Reading(whole=row, headings=row[None], sentences=np.stack([row] * len(texts)), texts=texts)
        )
    vectors = np.stack([at(p.dense, 8) for p in pages]) if pages else np.zeros((0, 8), np.float32)
    return Shelf("v1", passages, vectors, readings)


def query(text: str, language: str = "en") -> Query:
    return Query(
        text=text,
        language=language,
        terms=tuple(terms(text)),
        pieces=shared_reader().pieces(text),
        vector=at(1.0, 8),
        reading=at(1.0, 512),
        matters=(0.4, 0.3),
        expected=None,
    )


def ids(found: Sequence[Found]) -> list[str]:
    return [f.scored.passage.id for f in found]


FILLER = [Page(f"Pier {n} was dredged in spring and the marsh has herons.") for n in range(10)]


def test_the_dense_leg_finds_across_languages_what_shares_no_word() -> None:
    yard = shelf(*FILLER, Page("A berth costs 340 crowns.", dense=0.87, read=0.6))
    found = yard.search(query("Wie hoch ist die Gebühr für einen Liegeplatz?", "de"))
    assert ids(found)[0] == "10#10"
    assert len(found) == 10


def test_shared_noise_words_do_not_drown_the_dense_leg_across_languages() -> None:
    noise = Page("The old die was worn in 1931, so die casting was stopped.")
    yard = shelf(*FILLER, noise, Page("A berth costs 340 crowns a year.", dense=0.87))
    asked = query("Was kostet die Miete, und in welcher Zeit was die Nachbarn zahlen?", "de")
    found = yard.search(asked)
    by_id = {f.scored.passage.id: f.scored for f in found}
    assert by_id["10#10"].lexical > by_id["11#11"].lexical == 0
    assert ids(found)[0] == "11#11"


def test_a_passage_that_holds_the_rare_words_wins_over_a_slightly_nearer_one() -> None:
    near, exact = Page("The pump hall has a gauge.", dense=0.84), Page("Order gasket KX-77 here.", dense=0.83)
    found = shelf(*FILLER, near, exact).search(query("gasket KX-77"))
    assert ids(found)[:2] == ["11#11", "10#10"]


def test_a_search_gives_as_many_passages_as_there_are_and_none_of_an_empty_shelf() -> None:
    assert len(shelf(*FILLER[:3]).search(query("pier"), limit=10)) == 3
    assert len(shelf(*FILLER[:3]).search(query("pier"), limit=2)) == 2
    assert shelf().search(query("pier")) == []
    assert len(shelf()) == 0


def test_a_shelf_of_one_passage_is_searched_and_judged_without_a_rival() -> None:
    yard = shelf(Page("A berth costs 340 crowns."))
    found = yard.search(query("berth"))
    assert ids(found) == ["0#0"]
    assert yard.evidence(query("berth"), found).margin == 0.0
    assert np.isfinite(found[0].scored.score)


def test_found_passages_come_in_order_of_score_with_the_cosines_of_their_sentences() -> None:
    yard = shelf(*FILLER, Page("One. Two. Three.", dense=0.85, read=0.5))
    found = yard.search(query("berth"))
    scores = [f.scored.score for f in found]
    assert scores == sorted(scores, reverse=True)
    assert found[0].sentences.shape == (3,)
    assert float(found[0].sentences.max()) == pytest.approx(0.5, abs=0.01)
    assert found[0].scored.dense == pytest.approx(0.85, abs=0.01)


def test_a_passage_is_found_by_its_id_in_its_own_generation_only() -> None:
    yard = shelf(*FILLER[:2])
    passage = yard.passage("1#1")
    assert passage is not None
    assert passage.text == FILLER[1].text
    assert yard.passage("9#9") is None


def test_the_margin_is_the_lead_over_another_subject_and_not_over_the_twin() -> None:
    best = Page("A berth costs 340 crowns.", dense=0.88, read=0.6, document="en", twin="zh")
    twin = Page("一个泊位每米收费340克朗。", dense=0.86, read=0.5, document="zh", twin="en", language="zh")
    other = Page("The crane lifts two tons.", dense=0.82, read=0.3, document="crane")
    yard, asked = shelf(*FILLER, best, twin, other), query("What does mooring amount to?")
    found = yard.search(asked)
    assert ids(found)[:3] == ["en#10", "zh#11", "crane#12"]
    assert yard.evidence(asked, found).margin == pytest.approx(
        found[0].scored.score - found[2].scored.score, abs=1e-5
    )


def test_another_part_of_the_same_section_is_no_rival_but_another_section_is() -> None:
    first = Page("A berth costs 340 crowns.", dense=0.88, read=0.6, document="d", section="Fees")
    second = Page("Fees fall due in May.", dense=0.87, read=0.58, document="d", section="Fees")
    third = Page("The guard walks at night.", dense=0.82, read=0.3, document="d", section="Guard")
    yard, asked = shelf(*FILLER, first, second, third), query("What does mooring amount to?")
    found = yard.search(asked)
    assert yard.evidence(asked, found).margin == pytest.approx(
        found[0].scored.score - found[2].scored.score, abs=1e-5
    )


def test_evidence_does_not_depend_on_how_many_passages_there_are_except_for_words_and_margin() -> None:
    best, asked = Page("A berth costs 340 crowns.", dense=0.88, read=0.6), query("berth costs")
    small, large = shelf(best, *FILLER[:2]), shelf(best, *(FILLER * 5))
    one, two = (s.evidence(asked, s.search(asked)) for s in (small, large))
    for figure in (
        "dense",
        "sentence",
        "whole",
        "heading",
        "matter",
        "matter_read",
        "length",
        "same_language",
    ):
        assert getattr(one, figure) == pytest.approx(getattr(two, figure), abs=1e-5)
    assert one.cover == pytest.approx(1.0)


def test_the_window_covers_no_more_than_two_neighboring_sentences() -> None:
    together = Page("The berth is cheap. The crane is old. The guard sleeps.", dense=0.9, read=0.6)
    yard, asked = shelf(*FILLER, together), query("berth crane guard sleeps")
    evidence = yard.evidence(asked, yard.search(asked))
    assert evidence.cover == pytest.approx(1.0)
    assert 0.5 < evidence.window < 1.0


def test_the_language_of_question_and_passage_is_compared() -> None:
    yard = shelf(Page("泊位每米340克朗。", language="zh"))
    for language, same in (("zh", True), ("de", False)):
        asked = query("泊位", language)
        assert yard.evidence(asked, yard.search(asked)).same_language is same


def twins() -> Shelf:
    """Two sections in each of two twins; matching ones have nearly the same vectors."""
    return shelf(
        Page("A berth costs 340 crowns.", dense=0.90, document="en", twin="zh"),
        Page("The crane lifts two tons.", dense=0.40, document="en", twin="zh"),
        Page("起重机能吊两吨。", dense=0.42, document="zh", twin="en", language="zh"),
        Page("泊位每米340克朗。", dense=0.88, document="zh", twin="en", language="zh"),
        Page("Nobody's twin.", dense=0.1, document="alone", twin="gone"),
    )


@pytest.mark.parametrize(
    ("row", "languages", "expected"),
    [
        (0, ["zh", "en"], 3),
        (1, ["zh", "en"], 2),
        (2, ["en"], 1),
        (3, ["de", "en", "zh"], 0),
        (0, ["en", "zh"], None),
        (0, ["de", "en", "zh"], None),
        (0, ["fr"], None),
        (4, ["zh"], None),
    ],
)
def test_the_matching_section_of_the_twin_is_taken_where_its_language_is_wanted_more(
    row: int, languages: list[str], expected: int | None
) -> None:
    yard = twins()
    found = {f.row: f for f in yard.search(query("berth"))}
    assert yard.in_language(found[row], languages) == expected


def test_a_twin_takes_the_rank_of_what_it_stands_for_and_its_own_sentences() -> None:
    yard, asked = twins(), query("berth")
    like = next(f for f in yard.search(asked) if f.row == 0)
    found = yard.found(3, like, asked)
    assert found.scored.passage.text == "泊位每米340克朗。"
    assert found.scored.score == like.scored.score
    assert found.scored.dense == like.scored.dense
    assert len(found.sentences) == 1
