"""The small network that is fitted for meanings, with its gradients: numpy alone, so nothing else is needed.

The reader's upper layers make a vector of sums over a text's tokens; that vector and the embedder's are
centered by language, mapped and brought to length 1. Two questions are compared by both cosines: slopes and
an offset, for pairs in one language and in two, make log-odds of them, whose logistic loss is brought down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Matrix = NDArray[np.float32]
Places = NDArray[np.int64]
LAYERS = ("cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3")
# How far a step goes: layers of the reader, maps and means, slopes and offsets.
_RATES = (3e-4, 1e-3, 0.1)
_WARM, _LAST = 5, 0.05
_DROPPED, _NOISE = 0.2, 0.3
_BEFORE, _SQUARE, _TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Questions as the encoders see them, with their languages and what they mean, as numbers."""

    sums: Matrix
    tokens: Matrix
    embedded: Matrix
    codes: Places
    names: Places
    blur: Matrix | None

    @classmethod
    def of(
        cls,
        seen: tuple[Matrix, Matrix, Matrix],
        codes: Places,
        names: Places,
        draw: np.random.Generator | None,
    ) -> Batch:
        """Sums, tokens, embedder's vectors; with `draw` blurred, so that no wording is learned by heart."""
        sums, tokens, embedded = seen
        blur = None
        if draw is not None:
            kept = draw.random(sums.shape, dtype=np.float32) >= _DROPPED
            sums = np.asarray(sums * kept / (1 - _DROPPED), dtype=np.float32)
            blur = draw.standard_normal(embedded.shape, dtype=np.float32) * _NOISE / embedded.shape[1] ** 0.5
        return cls(sums=sums, tokens=tokens, embedded=embedded, codes=codes, names=names, blur=blur)


