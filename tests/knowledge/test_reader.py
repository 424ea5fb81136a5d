from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from knowledge.model import Passage
from knowledge.reader import SentenceReader, pack, unpack

BERTHS = Passage(
    id="yard#berths",
    document_id="yard",
    title="Heron Yard",
    section=("Berths",),
    text="A berth costs 340 crowns. The guard walks the piers at night.",
    language="en",
    content_hash="h",
    document_version="v",
    position=0,
)


@pytest.fixture(scope="module")
def reader() -> SentenceReader:
    return SentenceReader()


def test_a_passage_read_and_packed_comes_back_with_a_row_for_each_sentence(reader: SentenceReader) -> None:
    reading = unpack(reader.read([BERTHS])[0], BERTHS)
    assert reading.texts == ("A berth costs 340 crowns.", "The guard walks the piers at night.")
    assert (reading.whole.shape, reading.headings.shape) == ((512,), (1, 512))
    assert reading.sentences.shape == (2, 512)
    rows = np.vstack([reading.whole, reading.headings, reading.sentences])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_packing_moves_no_cosine_by_more_than_half_a_percent(reader: SentenceReader) -> None:
    exact = reader.encode([BERTHS.embedded_text, BERTHS.crumbs])
    reading = unpack(reader.read([BERTHS])[0], BERTHS)
    asked = reader.encode(["What does a berth cost?", "夜里有人看守吗？", "tell me a joke"])
    packed = np.stack([reading.whole, reading.headings[0]])
    assert np.abs(asked @ exact.T - asked @ packed.T).max() < 0.005


def test_the_sentence_that_answers_is_nearest_in_another_language_too(reader: SentenceReader) -> None:
    reading = unpack(reader.read([BERTHS])[0], BERTHS)
    fee, guard = reader.encode(["泊位多少钱？", "Wer bewacht nachts die Stege?"])
    assert int((reading.sentences @ fee).argmax()) == 0
    assert int((reading.sentences @ guard).argmax()) == 1


def test_other_ways_to_ask_stand_beside_the_heading(reader: SentenceReader) -> None:
    asked = replace(BERTHS, asks=("where can I moor", "what is the tariff"))
    reading = unpack(reader.read([asked])[0], asked)
    assert reading.headings.shape == (3, 512)
    assert float(reading.headings[2] @ reader.encode(["what is the tariff"])[0]) > 0.99
    assert reading.sentences.shape == (2, 512)


def test_rows_of_a_passage_that_has_other_sentences_now_are_refused(reader: SentenceReader) -> None:
    packed = reader.read([BERTHS])[0]
    for changed in (replace(BERTHS, text="A berth costs 340 crowns."), replace(BERTHS, asks=("tariff",))):
        with pytest.raises(ValueError, match="yard#berths was read when it had other sentences"):
            unpack(packed, changed)


def test_a_passage_without_a_heading_is_its_own_heading(reader: SentenceReader) -> None:
    bare = replace(BERTHS, section=(), title="yard")
    assert bare.crumbs == ""
    reading = unpack(reader.read([bare])[0], bare)
    assert float(reading.headings[0] @ reading.whole) > 0.99


def test_traditional_and_simplified_chinese_read_alike(reader: SentenceReader) -> None:
    traditional, simplified = reader.encode(["發動機在哪裡維修", "发动机在哪里维修"])
    assert np.allclose(traditional, simplified, atol=1e-6)


def test_texts_without_any_word_are_read_without_an_error(reader: SentenceReader) -> None:
    rows = reader.encode(["", "   ", "🙂", "\x00", "a" * 5000])
    assert rows.shape == (5, 512)
    assert np.isfinite(rows).all()
    assert reader.encode([]).shape == (0, 512)
    assert unpack(pack(rows[:3]), replace(BERTHS, text="One.")).texts == ("One.",)


def test_several_threads_may_load_and_use_one_reader_at_once() -> None:
    shared = SentenceReader()
    questions = [f"Is pier {n} free?" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        rows = list(pool.map(lambda q: shared.encode([q])[0], questions))
    assert np.allclose(np.stack(rows), shared.encode(questions), atol=1e-5)


def test_many_passages_read_together_come_back_in_their_order(reader: SentenceReader) -> None:
    many = [replace(BERTHS, text="A berth. " * (n % 3 + 1) + f"Pier {n} has a tap.") for n in range(40)]
    together = [unpack(packed, p) for packed, p in zip(reader.read(many), many, strict=True)]
    for number in (0, 17, 39):
        alone = unpack(reader.read([many[number]])[0], many[number])
        assert together[number].texts == alone.texts
        assert np.allclose(together[number].sentences, alone.sentences, atol=0.02)
    assert reader.read([]) == []
