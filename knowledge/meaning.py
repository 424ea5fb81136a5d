"""What a short question means, as numbers that can be compared across languages.

Out of the box both encoders see what a question is about rather than what it asks, and carry its language
and the words that every question has. So the upper layers of the reader, and a linear map on top of either
encoder, were fitted on questions asked in several ways in Chinese, English and German, whose near misses
(the same thing, asked something else) stand beside them. All of these are fixed numbers in meaning.npz,
fitted by `python -m benchmarks fit_gaps`, so a question's meaning never depends on which others were asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from knowledge.embeddings import BundledEmbeddings, query_vector
from knowledge.language import to_simplified
from knowledge.reader import SentenceReader, shared_reader

Rows = NDArray[np.float32]
READER_WIDTH, EMBEDDER_WIDTH = 512, 384
WIDTH = READER_WIDTH + EMBEDDER_WIDTH
_FITTED = ("zh", "en", "de")
_UPPER = "upper_"
# Stands before every stored meaning; raise it with every new meaning.npz, so that old ones are read again.
_MARK = (2).to_bytes(2, "little")


class QuestionMeanings:
    """Turns questions into rows of `WIDTH` numbers: two unit vectors side by side, one an encoder.

    It needs the bundled embedder whichever one the index uses, since the fixed numbers belong to it.
    """

    def __init__(self, embeddings: Embeddings | None = None, reader: SentenceReader | None = None) -> None:
        self._embeddings = embeddings if isinstance(embeddings, BundledEmbeddings) else BundledEmbeddings()
        self._reader = reader or shared_reader()

    def read(self, texts: Sequence[str], languages: Sequence[str]) -> Rows:
        """Encode questions; float32 of shape (n, WIDTH). Takes some 15 ms a question: keep the rows."""
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        vectors = [query_vector(self._embeddings, to_simplified(text)) for text in texts]
        return adjusted(self._reader.encode(texts, _upper()), np.stack(vectors), languages)


def adjusted(read: Rows, embedded: Rows, languages: Sequence[str]) -> Rows:
    """Center and map raw vectors of the tuned reader (n, 512) and the embedder (n, 384)."""
    numbers = _numbers()
    codes = [base(language) for language in languages]
    parts = []
    for name, raw in (("reader", read), ("embedder", embedded)):
        means = np.stack([numbers[f"{name}_{code}"] for code in codes])
        parts.append(_unit((raw - means) @ numbers[f"{name}_map"]))
    return np.hstack(parts)


def base(language: str) -> str:
    """The fitted language that stands for this one: its own, or English."""
    code = language.split("-")[0].casefold()
    return code if code in _FITTED else "en"


def pack_meaning(row: Rows) -> bytes:
    """A meaning in 1,794 bytes; cosines stay within 0.002."""
    return _MARK + row.astype(np.float16).tobytes()


def is_current(packed: bytes) -> bool:
    """Whether a packed meaning can be compared with those read now; else its question is to be read again."""
    return packed.startswith(_MARK) and len(packed) == len(_MARK) + 2 * WIDTH


def unpack_meanings(packed: Sequence[bytes]) -> Rows:
    """Undo `pack_meaning`; ValueError when one is not current."""
    if not all(is_current(one) for one in packed):
        raise ValueError("a meaning of another version must be read again")
    raw = np.frombuffer(b"".join(one[len(_MARK) :] for one in packed), dtype=np.float16)
    return raw.reshape(len(packed), WIDTH).astype(np.float32)


def _unit(rows: NDArray[Any]) -> Rows:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


@lru_cache(maxsize=1)
def _numbers() -> dict[str, Rows]:
    with files("knowledge").joinpath("meaning.npz").open("rb") as stream, np.load(stream) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


@lru_cache(maxsize=1)
def _upper() -> dict[str, Rows]:
    numbers = _numbers()
    return {name.removeprefix(_UPPER): layer for name, layer in numbers.items() if name.startswith(_UPPER)}