@dataclass(slots=True, kw_only=True)
class Numbers:
    """What is fitted: `means` and `maps` of reader and embedder, slopes and offsets for one language and two.

    `damping` brings the embedder's vectors into shape and stays as it is.
    """

    layers: dict[str, Matrix]
    means: Sequence[Matrix]
    maps: list[Matrix]
    damping: Matrix
    slopes: Matrix = field(default_factory=lambda: np.full((2, 2), 9, dtype=np.float32))
    offsets: Matrix = field(default_factory=lambda: np.full(2, -7.5, dtype=np.float32))

    @property
    def parts(self) -> dict[str, tuple[Matrix, float]]:
        """What moves, each with its rate."""
        layer, upper, scale = _RATES
        found = {name: (array, layer) for name, array in self.layers.items()}
        found |= {"means": (self.means[0], upper), "read": (self.maps[0], upper)}
        found |= {"embedded": (self.maps[1], upper)}
        return found | {"slopes": (self.slopes, scale), "offsets": (self.offsets, scale)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """What a pass through the network leaves for the way back."""

    pooled: Matrix
    first: Matrix
    second: Matrix
    third: Matrix
    out: Matrix
    length: Matrix
    centered: Matrix
    read: tuple[Matrix, Matrix]
    shaped: Matrix
    embedded: tuple[Matrix, Matrix]


class Network:
    """Learns `numbers`, in place, by Adam (Kingma & Ba 2015)."""

    def __init__(self, numbers: Numbers, steps: int) -> None:
        self.numbers, self._steps, self._step = numbers, steps, 0
        self._before = {name: np.zeros_like(array) for name, (array, _) in numbers.parts.items()}
        self._square = {name: np.zeros_like(array) for name, (array, _) in numbers.parts.items()}

    def rows(self, batch: Batch) -> Matrix:
        """The meanings: both unit vectors side by side."""
        passed = self._forward(batch)
        return np.hstack([passed.read[0], passed.embedded[0]])

    def learn(self, batch: Batch) -> float:
        """One step; returns the loss a pair that belongs together."""
        passed = self._forward(batch)
        across = (batch.codes[:, None] != batch.codes[None, :]).astype(np.int64)
        cosines = [passed.read[0] @ passed.read[0].T, passed.embedded[0] @ passed.embedded[0].T]
        slopes, offsets = self.numbers.slopes, self.numbers.offsets
        odds = offsets[across] + sum(slope[across] * one for slope, one in zip(slopes, cosines, strict=True))
        same = batch.names[:, None] == batch.names[None, :]
        right = same.sum() - len(same)
        pull = (expit(odds) - same) / right
        np.fill_diagonal(pull, 0)
        loss = np.logaddexp(0, np.where(same, -odds, odds))
        np.fill_diagonal(loss, 0)
        found = self._backward(batch, passed, [pull * slope[across] for slope in slopes])
        found["slopes"] = np.array([[(pull * one)[across == k].sum() for k in (0, 1)] for one in cosines])
        found["offsets"] = np.array([pull[across == k].sum() for k in (0, 1)])
        self._move(found)
        return float(loss.sum() / right)

    def _forward(self, batch: Batch) -> _Pass:
        pooled, first, second, third, out = _upper(self.numbers.layers, batch.sums, batch.tokens)
        unit, length = _unit(out)
        means, maps = self.numbers.means, self.numbers.maps
        centered = unit - means[0][batch.codes]
        shaped = _unit((batch.embedded - means[1][batch.codes]) @ self.numbers.damping)[0]
        if batch.blur is not None:
            shaped = shaped + batch.blur
        return _Pass(
            pooled=pooled,
            first=first,
            second=second,
            third=third,
            out=out,
            length=length,
            centered=centered,
            read=_unit(centered @ maps[0]),
            shaped=shaped,
            embedded=_unit(shaped @ maps[1]),
        )

    def _backward(self, batch: Batch, passed: _Pass, pulls: Sequence[Matrix]) -> dict[str, Matrix]:
        w, found = self.numbers.layers, {}
        pull = _through_unit(2 * pulls[1] @ passed.embedded[0], *passed.embedded)
        found["embedded"] = passed.shaped.T @ pull
        pull = _through_unit(2 * pulls[0] @ passed.read[0], *passed.read)
        found["read"] = passed.centered.T @ pull
        pull = pull @ self.numbers.maps[0].T
        found["means"] = np.stack([-pull[batch.codes == k].sum(0) for k in range(len(self.numbers.means[0]))])
        pull = _through_unit(pull, passed.out / passed.length, passed.length) * (1 - passed.out**2)
        found["p3"], found["d3"] = passed.second.T @ pull, passed.third.T @ pull
        third = (pull @ w["d3"].T) * (passed.third > 0)
        found["d2"] = passed.second.T @ third
        second = (pull @ w["p3"].T + third @ w["d2"].T) * (passed.second > 0)
        found["p1"], found["d1"] = passed.pooled.T @ second, passed.first.T @ second
        first = (second @ w["d1"].T) * (passed.first > 0)
        found["d0"] = passed.pooled.T @ first
        pooled = (second @ w["p1"].T + first @ w["d0"].T) / np.sqrt(batch.tokens)[:, None]
        found["cnn_W"], found["cnn_b"] = batch.sums.T @ pooled, (batch.tokens[:, None] * pooled).sum(0)
        return found

    def _move(self, found: Mapping[str, Matrix]) -> None:
        self._step += 1
        pace = _pace(self._step, self._steps)
        for name, (array, rate) in self.numbers.parts.items():
            before, square, slope = self._before[name], self._square[name], found[name]
            before += (1 - _BEFORE) * (slope - before)
            square += (1 - _SQUARE) * (slope**2 - square)
            mean = before / (1 - _BEFORE**self._step)
            spread = square / (1 - _SQUARE**self._step)
            array -= rate * pace * mean / (np.sqrt(spread) + _TINY)


def plain(layers: Mapping[str, Matrix], sums: Matrix, tokens: Matrix) -> Matrix:
    """What the reader itself makes of the sums."""
    return _unit(_upper(layers, sums, tokens)[-1])[0]


def _upper(w: Mapping[str, Matrix], sums: Matrix, tokens: Matrix) -> tuple[Matrix, ...]:
    pooled = (sums @ w["cnn_W"] + tokens[:, None] * w["cnn_b"]) / np.sqrt(tokens)[:, None]
    first = np.maximum(pooled @ w["d0"], 0)
    second = np.maximum(pooled @ w["p1"] + first @ w["d1"], 0)
    third = np.maximum(second @ w["d2"], 0)
    return pooled, first, second, third, np.tanh(second @ w["p3"] + third @ w["d3"])


def _pace(step: int, steps: int) -> float:
    """Warming up for a few steps, then down along a cosine."""
    if step <= _WARM:
        return (step - 1) / _WARM
    done = (step - _WARM) / max(1, steps - _WARM)
    return float(_LAST + (1 - _LAST) * (1 + np.cos(np.pi * done)) / 2)


def _unit(rows: Matrix) -> tuple[Matrix, Matrix]:
    """Rows of length 1, and the lengths they had."""
    length = np.sqrt(np.maximum((rows**2).sum(1, keepdims=True), 1e-12))
    return rows / length, length


def _through_unit(pull: Matrix, unit: Matrix, length: Matrix) -> Matrix:
    """The way back through `_unit`."""
    return (pull - unit * (pull * unit).sum(1, keepdims=True)) / length
