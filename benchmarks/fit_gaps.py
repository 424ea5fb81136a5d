"""Fit knowledge/meaning.npz and the numbers of grouping.py: `python -m benchmarks fit_gaps`; some minutes.

Afterwards raise the mark in knowledge/meaning.py, so that what is stored is read again.

Read are paraphrases (benchmarks/paraphrases.py), the sample program's ways to ask and the development part of
the labeled questions. With `BOT_FIT_WITHOUT_DEV=1` that part only shows how well it goes, which is how steps
and threshold were chosen. The test parts are never read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import HERE
from benchmarks.fit_network import LAYERS, Batch, Network, Numbers, plain
from benchmarks.gaps import grouped, pairs, read_labeled
from benchmarks.paraphrases import Asked, read_paraphrases
from knowledge import grouping, meaning
from knowledge.embeddings import BundledEmbeddings, query_vector
from knowledge.evaluation import read_questions
from knowledge.language import to_simplified
from knowledge.reader import SentenceReader

STEPS = 50
# Questions of each source in a batch; the development part is small and stands for what founders ask.
SIZES = {"written": 1000, "patterns": 500, "xquad": 350, "dev": 235}
SAMPLE = HERE.parent / "programs" / "joint-base"
_ASKS = re.compile(r"<!-- asks: (.*?) -->")
_CODES = ("zh", "en", "de")
_POWER, _FLOOR = 0.25, 0.3
_SHOWN = 10
# In a batch near misses stand beside each other far more often than among what founders ask.
_RARER = 2.0
Matrix = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Questions as both encoders see them below what is fitted."""

    asked: Sequence[Asked]
    sums: Matrix
    tokens: Matrix
    embedded: Matrix
    own: Mapping[str, Matrix]

    @property
    def codes(self) -> Places:
        """The languages as numbers."""
        return np.array([_CODES.index(one.language) for one in self.asked])


def main() -> None:
    """Fit, write meaning.npz and print the numbers to paste into grouping.py."""
    asked, dev = read_paraphrases(), _dev()
    fit(_read([*asked, *dev]), with_dev="BOT_FIT_WITHOUT_DEV" not in os.environ)


def fit(read: Read, *, with_dev: bool) -> None:
    """Learn, write and print."""
    numbers = _start(read)
    network = Network(numbers, STEPS)
    shown = np.flatnonzero([one.source == "dev" for one in read.asked])
    trained = range(len(read.asked)) if with_dev else range(len(read.asked) - len(shown))
    for step, batch in enumerate(_batches(read, trained), 1):
        loss = network.learn(batch)
        if step % _SHOWN == 0:
            print(f"step {step}: loss {loss:.3f}", flush=True)
    _write(numbers)
    for place, name in enumerate(("WITHIN", "ACROSS")):
        found = (*numbers.slopes[:, place], numbers.offsets[place] + _RARER)
        setattr(grouping, name, tuple(round(float(x), 1) for x in found))
        print(name, "=", getattr(grouping, name))
    labeled = [q for q in read_labeled() if q.split == "dev"]
    rows = network.rows(_batch(read, shown))
    for threshold in np.arange(-2, 1, 0.1):
        found = pairs(labeled, grouped(labeled, rows, float(threshold)))
        print(f"THRESHOLD = {threshold:.2f}: F1 on the development part {found.f1:.3f}")


def _dev() -> list[Asked]:
    return [
        Asked(text=q.question, language=q.lang.split("-")[0], group=q.group, subject=q.family, source="dev")
        for q in read_labeled()
        if q.split == "dev"
    ]


class _Kept:
    """Stands where the reader multiplies the sums of its features, and keeps them."""

    __array_ufunc__ = None

    def __init__(self, layer: Matrix) -> None:
        self.layer = layer
        self.sums: list[Matrix] = []

    def __rmatmul__(self, sums: Matrix) -> Matrix:
        self.sums.append(sums.copy())
        return np.asarray(sums @ self.layer, dtype=np.float32)


def _read(asked: Sequence[Asked]) -> Read:
    reader = SentenceReader()
    reader.encode(["once, to load"])
    model: Any = reader._model
    own = {name: np.array(getattr(model._model, name), dtype=np.float32) for name in LAYERS}
    kept: Any = _Kept(own["cnn_W"])
    texts = [to_simplified(one.text).strip() or "." for one in asked]
    reader.encode(texts, {"cnn_W": kept})
    counts = [len(model._tokenizer.encode(text, out_type=int, add_bos=True, add_eos=True)) for text in texts]
    embeddings = BundledEmbeddings()
    return Read(
        asked=asked,
        sums=np.vstack(kept.sums),
        tokens=np.array(counts, dtype=np.float32),
        embedded=np.stack([query_vector(embeddings, text) for text in texts]),
        own=own,
    )


