"""What a short question means, as numbers that can be compared across languages.

Out of the box the embedder sees what a question is about rather than what it asks. So its layers were fitted
on questions asked in several ways in Chinese, English and German, whose near misses (the same thing, asked
something else) stand beside them. The fitted layers are fixed numbers in meaning.npz, made by
`python -m benchmarks fit_gaps`, so a question's meaning never depends on which others were asked.
Search has layers of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.embeddings import BUNDLED_WIDTH, BundledEmbeddings
from knowledge.language import to_simplified

Rows = NDArray[np.float32]
WIDTH = BUNDLED_WIDTH
# Stands before every stored meaning; raise it with every new meaning.npz, so that old ones are read again.
_MARK = (5).to_bytes(2, "little")


class QuestionMeanings:
    """Turns questions into rows of `WIDTH` numbers and length 1, whose products tell how alike they are.

    It works on the bundled embedder whichever one the index uses, since the fitted layers belong to it.
    """

    def __init__(self) -> None:
        self._embeddings = BundledEmbeddings("meaning.npz")

    def read(self, texts: Sequence[str]) -> Rows:
        """Encode questions; float32 of shape (n, WIDTH). Takes some 15 ms a question: keep the rows."""
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        return np.stack([self._embeddings.query_vector(to_simplified(text)) for text in texts])


def pack_meaning(row: Rows) -> bytes:
    """A meaning in 770 bytes; cosines stay within 0.001."""
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
