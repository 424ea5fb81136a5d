"""Questions grouped by meaning across languages: what would be answered by one text stands together.

Two questions are compared by the cosine of their meanings. Cosines across languages are not those within
one, so each case has its own slope and offset, which make log-odds of it that one answer serves both.
Average-linkage clustering (Sokal & Michener 1958; scikit-learn) joins groups while the probabilities agree
on average: an odd wording that is very far from one question of a group still joins when it is near to the
others.
Nothing is random, and how two questions compare does not depend on the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from sklearn.cluster import AgglomerativeClustering

from knowledge.meaning import Rows

Matrix = NDArray[np.float32]
# Fitted together with the meanings by `python -m benchmarks fit_gaps`, which prints them: slope and offset
# within one language; the same across languages.
WITHIN = (11.3, -5.8)
ACROSS = (11.4, -5.7)
THRESHOLD = 0.2
# Exact clustering takes the square of a part's size; larger parts are cut where they hang together least.
_LARGEST_PART = 3_000
_TIGHTER = 0.5
_BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to be grouped: `id` is the caller's, `founder` who asked (None: unknown)."""

    id: int
    text: str
    language: str
    founder: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A question of a group and the probability (0-1) that the representative's answer serves it."""

    question: Question
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Questions that one text would answer; the representative, the most central one, comes first."""

    members: tuple[Member, ...]

    @property
    def representative(self) -> Question:
        """The question that stands for the group."""
        return self.members[0].question

    @property
    def founders(self) -> int:
        """How many people asked; unknown people count one a question."""
        known = {m.question.founder for m in self.members if m.question.founder is not None}
        return len(known) + sum(m.question.founder is None for m in self.members)


def log_odds(rows: Rows, languages: Sequence[str], others: Rows, other_languages: Sequence[str]) -> Matrix:
    """How likely one answer serves question i and other question j; float32 (n, m), 0 is even odds."""
    cosines = rows @ others.T
    mine, theirs = np.array([_base(x) for x in languages]), np.array([_base(x) for x in other_languages])
    same = mine[:, None] == theirs[None, :]
    within, across = WITHIN[0] * cosines + WITHIN[1], ACROSS[0] * cosines + ACROSS[1]
    return np.where(same, within, across).astype(np.float32)


def group(questions: Sequence[Question], rows: Rows, threshold: float = THRESHOLD) -> list[Group]:
    """Group questions by their meanings (row i of `rows` is question i), the most asked group first.

    Same words in the same language count once however often they were asked. 20,000 different questions
    take some ten seconds and half a gigabyte.
    """
    asked: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, question in enumerate(questions):
        asked[" ".join(question.text.casefold().split()), _base(question.language)].append(i)
    repeats = list(asked.values())
    firsts = np.array([same[0] for same in repeats], dtype=np.int64)
    languages = [questions[i].language for i in firsts]
    found = []
    for part in _parts(rows[firsts], languages, threshold):
        scores = _square(rows[firsts[part]], [languages[i] for i in part])
        for cluster in _clusters(scores, float(likeness(np.float32(threshold)))):
            inside = [repeats[part[i]] for i in cluster]
            found.append(_group(questions, inside, scores[np.ix_(cluster, cluster)]))
    return sorted(found, key=lambda g: (-g.founders, -len(g.members), g.representative.id))


def nearest_group(
    row: Rows, language: str, groups: Sequence[tuple[Rows, Sequence[str]]]
) -> tuple[int, float] | None:
    """Find where a new question belongs: the number of the best group and how likely on average, or None."""
    means = [
        float(likeness(log_odds(row[None, :], [language], rows, languages)).mean())
        for rows, languages in groups
    ]
    if not means or max(means) < likeness(np.float32(THRESHOLD)):
        return None
    best = int(np.argmax(means))
    return best, means[best]


def likeness(odds: Matrix | np.float32) -> Matrix:
    """Log-odds as probabilities."""
    return np.asarray(expit(odds), dtype=np.float32)


def _base(language: str) -> str:
    """The language whatever the script."""
    return language.partition("-")[0].casefold()


def _group(questions: Sequence[Question], inside: Sequence[Sequence[int]], scores: Matrix) -> Group:
    weights = np.array([len(same) for same in inside], dtype=np.float32)
    np.fill_diagonal(scores, 0)
    central = scores @ weights
    first = min(range(len(inside)), key=lambda i: (-round(float(central[i]), 4), questions[inside[i][0]].id))
    order = sorted(range(len(inside)), key=lambda i: (i != first, -float(scores[first, i]), inside[i][0]))
    members = [
        Member(question=questions[q], likeness=1.0 if i == first else float(scores[first, i]))
        for i in order
        for q in inside[i]
    ]
    return Group(members=tuple(members))


def _square(rows: Rows, languages: Sequence[str]) -> Matrix:
    scores = likeness(log_odds(rows, languages, rows, languages))
    return np.asarray((scores + scores.T) / 2, dtype=np.float32)


def _clusters(scores: Matrix, threshold: float) -> list[list[int]]:
    """Average linkage of one part."""
    if len(scores) == 1:
        return [[0]]
    distances = 1 - scores
    np.fill_diagonal(distances, 0)
    linkage = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - threshold
    )
    clusters: dict[int, list[int]] = defaultdict(list)
    for i, label in enumerate(linkage.fit_predict(distances)):
        clusters[int(label)].append(i)
    return list(clusters.values())


def _parts(rows: Rows, languages: Sequence[str], threshold: float) -> list[NDArray[np.int64]]:
    """Cut into what hangs together by at least one pair at the threshold.

    No group reaches over parts: two groups agree on average only where a pair of them does.
    """
    if not len(rows):
        return []
    pairs, odds = _edges(rows, languages, threshold)
    parts = []
    todo = [(np.arange(len(rows)), threshold)]
    while todo:
        part, level = todo.pop()
        if level > threshold or len(part) == len(rows):
            position = np.full(len(rows), -1)
            position[part] = np.arange(len(part))
            kept = (position[pairs] >= 0).all(axis=0) & (odds >= level)
            ends = position[pairs[:, kept]]
            graph = coo_matrix((np.ones(ends.shape[1]), ends), shape=(len(part), len(part)))
            labels = connected_components(graph, directed=False)[1]
        for label in range(labels.max() + 1):
            piece = part[labels == label]
            if len(piece) <= _LARGEST_PART:
                parts.append(piece)
            else:
                todo.append((piece, level + _TIGHTER))
    return parts


def _edges(rows: Rows, languages: Sequence[str], threshold: float) -> tuple[NDArray[np.int64], Matrix]:
    """The pairs (2, e) whose log-odds (e,) reach the threshold, found block by block."""
    ends, odds = [], []
    for start in range(0, len(rows), _BLOCK):
        stop = min(start + _BLOCK, len(rows))
        block = log_odds(rows[start:stop], languages[start:stop], rows, languages)
        left, right = np.nonzero(block >= threshold)
        kept = right > left + start
        ends.append(np.stack([left[kept] + start, right[kept]]))
        odds.append(block[left[kept], right[kept]])
    return np.hstack(ends), np.concatenate(odds)
