"""What a short question means, as numbers that can be compared across languages.

Both encoders carry the language, and the words that every question has, in a few strong directions. Their
vectors are therefore centered on the mean of questions in that language and damped where questions vary
most (Mu & Viswanath 2018, "All-but-the-Top"; a half-way whitening). Means and damping are fixed numbers in
meaning.npz, fitted by `python -m benchmarks fit_gaps`, so a question's meaning never depends on which
others were asked.
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
MEANING_ID = "meaning/1"
READER_WIDTH, EMBEDDER_WIDTH = 512, 384
WIDTH = READER_WIDTH + EMBEDDER_WIDTH
_FITTED = ("zh", "en", "de")


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
        return adjusted(self._reader.encode(texts), np.stack(vectors), languages)


def adjusted(read: Rows, embedded: Rows, languages: Sequence[str]) -> Rows:
    """Center and damp raw vectors of the reader (n, 512) and the embedder (n, 384)."""
    numbers = _numbers()
    codes = [base(language) for language in languages]
    parts = []
    for name, raw in (("reader", read), ("embedder", embedded)):
        means = np.stack([numbers[f"{name}_{code}"] for code in codes])
        parts.append(_unit((raw - means) @ numbers[f"{name}_damping"]))
    return np.hstack(parts)


def base(language: str) -> str:
    """The fitted language that stands for this one: its own, or English."""
    code = language.split("-")[0].casefold()
    return code if code in _FITTED else "en"


def pack_meaning(row: Rows) -> bytes:
    """A meaning in 1,792 bytes; cosines stay within 0.002."""
    return row.astype(np.float16).tobytes()


def unpack_meanings(packed: Sequence[bytes]) -> Rows:
    """Undo `pack_meaning`; ValueError when a row has another length."""
    raw = np.frombuffer(b"".join(packed), dtype=np.float16)
    return raw.reshape(len(packed), WIDTH).astype(np.float32)


def _unit(rows: NDArray[Any]) -> Rows:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


@lru_cache(maxsize=1)
def _numbers() -> dict[str, Rows]:
    with files("knowledge").joinpath("meaning.npz").open("rb") as stream, np.load(stream) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