def _start(read: Read) -> Numbers:
    """The encoders as they are: centered on what was written, damped as suits what founders ask."""
    written = np.array([one.source == "written" for one in read.asked])
    seen = (plain(read.own, read.sums, read.tokens), read.embedded)
    means = [_means(rows, read.codes, written) for rows in seen]
    texts, languages = _background()
    embeddings = BundledEmbeddings()
    embedded = np.stack([query_vector(embeddings, to_simplified(text)) for text in texts])
    damping = [_damping(rows, languages) for rows in (SentenceReader().encode(texts), embedded)]
    maps = [damping[0], np.eye(len(damping[1]), dtype=np.float32)]
    return Numbers(layers=dict(read.own), means=means, maps=maps, damping=damping[1])


def _background() -> tuple[list[str], NDArray[np.str_]]:
    """The sample program's ways to ask and golden questions, with their languages."""
    texts, languages = [], []
    for path in sorted(SAMPLE.glob("documents/*/*.md")):
        for line in _ASKS.findall(path.read_text("utf-8")):
            asks = [ask.strip() for ask in line.split("|")]
            texts += asks
            languages += [path.parent.name] * len(asks)
    golden = read_questions(SAMPLE / "golden.jsonl")
    languages += [(q.lang or "en").split("-")[0] for q in golden]
    return texts + [q.question for q in golden], np.array(languages)


def _means(rows: Matrix, codes: Places, chosen: NDArray[np.bool_]) -> Matrix:
    return np.stack([rows[chosen & (codes == code)].mean(0) for code in range(len(_CODES))])


def _damping(rows: Matrix, languages: NDArray[np.str_]) -> Matrix:
    """Divide each main direction by the fourth root of its variance (Mu & Viswanath 2018), with a floor."""
    centered = np.vstack([rows[languages == c] - rows[languages == c].mean(0) for c in ("zh", "en")])
    values, directions = np.linalg.eigh((centered.T @ centered / len(centered)).astype(np.float64))
    values = np.maximum(values, 0)
    return np.asarray(directions * (values / values.mean() + _FLOOR) ** -_POWER, dtype=np.float32)


def _batches(read: Read, trained: Sequence[int]) -> Iterator[Batch]:
    """Whole subjects drawn at random, so that near misses stand beside each other."""
    draw = np.random.default_rng(0)
    pools: dict[str, dict[str, list[int]]] = {}
    for i in trained:
        one = read.asked[i]
        pools.setdefault(one.source, {}).setdefault(one.subject, []).append(i)
    for _ in range(STEPS):
        chosen: list[int] = []
        for source, subjects in pools.items():
            names = list(subjects)
            drawn: list[int] = []
            for place in draw.permutation(len(names)):
                drawn += subjects[names[place]]
                if len(drawn) >= SIZES[source]:
                    break
            chosen += drawn[: SIZES[source]]
        yield _batch(read, np.array(chosen), draw)


def _batch(read: Read, chosen: Places, draw: np.random.Generator | None = None) -> Batch:
    names = np.unique([read.asked[i].group for i in chosen], return_inverse=True)[1]
    seen = (read.sums[chosen], read.tokens[chosen], read.embedded[chosen])
    return Batch.of(seen, read.codes[chosen], names, draw)


def _write(numbers: Numbers) -> None:
    stored = {f"upper_{name}": layer for name, layer in numbers.layers.items()}
    maps = (numbers.maps[0], numbers.damping @ numbers.maps[1])
    for name, mean, linear in zip(("reader", "embedder"), numbers.means, maps, strict=True):
        stored |= {f"{name}_{code}": row for code, row in zip(_CODES, mean, strict=True)}
        stored[f"{name}_map"] = linear
    halved: dict[str, Any] = {name: layer.astype(np.float16) for name, layer in stored.items()}
    np.savez_compressed(HERE.parent / "knowledge" / "meaning.npz", **halved)
    meaning._numbers.cache_clear()
    meaning._upper.cache_clear()


if __name__ == "__main__":
    main()
