from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from knowledge import extract
from knowledge.model import Passage
from knowledge.reader import SentenceReader, unpack
from knowledge.retrieval import Query, Shelf, prepare

NORTH = np.eye(1, 8, dtype=np.float32)[0]


@lru_cache(maxsize=1)
def reader() -> SentenceReader:
    return SentenceReader()


def quoted(text: str, question: str, language: str = "en", heading: str = "", limit: int = 560) -> str:
    """What is quoted of one passage for one question."""
    passage = Passage(
        id="d#s",
        document_id="d",
        title="d",
        section=(heading,) if heading else (),
        text=text,
        language=language,
        content_hash="h",
        document_version="v",
        position=0,
    )
    shelf = Shelf("v", [passage], NORTH[None], [unpack(reader().read([passage])[0], passage)])
    query: Query = prepare(question, language, NORTH, reader())
    return extract.quote(shelf, query, shelf.search(query)[0], limit)


YARD = (
    "The yard was founded in 1931 by two brothers who had a herring boat and a borrowed saw. "
    "A summer berth costs 340 crowns for each meter of the boat's length, measured over everything. "
    "Water and power up to 16 amperes are part of that price for a berth. "
    "Herons nest in the marsh behind hall C, and nobody may disturb them between March and July. "
    "The canteen sells soup at noon, and coffee as long as the light in the window is on."
)
HALL = "Boats are in hall B from October to April. It is heated to five degrees by a pump in the river."


def test_the_sentence_that_answers_is_quoted_and_the_others_are_left_out() -> None:
    text = quoted(YARD, "What does a summer berth cost?")
    assert "340 crowns" in text
    assert "1931" not in text
    assert "soup" not in text
    assert quoted(YARD, "When may herons not be disturbed?").count(".") == 1


def test_chinese_sentences_are_picked_the_same_way() -> None:
    text = (
        "船厂由两兄弟在一九三一年创办，当时他们只有一条旧渔船和一把借来的锯子，其余的都是后来慢慢添的。"
        "夏季泊位按船长计算，每米三百四十克朗，包括用水和十六安培以内的用电，开航之前付清。"
        "三月到七月白鹭在三号库后面的沼泽里筑巢，任何人不得打扰，拍照也要离开五十米以上的距离。"
    )
    answer = quoted(text, "夏季泊位多少钱一米？", "zh")
    assert "三百四十克朗" in answer
    assert "白鹭" not in answer


def test_a_sentence_that_leans_on_the_one_before_brings_it_along() -> None:
    assert quoted(HALL, "To how many degrees is the hall heated?") == HALL


def test_a_list_is_quoted_to_its_end_where_its_head_is_what_answers() -> None:
    text = (
        "To book the crane bring the following papers to the harbor office:\n"
        "- a passport\n- the ship's log\n- proof of insurance\n\nHerons nest in the marsh behind hall C."
    )
    answer = quoted(text, "What papers do I bring to book the crane at the harbor office?")
    assert answer.splitlines()[1:] == ["• a passport", "• the ship's log", "• proof of insurance"]


def test_an_item_of_a_list_is_quoted_with_the_head_of_the_list() -> None:
    text = "The yard takes these for payment:\n- silver coins\n- cards of the harbor bank\n- dried herring"
    answer = quoted(text, "Do you accept cards of the harbor bank?")
    assert answer.startswith("The yard takes these for payment:")
    assert "• cards of the harbor bank" in answer


@pytest.mark.parametrize("limit", [100, 200, 300])
def test_a_quotation_stays_within_the_limit_where_its_best_sentence_does(limit: int) -> None:
    text = " ".join(f"The crane at pier {n} lifts boats of {n} tons onto a trailer." for n in range(3, 12))
    assert extract.width(quoted(text, "Which crane lifts boats onto a trailer?", limit=limit)) <= limit


def test_a_sentence_longer_than_the_limit_is_quoted_whole_rather_than_cut_into_something_else() -> None:
    text = "The crane lifts " + ", ".join(f"boats of {n} tons" for n in range(60)) + "."
    assert quoted(text, "What does the crane lift?", limit=100) == text


@pytest.mark.parametrize(
    "question",
    ["berth", "When was the yard founded?", "Where is soup sold?", "???", "", "沼泽里有什么鸟？"],
)
def test_a_quotation_is_a_stretch_of_the_passage_for_any_question(question: str) -> None:
    answer = quoted(YARD, question)
    assert answer
    assert answer in YARD


def test_a_sentence_said_twice_is_quoted_where_it_stands_first() -> None:
    text = "Ask the guard first. Bring a rope of ten meters for the crane. Ask the guard first."
    assert quoted(text, "What rope do I bring for the crane?") in text


def test_hyphens_of_a_list_become_bullets_and_those_inside_a_line_stay() -> None:
    assert extract.plain("- a well-kept boat\n  - an oar - spare\n* a sail") == (
        "• a well-kept boat\n  • an oar - spare\n• a sail"
    )


def test_a_chinese_character_is_as_wide_as_two_letters() -> None:
    assert extract.width("ab泊位") == 6


LONG = (
    "The winter hall is for members whose boat is at most twelve meters long. "
    "Boats come in by the slip on the north side, one after the other. "
    "The stay in the hall lasts at most 26 weeks. "
    "Masts lie on the racks along the east wall, each with a label that bears the number of its boat. "
    "Paint is bought in the shop beside the gate and nowhere else. "
    "Whoever wants a place asks the harbor office, which keeps a list of all who wait for one."
)


def test_a_short_section_below_a_heading_is_quoted_whole() -> None:
    short = YARD[: YARD.index(" Herons")]
    assert quoted(short, "What does a summer berth cost?", heading="Berths") == short
    assert quoted(short, "What does a summer berth cost?") != short


def test_the_kind_of_answer_that_was_asked_for_decides_between_sentences() -> None:
    assert "26 weeks" in quoted(LONG, "How long may it be there?", heading="Winter hall", limit=140)
    assert "Whoever" in quoted(LONG, "Who is asked for a place?", heading="Winter hall", limit=140)


def test_the_first_sentence_of_a_section_comes_along_where_there_is_room() -> None:
    answer = quoted(LONG, "How long does the stay last?", heading="Winter hall")
    assert answer.startswith("The winter hall is for members")
    assert "26 weeks" in answer
    assert "Paint" not in answer
