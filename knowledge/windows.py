"""The sentence encoder's sums over many texts at once, each different word and window of pieces only once.

A passage is read whole and sentence by sentence, each sentence under its heading, so most of what the
encoder looks at comes again. Its lower layers see no more than a piece and its neighbors: here they run
once for each distinct piece and window, and the results are laid out over the texts. The rows are those of
the package's own forward pass within float noise, for about a third of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Places = NDArray[np.intp]
_BEGIN, _END = 1, 2
_SPACE = "\u2581"
_WIDTH = 256
# How many pieces a window of each of the three branches holds, and how many of them before its own.
_BRANCHES = ((2, 0), (3, 1), (5, 2))
# Empty places between two texts: no window of the widest branch reaches from one to the other.
_GAP = 2
_NOTHING = -1


class WindowEncoder:
    """Encodes texts with the weights and the tokenizer of the package's backend; keeps the words it met."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._tokenizer = backend.sp
        self._words: dict[str, list[int]] = {}

    def encode(self, texts: Sequence[str]) -> Rows:
        """Encode texts that are not empty; float32 of shape (n, 512), rows of length 1."""
        backend = self._backend
        texts_of_ids = [self._ids(text) for text in texts]
        flat = _laid_out(texts_of_ids)
        ids, places = np.unique(flat, return_inverse=True)
        pieces, mixed = self._lowest(ids)
        own = np.flatnonzero(places)
        seen = [pieces[places[own]]]
        for branch in range(len(_BRANCHES)):
            seen.append(self._branch(branch, mixed, places, own))
        features = _normalized(np.hstack(seen), backend.ln_g, backend.ln_b, backend.eps)
        return self._upper(features, np.array([len(ids) for ids in texts_of_ids]))

    def _ids(self, text: str) -> list[int]:
        """The pieces of a text, word by word: no piece reaches over a space."""
        words = self._tokenizer._normalizer.normalize(text).split(_SPACE)[1:]
        if not words:
            return list(self._tokenizer.encode(text))
        for word in words:
            if word not in self._words:
                self._words[word] = self._tokenizer._viterbi(_SPACE + word)
        return [_BEGIN, *(id_ for word in words for id_ in self._words[word]), _END]

    def _lowest(self, ids: NDArray[np.int64]) -> tuple[Rows, Rows]:
        """Vectors of distinct pieces, and what goes into the branches: zero for the first, which is none."""
        backend = self._backend
        part = ids % len(backend.scale)
        pieces = backend.table[ids] * backend.scale[part, None] + backend.lo[part, None]
        mixed = pieces @ backend.proj_W + backend.proj_b
        mixed = _normalized(mixed, backend.ln_g_all, backend.ln_b_all, backend.eps)
        mixed[0] = 0
        return pieces, mixed

    def _branch(self, number: int, mixed: Rows, places: Places, own: Places) -> Rows:
        """What one branch sees at each place of a text: two layers, each over a window of the one below."""
        backend, (size, before) = self._backend, _BRANCHES[number]
        below = np.ascontiguousarray(mixed[:, number * _WIDTH : (number + 1) * _WIDTH])
        around = np.arange(-before, size - before)
        inner = np.arange(_GAP, len(places) - _GAP)
        windows, which = _distinct(places[inner[:, None] + around], len(mixed))
        first = _convolved(below, backend.w1[number], backend.b1[number], windows)
        middle = windows[:, before]
        first += below[middle]
        first[middle == 0] = 0
        at = own - _GAP
        second = _convolved(first, backend.w2[number], backend.b2[number], which[at[:, None] + around])
        second += first[which[at]]
        return second

    def _upper(self, features: Rows, lengths: NDArray[np.int64]) -> Rows:
        """The means of texts through the layers above."""
        backend, counts = self._backend, lengths.astype(np.float32)[:, None]
        # A tenth of the time of numpy's reduceat.
        sums = np.stack([part.sum(axis=0) for part in np.split(features, np.cumsum(lengths)[:-1])])
        mean = sums @ backend.cnn_W + counts * backend.cnn_b
        mean /= np.sqrt(counts)
        low = np.maximum(mean @ backend.d0, 0)
        middle = np.maximum(mean @ backend.p1 + low @ backend.d1, 0)
        high = np.maximum(middle @ backend.d2, 0)
        rows = np.tanh(middle @ backend.p3 + high @ backend.d3)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows, dtype=np.float32)


def _laid_out(texts: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """All pieces in a row, with room between texts, and at both ends for a window of a window."""
    room = [_NOTHING] * _GAP
    row = [*room, *(id_ for ids in texts for id_ in (*room, *ids)), *room, *room]
    return np.array(row, dtype=np.int64)


def _distinct(windows: Places, base: int) -> tuple[Places, Places]:
    """The distinct ones among windows of numbers below `base`, and which of them each is."""
    which = windows[:, 0]
    first = which
    for column in windows.T[1:]:
        _, first, which = np.unique(which * base + column, return_index=True, return_inverse=True)
    return windows[first], which


def _convolved(rows: Rows, weights: Rows, bias: Rows, windows: Places) -> Rows:
    """Each window's rows, times the weights of their place in it, added up and rectified."""
    total = np.tile(bias, (len(windows), 1))
    for column, weight in zip(windows.T, weights.reshape(-1, _WIDTH, _WIDTH), strict=True):
        total += (rows @ weight)[column]
    return np.maximum(total, 0, out=total)


def _normalized(rows: Rows, scale: Rows, shift: Rows, epsilon: float) -> Rows:
    """Layer normalization, in place."""
    rows -= rows.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    rows /= np.sqrt(variance + epsilon)[:, None]
    rows *= scale
    rows += shift
    return rows
