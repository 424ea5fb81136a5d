"""What an answer is expected to be like, from the answers to known questions that are near."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.written import is_held, read_written
from knowledge import expected
from knowledge.embeddings import BundledEmbeddings
from knowledge.expected import KnownQuestions, known_questions, packed, unpacked
from knowledge.reader import shared_reader
from knowledge.retrieval import Shelf, prepare
from tests.knowledge.test_retrieval import Page, query, shelf

Rows = NDArray[np.float32]


def unit(rows: Rows) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


@pytest.fixture(scope="module")
def embeddings() -> BundledEmbeddings:
    return BundledEmbeddings()


@pytest.fixture(scope="module")
def made() -> tuple[KnownQuestions, Rows, Rows]:
    """Sixty known questions about two things, each answered by one of two sections."""
    chance = np.random.default_rng(0)
    about = unit(chance.normal(size=(2, 384)))
    questions = unit(np.repeat(about, 30, axis=0) + 0.01 * chance.normal(size=(60, 384)))
    sections = unit(chance.normal(size=(2, 384)))
    return KnownQuestions(packed(questions, sections, np.repeat([0, 1], 30))), about, sections


def test_an_answer_is_expected_to_be_like_the_answers_to_the_nearest_known_questions(
    made: tuple[KnownQuestions, Rows, Rows],
) -> None:
    known, about, sections = made
    for number in (0, 1):
        first, second = known.alike(known.expect(about[number]), sections)
        assert (first > second + 1) == (number == 0)


def test_a_question_like_no_known_one_is_not_trusted_and_one_that_is_known_is(
    made: tuple[KnownQuestions, Rows, Rows],
) -> None:
    known, about, _ = made
    stranger = unit(np.random.default_rng(1).normal(size=384))
    assert known.expect(stranger).trust == 0.0
    assert known.expect(about[0]).trust == 1.0


def test_how_alike_passages_are_is_a_cosine_whatever_all_of_them_share(
    made: tuple[KnownQuestions, Rows, Rows],
) -> None:
    known, about, sections = made
    mean = sections.mean(0)
    wanted = known.expect(about[0])
    passages = unit(np.random.default_rng(2).normal(size=(5, 384)) + 3 * mean)
    apart = passages - mean
    by_hand = apart @ wanted.direction / np.linalg.norm(apart, axis=1)
    assert known.alike(wanted, passages) == pytest.approx(by_hand, abs=1e-4)


def test_packing_loses_less_than_a_hundredth_of_a_vector() -> None:
    rows = unit(np.random.default_rng(3).normal(size=(50, 384)))
    stored = packed(rows, rows[:7], np.arange(50) % 7)
    assert np.linalg.norm(unpacked(stored["questions"], stored["questions_step"]) - rows, axis=1).max() < 0.02


def test_the_number_of_known_questions_is_the_one_told_and_that_of_the_folders_fitted_on() -> None:
    asked = sum(bool(one.rows) for f in read_written() if not is_held(f) for one in f.asked)
    [told] = re.findall(r"([\d,]+) questions asked", expected.__doc__ or "")
    assert len(known_questions()) == asked == int(told.replace(",", ""))


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        (
            "what do you want in return",
            "We take no shares and charge no fee.",
            "Desks are on the second floor.",
        ),
        (
            "wer entscheidet darüber",
            "A jury of five reads every application.",
            "The workshop has a laser cutter.",
        ),
        (
            "我们还没注册公司行不行",
            "Teams without a legal entity may apply.",
            "Parking costs nothing on Sundays.",
        ),
    ],
)
def test_what_is_asked_of_programs_is_expected_to_be_answered_by_what_answers_it(
    question: str, answer: str, other: str, embeddings: BundledEmbeddings
) -> None:
    known = known_questions()
    wanted = known.expect(embeddings.query_vector(question))
    right, wrong = known.alike(wanted, embeddings.passage_vectors([answer, other]))
    assert wanted.trust > 0.5
    assert right > wrong + 0.1


def test_what_is_expected_moves_the_search_and_is_evidence(embeddings: BundledEmbeddings) -> None:
    texts = ["A jury of five reads every application.", "The workshop has a laser cutter."]
    pages = shelf(*map(Page, texts))
    vectors = embeddings.passage_vectors(texts)
    held = Shelf("v", pages.passages, vectors, pages.readings)
    made = prepare("who decides", "en", embeddings.query_vector("who decides"), shared_reader(), bundled=True)
    found = held.search(made)
    assert found[0].row == 0
    assert held.evidence(made, found).expected > 0.1


def test_with_another_embedder_nothing_is_expected() -> None:
    pages = shelf(Page("a jury decides"), Page("a laser cutter"))
    asked = query("who decides")
    assert asked.expected is None
    assert pages.evidence(asked, pages.search(asked)).expected == 0.0
