"""Words that mean the same are found without being the same."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.pieces import PieceIndex, Pieces
from knowledge.reader import SentenceReader, shared_reader


@pytest.fixture(scope="module")
def reader() -> SentenceReader:
    return shared_reader()


OTHERS = (
    "The crane lifts two tons.",
    "潮水每天涨落两次。",
    "Die Fähre fährt im Sommer alle zwanzig Minuten.",
)


def _scores(reader: SentenceReader, question: str, *passages: str) -> list[float]:
    index = reader.index_pieces(passages)
    return [float(x) for x in index.scores(reader.pieces(question), np.arange(len(passages)))]


def test_pieces_are_distinct_and_have_length_one(reader: SentenceReader) -> None:
    pieces = reader.pieces("a berth, a berth and a crane")
    assert len(set(pieces.ids.tolist())) == len(pieces.ids) == len(pieces.rows)
    assert np.allclose(np.linalg.norm(pieces.rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("cost", "The price is on the board.", "The dog is on the pier."),
        ("租金", "The rent is due in May.", "The herons come in May."),
        ("Hund", "狗可以上码头。", "起重机可以上码头。"),
    ],
)
def test_a_word_finds_one_that_means_the_same_also_in_another_language(
    reader: SentenceReader, question: str, right: str, wrong: str
) -> None:
    first, second, *_ = _scores(reader, question, right, wrong, *OTHERS)
    assert first > second


def test_simplified_and_traditional_characters_have_the_same_pieces(reader: SentenceReader) -> None:
    assert reader.pieces("碼頭").ids.tolist() == reader.pieces("码头").ids.tolist()


def test_a_rare_piece_counts_more_than_one_that_is_everywhere() -> None:
    vocabulary = Pieces(np.arange(1, 6), np.eye(5, 8, dtype=np.float32))
    index = PieceIndex([np.array([1, 2]), np.array([1, 3]), np.array([4, 5])], vocabulary)
    scores = index.scores(Pieces(vocabulary.ids[:2], vocabulary.rows[:2]), np.arange(3))
    both, common, neither = scores.tolist()
    assert both == pytest.approx(1.0)
    assert neither == 0 < common < 0.5


def test_a_piece_that_no_passage_holds_is_the_rarest_of_all() -> None:
    rows = np.eye(3, 8, dtype=np.float32)
    index = PieceIndex([np.array([5]), np.array([7])], Pieces(np.array([5, 7]), rows[:2]))
    assert index.scores(Pieces(np.array([5, 9]), rows[[0, 2]]), np.arange(2)).max() < 0.5


def test_a_passage_is_not_nearer_for_being_longer() -> None:
    rows = np.eye(9, 9, dtype=np.float32)
    rows[1:, 0] = np.linspace(0.1, 0.8, 8)
    passages = [np.array([9]), np.array([2, 3]), np.array([2, 3, 4, 5]), np.arange(2, 10)]
    index = PieceIndex(passages, Pieces(np.arange(1, 10), rows))
    short, *_, longest = index.scores(Pieces(np.array([1]), rows[:1]), np.arange(4)).tolist()
    assert short > longest


def test_no_words_and_no_passages_are_no_error(reader: SentenceReader) -> None:
    assert _scores(reader, "", "The crane is old.")[0] == pytest.approx(0, abs=1)
    assert _scores(reader, "a crane") == []
