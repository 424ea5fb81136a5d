"""Fit the numbers of knowledge/meaning.py and grouping.py: `python -m benchmarks fit_gaps`.

Only the development part of the labeled questions is read, beside the sample program's ways to ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import HERE
from benchmarks.gaps import pairs, read_labeled
from knowledge import grouping, meaning
from knowledge.embeddings import BundledEmbeddings, query_vector
from knowledge.evaluation import read_questions
from knowledge.language import to_simplified
from knowledge.reader import shared_reader

SAMPLE = HERE.parent / "programs" / "joint-base"
_ASKS = re.compile(r"<!-- asks: (.*?) -->")
_POWER, _FLOOR = 0.25, 0.3
Matrix = NDArray[np.float64]


def main() -> None:
    """Write meaning.npz and print weights and threshold to paste."""
    labeled = [q for q in read_labeled() if q.split == "dev"]
    texts, languages = _background()
    background = dict(zip(("reader", "embedder"), _raw(texts), strict=True))
    raw = dict(zip(("reader", "embedder"), _raw([q.question for q in labeled]), strict=True))
    codes = np.array([q.lang.split("-")[0] for q in labeled])
    stored = {}
    for name in ("reader", "embedder"):
        for code in ("zh", "en", "de"):
            # Founders' open questions are another kind than those that the documents answer.
            means = [raw[name][codes == code].mean(0)]
            if code == "de":
                means.append(background[name][languages == code].mean(0))
            stored[f"{name}_{code}"] = np.mean(means, axis=0).astype(np.float16)
        stored[f"{name}_damping"] = _damping(background[name], languages).astype(np.float16)
    np.savez_compressed(HERE.parent / "knowledge" / "meaning.npz", **stored)
    meaning._numbers.cache_clear()
    rows = meaning.adjusted(raw["reader"], raw["embedder"], codes.tolist())
    weights = _weights(rows, codes, np.array([q.group for q in labeled]))
    grouping.WITHIN, grouping.ACROSS = weights
    print("WITHIN =", grouping.WITHIN, "\nACROSS =", grouping.ACROSS)
    for threshold in np.arange(-4, 1, 0.25):
        grouping.THRESHOLD = float(threshold)
        questions = [grouping.Question(id=i, text=q.question, language=q.lang) for i, q in enumerate(labeled)]
        found = grouping.group(questions, rows, float(threshold))
        print(f"THRESHOLD = {threshold:.2f}: F1 on the development part {pairs(labeled, found).f1:.3f}")


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


def _raw(texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    embeddings = BundledEmbeddings()
    vectors = np.stack([query_vector(embeddings, to_simplified(text)) for text in texts])
    return shared_reader().encode(texts).astype(np.float64), vectors.astype(np.float64)


def _damping(rows: Matrix, languages: NDArray[np.str_]) -> Matrix:
    """Divide each main direction by the fourth root of its variance, with a floor for the weak ones."""
    centered = np.vstack([rows[languages == c] - rows[languages == c].mean(0) for c in ("zh", "en")])
    values, directions = np.linalg.eigh(centered.T @ centered / len(centered))
    values = np.maximum(values, 0)
    damped: Matrix = directions * (values / values.mean() + _FLOOR) ** -_POWER
    return damped


def _weights(
    rows: meaning.Rows, codes: NDArray[np.str_], names: NDArray[np.str_]
) -> tuple[tuple[float, ...], ...]:
    from sklearn.linear_model import LogisticRegression

    read = rows[:, : meaning.READER_WIDTH] @ rows[:, : meaning.READER_WIDTH].T
    embedded = rows[:, meaning.READER_WIDTH :] @ rows[:, meaning.READER_WIDTH :].T
    across = codes[:, None] != codes[None, :]
    upper = np.triu_indices(len(codes), 1)
    columns = (read * ~across, embedded * ~across, read * across, embedded * across, across)
    fit = LogisticRegression(C=30, max_iter=1000)
    fit.fit(np.stack([c[upper] for c in columns], 1), (names[:, None] == names[None, :])[upper])
    a, b, c, d, shift = (round(float(x), 1) for x in fit.coef_[0])
    offset = round(float(fit.intercept_[0]), 1)
    return (a, b, offset), (c, d, round(offset + shift, 1))


if __name__ == "__main__":
    main()
