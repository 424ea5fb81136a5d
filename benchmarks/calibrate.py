"""Fit the weights of knowledge/answerability.py and print them: `python -m benchmarks calibrate`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import Vectorizer
from benchmarks.fit_matters import crossed, listed
from benchmarks.labeled import Rows, folder_rows, written_rows, xquad_rows
from knowledge.answerability import FOREIGN, HEADED, PLAIN, features, kind

_SHARED = ("dense", "margin", "fused_lead")
_OF_BOTH, _OF_THE_READER = (
    tuple(f"{m}_{side}" for side in ("against", "for")) for m in ("matter", "matter_read")
)
_BELOW_HEADINGS = (
    "dense_lead",
    "heading_lead",
    "expected",
    "novel",
    "bare",
    "bare_heading",
    "bare_sentence",
    "among",
)
USED = {
    HEADED: (*_SHARED, *_BELOW_HEADINGS, *_OF_BOTH, *_OF_THE_READER),
    PLAIN: (*_SHARED, "length", "sentence", "whole", "cover", "window", "novel"),
    FOREIGN: (*_SHARED, "length", "sentence", "whole"),
}
_OF_THE_EMBEDDER = ("dense", "dense_lead", "expected", *_OF_BOTH)
_RIDGE = 1e-3
# A refusal of what is in the documents is worse than an answer that says itself that it is not sure.
_ANSWERABLE = {HEADED: 0.6, PLAIN: 0.6, FOREIGN: 0.52}
# What is left when the answering section is taken away often answers all the same, in other words, and a
# question near the topic answered with what is nearest does less harm than one from somewhere else.
_COUNTS = {"removed": 0.2, "near_topic": 0.8}
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """What one model is fitted on: figures (n, names), labels, and how much each row counts."""

    names: Sequence[str]
    figures: Matrix
    labels: NDArray[np.bool_]
    weight: Matrix


def table(sets: Iterable[Rows], which: str, names: Sequence[str]) -> Table:
    """The rows of one kind; every set counts as its weight says, every sort of question in it alike."""
    figures, labels, weight = [], [], []
    for one in sets:
        for label, sort, evidence in zip(one.answerable, one.sorts, one.evidence, strict=True):
            if kind(evidence) == which:
                found = features(evidence)
                figures.append([found[name] for name in names])
                labels.append(label)
                share = one.weight / one.count(label, sort) ** 0.7
                weight.append(share * _COUNTS.get(sort, 1.0))
    y = np.array(labels, dtype=bool)
    w = np.array(weight)
    return Table(names, np.array(figures), y, _balanced(y, w, _ANSWERABLE[which]))


def fit(rows: Table) -> tuple[dict[str, float], float]:
    """Weights by name and offset of a logistic model, by Newton's method."""
    x, y, weight = rows.figures, rows.labels.astype(float), rows.weight
    mean, spread = x.mean(0), x.std(0) + 1e-9
    design = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    beta = np.zeros(design.shape[1])
    penalty = np.diag([_RIDGE] * x.shape[1] + [0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (y - p)) - penalty @ beta
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty
        beta += np.linalg.solve(hessian, gradient)
    factors = beta[:-1] / spread
    return dict(zip(rows.names, factors.tolist(), strict=True)), float(beta[-1] - factors @ mean)


def _balanced(labels: NDArray[np.bool_], weight: Matrix, share: float) -> Matrix:
    """Weights whose sum is 1, a fixed share of it for answerable questions."""
    yes, no = weight[labels].sum(), weight[~labels].sum()
    balanced: Matrix = np.where(labels, weight * share / yes, weight * (1 - share) / no)
    return balanced


def calibration_sets(vectorizer: Vectorizer) -> list[Rows]:
    """The half of all labeled data that models are fitted on; the other half is for `answerability`."""
    vectorizer.crossed = crossed(vectorizer)
    return [
        *xquad_rows(vectorizer, test=False),
        *folder_rows(vectorizer, test=False),
        written_rows(vectorizer, [e.text for e in listed() if not e.asked]),
    ]


def main() -> None:
    """Fit on the calibration half of all labeled data and print the weights to paste."""
    vectorizer = Vectorizer()
    sets = calibration_sets(vectorizer)
    vectorizer.save()
    for name, without in (("BUNDLED", _OF_THE_READER), ("OTHER", _OF_THE_EMBEDDER)):
        print(f"{name}: Mapping[str, Weights] = {{")
        for which, names in USED.items():
            factors, offset = fit(table(sets, which, [n for n in names if n not in without]))
            print(f"    {which.upper()}: Weights(")
            print("        factors={")
            for factor, value in factors.items():
                print(f'            "{factor}": {value:.3f},')
            print(f"        }},\n        offset={offset:.3f},\n    ),")
        print("}")
