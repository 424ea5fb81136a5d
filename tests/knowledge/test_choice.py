from __future__ import annotations

from dataclasses import replace

import numpy as np

from knowledge.choice import choose_quotes
from knowledge.model import Passage
from knowledge.reader import shared_reader, unpack
from knowledge.retrieval import Found, Query, Shelf, prepare

NORTH = np.eye(1, 8, dtype=np.float32)[0]
RULES = {
    "Who can rent a berth?": "Members who have paid their fee for the year can rent a berth.",
    "Who can rent the crane?": "Whoever has passed the crane test can rent the crane, guests included.",
    "Who can rent a locker?": "Crews of at least three people can rent a locker beside the gate.",
}


def passages(rules: dict[str, str], language: str = "en") -> list[Passage]:
    return [
        Passage(
            id=f"d#{n}",
            document_id="d",
            title="Heron Yard",
            section=(heading,),
            text=text,
            language=language,
            content_hash="h",
            document_version="v",
            position=n,
        )
        for n, (heading, text) in enumerate(rules.items())
    ]


def searched(question: str, held: list[Passage], scores: list[float]) -> tuple[Shelf, Query, list[Found]]:
    """A shelf, a question, and its passages found with the given scores."""
    reader = shared_reader()
    readings = [unpack(row, p) for row, p in zip(reader.read(held), held, strict=True)]
    shelf = Shelf("v", held, np.stack([NORTH] * len(held)), readings)
    query = prepare(question, "en", NORTH, reader)
    by_row = {f.row: f for f in shelf.search(query)}
    found = [
        replace(by_row[n], scored=replace(by_row[n].scored, score=score)) for n, score in enumerate(scores)
    ]
    return shelf, query, found


def headings(question: str, scores: list[float], rules: dict[str, str] = RULES) -> list[str]:
    quoted = choose_quotes(*searched(question, passages(rules), scores))
    return [one.scored.passage.heading for one, _ in quoted]


def test_a_question_that_names_no_service_is_answered_for_each_that_is_as_near() -> None:
    assert headings("Who may rent something?", [9.0, 8.6, 8.2]) == list(RULES)
    assert headings("Who may rent something?", [9.0, 7.4, 5.6]) == ["Who can rent a berth?"]


def test_what_every_heading_says_in_full_is_answered_for_each_though_it_is_further_off() -> None:
    assert headings("Who can rent?", [9.0, 7.4, 5.6]) == list(RULES)
    assert headings("Who can rent?", [9.0, 7.4, 4.6]) != list(RULES)
    assert headings("who can rent a locker", [9.0, 7.4, 5.6]) == ["Who can rent a berth?"]


def test_a_question_that_is_a_heading_as_it_stands_is_answered_from_that_section() -> None:
    berths = {
        "Berths": "There are 40 of them.",
        "Berths in winter": "Ten stay open.",
        "Price of berths": "340.",
    }
    assert headings("berths", [9.0, 6.5, 6.0], berths) == ["Berths"]
    assert headings("winter berths", [9.0, 6.5, 6.0], berths) == ["Berths"]


def test_parts_of_one_section_are_not_told_as_different_answers() -> None:
    held = [replace(p, section=("Who can rent a berth?",)) for p in passages(RULES)]
    quoted = choose_quotes(*searched("Who can rent?", held, [9.0, 7.4, 5.6]))
    assert len(quoted) == 1


def test_a_section_that_stands_out_is_quoted_alone() -> None:
    assert headings("Who can rent a berth?", [9.0, 5.0, 4.0]) == ["Who can rent a berth?"]


def test_what_another_section_says_in_the_same_words_is_not_said_again() -> None:
    same = {"Who can rent?": RULES["Who can rent a berth?"], "Berths": RULES["Who can rent a berth?"]}
    assert headings("Who can rent?", [9.0, 8.9], same) == ["Who can rent?"]


WINDOWS = {
    "What happens after a missed crane window?": "Whoever missed the window waits for the next one.",
    "When is the crane window?": "The crane runs from 3 May 2027 to 9 May 2027.",
}


def test_a_date_that_was_asked_for_and_the_best_section_lacks_is_quoted_beside_it() -> None:
    assert headings("When is the next crane window?", [9.0, 6.0], WINDOWS) == list(WINDOWS)


def test_no_date_is_quoted_from_afar_or_where_none_was_asked_for_or_the_best_section_has_one() -> None:
    first, second = WINDOWS
    assert headings("When is the next crane window?", [9.0, 4.0], WINDOWS) == [first]
    assert headings("What if I miss the crane window?", [9.0, 6.0], WINDOWS) == [first]
    dated = {second: WINDOWS[second], "When does the crane rest?": "The crane rests on 1 June 2027."}
    assert headings("When is the crane window?", [9.0, 6.0], dated) == [second]


def test_no_passage_in_another_language_is_quoted_beside_the_first() -> None:
    held = [*passages(RULES)[:1], *passages({"谁可以租泊位": "付清年费的会员可以租泊位。"}, "zh")]
    held[1] = replace(held[1], id="d#zh")
    quoted = choose_quotes(*searched("Who can rent a berth?", held, [9.0, 8.9]))
    assert len(quoted) == 1
