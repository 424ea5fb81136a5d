"""Fit knowledge/meaning.npz and the numbers of grouping.py: `python -m benchmarks fit_gaps`; see `main`.

Read are paraphrases (benchmarks/paraphrases.py) and the development part of the labeled questions. With
`BOT_FIT_HELD_OUT=1` that part, what was written with it in sight and a sixth of the written subjects are left
out, and nothing is written: that part shows how well it goes, which is how everything here was chosen. The
test parts are never read.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.corpora import HERE
from benchmarks.encoder import Learner, mean_weights, torch
from benchmarks.gaps import Labeled, grouped, pairs, read_labeled
from benchmarks.paraphrases import Asked, read_paraphrases
from knowledge import grouping
from knowledge.language import to_simplified

F = torch.nn.functional
STEPS, RATE = 200, 4e-4
# Means of weights are taken over so many fits, which differ in what is drawn.
_FITS = 3
# Questions of each source in a batch; the development part is small and stands for what founders ask.
SIZES = {"written": 320, "patterns": 48, "xquad": 40, "dev": 24}
_MOST_OF_SUBJECT = 24
_VARIED = 0.25
_SHARPNESS, _ONE_LANGUAGE, _ODDS = 20.0, 1.0, 0.5
_LONGEST = 48
# A batch is far fuller of near misses than what founders ask.
_RARER = 2.0
# Files of paraphrases that were written with the development part in sight.
_AFTER_DEV = ("place3/", "wordings5/", "wordings6/")
_SAID = {
    "zh": ("{}？", "{}?", "请问{}", "你好，{}", "{}呢"),
    "other": ("{}?", "Hi, {}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Questions read together, as pairs: which mean the same, which do not, which are in one language."""

    asked: Sequence[Asked]
    same: Any
    other: Any
    one_language: Any
    strangers: Any

    @classmethod
    def of(cls, asked: Sequence[Asked]) -> Batch:
        """Compare questions; the same words are no pair."""

        def equal(values: Sequence[str]) -> Any:
            numbers = torch.from_numpy(np.unique(values, return_inverse=True)[1])
            return numbers[:, None] == numbers[None, :]

        repeated = equal([one.text for one in asked])
        alike = equal([one.group for one in asked])
        written = torch.tensor([one.source == "written" for one in asked])
        return cls(
            asked=asked,
            same=alike & ~repeated,
            other=~alike & ~repeated,
            one_language=equal([one.language for one in asked]),
            strangers=~equal([one.subject for one in asked]) & written[:, None] & written[None, :],
        )


class Fit(Learner):
    """Learns the encoder's weights, and slopes and offsets that make log-odds of cosines."""

    def __init__(self, seed: int) -> None:
        # One row for pairs in two languages, one for pairs in one: slope and offset.
        self.odds = torch.tensor([[12.0, -7.0], [12.0, -7.0]], requires_grad=True)
        super().__init__(seed, rate=RATE, longest=_LONGEST, beside={self.odds: 0.05})
        self._draw = random.Random(seed)

    def one_step(self, step: int, batch: Batch) -> float:
        """One step down; returns the loss."""
        texts = [f"query: {self._said(one)}" for one in batch.asked]
        return self.learn(texts, lambda rows: _loss(rows, batch, self.odds), step=step, steps=STEPS)

    def _said(self, one: Asked) -> str:
        """Now and then with other marks and capitals than written."""
        text = one.text
        if self._draw.random() >= _VARIED:
            return text
        if one.source == "xquad":
            return text.rstrip("?？").lower()
        if one.language != "zh" and self._draw.random() < 0.5:
            text = text[0].upper() + text[1:]
        ways = _SAID.get(one.language, _SAID["other"])
        return self._draw.choice(ways).format(text.rstrip("?？"))


def main() -> None:
    """Fit, write meaning.npz and print the numbers to paste into grouping.py; half an hour of two cores.

    Afterwards raise the mark in knowledge/meaning.py, so that what is stored is read again. Two fits differ a
    little, for threads draw what is dropped in no fixed order.
    """
    held_out = "BOT_FIT_HELD_OUT" in os.environ
    asked = [replace(one, text=to_simplified(one.text)) for one in (*read_paraphrases(), *_dev())]
    trained = [one for one in asked if not (held_out and _is_held(one))]
    fit = _mean([_fitted(seed, trained) for seed in range(_FITS)])
    if not held_out:
        np.savez_compressed(HERE.parent / "knowledge" / "meaning.npz", **fit.encoder.packed())
    _show(fit)


def _fitted(seed: int, asked: Sequence[Asked]) -> Fit:
    fit = Fit(seed)
    for step, batch in enumerate(_batches(asked, seed), 1):
        loss = fit.one_step(step, batch)
        if step % 20 == 0:
            print(f"fit {seed}, step {step}: loss {loss:.3f}", flush=True)
    return fit


