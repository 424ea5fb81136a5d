"""Whether a text asks or tells, by what it means: for questions that have neither a mark nor a question word.

A logistic model over what the encoders see (the first of them for names and long texts apart as well), how
near that is to the question that the text may answer and to an example of its answers, and signs that its
words show. The weights are fixed numbers in leaning.npz, fitted by `python -m benchmarks fit_leaning` on
messages written for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowledge.language import to_simplified

Row = NDArray[np.float32]
Encode = Callable[[str], Awaitable[Row]]
SETTLED = 4.0
"""Beyond this the reader alone decides; the embedder takes ten times as long."""
_LONGEST = 500
_KEPT = 200
# So that no block of numbers outweighs the others when the weights are kept small.
_EMBEDDED, _NEAR, _SIGN = 3.0, 3.0, 0.5


@dataclass(frozen=True, slots=True)
class Beside:
    """The question that a text may answer, an example of its answers, and what it wants."""

    question: str
    example: str
    wants_name: bool
    wants_long_text: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What one encoder sees in a text, and in the question and the example beside it."""

    text: Row
    beside: tuple[Row, Row]


class Leanings:
    """Weighs texts with the reader and, where that leaves doubt, with the embedder if there is one."""

    def __init__(self, read: Encode, embed: Encode | None) -> None:
        self._read, self._embed = read, embed
        self._kept: dict[tuple[Encode, str], Row] = {}

    async def weigh(self, text: str, beside: Beside, signs: Sequence[float]) -> float:
        """Tell how much a text leans towards asking rather than answering: above 0 it more likely asks."""
        read = await self._seen(self._read, text, beside)
        first = _weighed("reader", features(beside, signs, read))
        if self._embed is None or abs(first) > SETTLED:
            return first
        return _weighed("both", features(beside, signs, read, await self._seen(self._embed, text, beside)))

    async def _seen(self, encode: Encode, text: str, beside: Beside) -> Seen:
        row = await encode(to_simplified(text[:_LONGEST]))
        others = await self._known(encode, beside.question), await self._known(encode, beside.example)
        return Seen(row, others)

    async def _known(self, encode: Encode, text: str) -> Row:
        """What an encoder sees in a question of the form, which comes again with the next founder."""
        if (encode, text) not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[encode, text] = await encode(to_simplified(text[:_LONGEST]))
        return self._kept[encode, text]


def features(beside: Beside, signs: Sequence[float], read: Seen, embedded: Seen | None = None) -> Row:
    """The numbers that are weighed, in the order of the weights."""
    parts = [read.text, read.text * beside.wants_name, read.text * beside.wants_long_text, _near(read)]
    if embedded is not None:
        parts += [embedded.text * _EMBEDDED, _near(embedded)]
    return np.concatenate([*parts, np.asarray(signs, dtype=np.float32) * _SIGN])


def _near(seen: Seen) -> Row:
    return np.array([seen.text @ other for other in seen.beside], dtype=np.float32) * _NEAR


def _weighed(name: str, numbers: Row) -> float:
    weights = _weights()[name]
    if len(weights) != len(numbers) + 1:
        raise ValueError(f"{len(numbers)} numbers for {len(weights) - 1} weights: fit them again")
    return float(numbers @ weights[:-1] + weights[-1])


@lru_cache(maxsize=1)
def _weights() -> dict[str, Row]:
    with files("knowledge").joinpath("leaning.npz").open("rb") as stream, np.load(stream) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
