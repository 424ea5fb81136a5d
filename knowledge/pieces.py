"""Words that mean the same: every piece of a question looks for the piece most like it in each passage.

Late interaction (Khattab & Zaharia 2020, "ColBERT") over the word pieces the sentence encoder starts from,
which lie near each other across its 16 languages. They are looked up, not computed, so a passage costs
nothing to embed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Ids = NDArray[np.int64]
_FLAT = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """The distinct pieces of a text: their ids (k,) and their vectors (k, 512), rows of length 1."""

    ids: Ids
    rows: Rows


class PieceIndex:
    """The distinct pieces of n passages, and how rare each is.

    `passages` holds each passage's ids, at least one; `vocabulary` all that occur in any, in order of id.
    """

    def __init__(self, passages: Sequence[Ids], vocabulary: Pieces) -> None:
        self._rows, self._ids = vocabulary.rows, vocabulary.ids
        lengths = np.array([len(ids) for ids in passages], dtype=np.int64)
        every = np.concatenate(passages) if passages else np.zeros(0, dtype=np.int64)
        places = np.searchsorted(self._ids, every)
        self._passages = np.split(places, np.cumsum(lengths)[:-1])
        self._lengths = np.log(np.maximum(lengths, 1))
        count = np.bincount(places, minlength=len(self._ids))
        self._rarity = np.log1p((len(passages) - count + 0.5) / (count + 0.5))
        self._unknown = float(np.log1p((len(passages) + 0.5) / 0.5))

    def scores(self, question: Pieces, rows: NDArray[np.intp]) -> Rows:
        """For each of the passages at `rows` the mean of the best cosines, by rarity; shape of `rows`.

        A longer passage has a nearer piece by chance alone, so what length explains among them is taken off.
        """
        if not len(question.ids) or not len(rows):
            return np.zeros(len(rows), dtype=np.float32)
        alike = self._rows @ question.rows.T
        places = [self._passages[row] for row in rows]
        starts = np.cumsum([0, *(len(p) for p in places[:-1])])
        best = np.maximum.reduceat(alike.take(np.concatenate(places), axis=0), starts, axis=0)
        weights = self._weights(question.ids)
        means, length = best @ weights / weights.sum(), self._lengths[rows] - self._lengths[rows].mean()
        slope = length @ means / max(float(length @ length), _FLAT)
        return np.asarray(means - slope * length, dtype=np.float32)

    def _weights(self, ids: Ids) -> NDArray[np.float64]:
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[at] == ids, self._rarity[at], self._unknown)