def _mean(fits: Sequence[Fit]) -> Fit:
    """One fit with the mean of their numbers: chance plays a smaller part in it."""
    first, shares = fits[0], [1 / len(fits)] * len(fits)
    with torch.no_grad():
        first.encoder.weights = mean_weights([one.encoder.weights for one in fits], shares)
        first.odds.copy_(torch.stack([one.odds for one in fits]).mean(0))
    return first


def _show(fit: Fit) -> None:
    """Print the numbers of grouping.py and what they reach on the development part."""
    for name, (slope, offset) in zip(("ACROSS", "WITHIN"), fit.odds.detach().tolist(), strict=True):
        setattr(grouping, name, (round(slope, 1), round(offset + _RARER, 1)))
        print(name, "=", getattr(grouping, name))
    labeled = [q for q in read_labeled() if q.split == "dev"]
    rows = fit.rows([f"query: {to_simplified(q.question)}" for q in labeled])
    _show_ranking(labeled, rows @ rows.T)
    for threshold in np.arange(-2, 1, 0.1):
        found = pairs(labeled, grouped(labeled, rows, float(threshold)))
        print(f"THRESHOLD = {threshold:.2f}: F1 on the development part {found.f1:.3f}")


def _show_ranking(labeled: Sequence[Labeled], cosines: Any) -> None:
    names, codes = np.array([q.group for q in labeled]), np.array([q.lang[:2] for q in labeled])
    pair = np.triu_indices(len(labeled), 1)
    same, one = (names[:, None] == names)[pair], (codes[:, None] == codes)[pair]
    for title, chosen in (("one language", one), ("two languages", ~one)):
        precision = average_precision_score(same[chosen], cosines[pair][chosen])
        print(f"average precision of pairs in {title}: {precision:.3f}")


def _dev() -> list[Asked]:
    return [
        Asked(text=q.question, language=q.lang[:2], group=q.group, subject=q.family, source="dev")
        for q in read_labeled()
        if q.split == "dev"
    ]


def _is_held(one: Asked) -> bool:
    if one.source == "written":
        return one.subject.startswith(_AFTER_DEV) or zlib.crc32(one.subject.encode()) % 6 == 0
    return one.source == "dev"


def _batches(asked: Sequence[Asked], seed: int) -> Iterator[Batch]:
    """Whole subjects drawn at random, so that near misses stand beside each other."""
    draw = random.Random(seed)
    pools: dict[str, dict[str, list[Asked]]] = {}
    for one in asked:
        pools.setdefault(one.source, {}).setdefault(one.subject, []).append(one)
    waiting: dict[str, list[str]] = {source: [] for source in pools}
    for _ in range(STEPS):
        chosen: list[Asked] = []
        for source, subjects in pools.items():
            drawn: list[Asked] = []
            while len(drawn) < SIZES[source]:
                if not waiting[source]:
                    waiting[source] = draw.sample(list(subjects), len(subjects))
                subject = subjects[waiting[source].pop()]
                drawn += draw.sample(subject, min(len(subject), _MOST_OF_SUBJECT))
            chosen += drawn[: SIZES[source]]
        yield Batch.of(chosen)


def _loss(rows: Any, batch: Batch, odds: Any) -> Any:
    """What is alike shall be nearer than what is not, in two languages and in one, and odds be true."""
    cosines = rows @ rows.T
    other = batch.other & ~_perhaps_same(cosines.detach(), batch)
    one = batch.one_language
    slopes, offsets = odds[one.long(), 0], odds[one.long(), 1]
    signs = torch.where(batch.same, -1.0, 1.0)
    wrong = F.softplus(signs * (slopes * cosines + offsets))
    counted = ((wrong * (batch.same | other)).sum()) / batch.same.sum()
    return (
        _nearer(cosines, batch.same, other)
        + _ONE_LANGUAGE * _nearer(cosines, batch.same & one, other & one)
        + _ODDS * counted
    )


def _nearer(cosines: Any, same: Any, other: Any) -> Any:
    """The contrastive loss with several right ones (Khosla et al. 2020), each against all wrong ones."""
    scaled = cosines * _SHARPNESS
    wrong = torch.where(other, scaled, -1e9).logsumexp(1, keepdim=True)
    each = (F.softplus(wrong - scaled) * same).sum(1) / same.sum(1).clamp(min=1)
    return each[same.any(1)].mean()


def _perhaps_same(cosines: Any, batch: Batch) -> Any:
    """Pairs of two subjects that are nearer than what is known to be alike: short questions recur."""
    count = batch.same.sum(1)
    mean = torch.where(count > 0, (cosines * batch.same).sum(1) / count.clamp(min=1), 1.0)
    return batch.strangers & (cosines > torch.minimum(mean[:, None], mean[None, :]))


if __name__ == "__main__":
    main()
