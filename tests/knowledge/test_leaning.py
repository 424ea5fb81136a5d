"""Whether a text asks or tells is weighed by one encoder, by both where that leaves doubt."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.embeddings import BundledEmbeddings, query_vector
from knowledge.leaning import Beside, Leanings, Row
from knowledge.reader import shared_reader

SENTENCE = Beside("In one sentence: what do you make?", "Radar that finds free parking spaces.", False, False)
EMBEDDINGS = BundledEmbeddings()
# One short statement: nothing asks, and it is as long as twenty letters.
SIGNS = (0.0,) * 12 + (0.6,) + (0.0,) * 8


class Counted:
    """An encoder that counts what it is given."""

    def __init__(self) -> None:
        self.read_texts: list[str] = []
        self.embedded_texts: list[str] = []

    async def read(self, text: str) -> Row:
        self.read_texts.append(text)
        row: Row = shared_reader().encode([text])[0]
        return row

    async def embed(self, text: str) -> Row:
        self.embedded_texts.append(text)
        return np.asarray(query_vector(EMBEDDINGS, text), dtype=np.float32)


async def test_a_question_without_a_mark_leans_towards_asking_and_an_answer_does_not() -> None:
    encoders = Counted()
    weigh = Leanings(encoders.read, encoders.embed).weigh
    assert await weigh("price list for the desks please", SENTENCE, SIGNS) > 0
    assert await weigh("工位价格表", SENTENCE, SIGNS) > 0
    assert await weigh("Quiet brakes for trams", SENTENCE, SIGNS) < -1
    assert await weigh("给卡车做的防滑链", SENTENCE, SIGNS) < -1


async def test_what_is_clear_to_the_reader_is_not_embedded_and_the_question_is_read_once() -> None:
    encoders = Counted()
    leanings = Leanings(encoders.read, encoders.embed)
    said = "Radar that sees cyclists in fog, for buses and trams that run at night"
    assert await leanings.weigh(said, SENTENCE, SIGNS) < -4
    await leanings.weigh(said, SENTENCE, SIGNS)
    assert encoders.embedded_texts == []
    assert encoders.read_texts == [said, SENTENCE.question, SENTENCE.example, said]


async def test_without_the_bundled_embedder_the_reader_decides_alone() -> None:
    assert await Leanings(Counted().read, None).weigh("price list for the desks please", SENTENCE, SIGNS) > 0


async def test_weights_that_were_fitted_for_other_signs_are_refused() -> None:
    with pytest.raises(ValueError, match="fit them again"):
        await Leanings(Counted().read, None).weigh("Quiet brakes", SENTENCE, SIGNS[1:])
