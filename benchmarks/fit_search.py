"""Fit knowledge/search.npz, the embedder's layers for search: `python -m benchmarks fit_search`.

What these make of the questions they were fitted on, and of what answers them, goes into
knowledge/expected.npz.

Read are the documents and questions of benchmarks/written.py, less the folders that answers are calibrated
on (`written.is_held`). A question stands against all sections of its folder, since what is hard is to tell
those apart, and against sections elsewhere that are not as near as its own. Questions that nothing in their
folder answers stand against all of it. In the end the weights are drawn back towards the package's own, so
that what those can do is kept.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.corpora import HERE
from benchmarks.encoder import Encoder, Learner, Tensors, mean_weights, torch
from benchmarks.written import Asked, Written, is_held, read_written
from knowledge import expected
from knowledge.language import to_simplified
from knowledge.model import Passage

F = torch.nn.functional
STEPS, RATE = 400, 1e-4
_LONGEST = 384
# The package's own weights count so much in the end.
_OWN = 0.25
# Passages of a batch at least, those of one folder at most, and questions for each of them.
_PASSAGES, _OF_FOLDER, _ASKED = 64, 56, 5
# So often a question names the document's title, and a passage comes without its headings.
_NAMED, _BARE = 0.15, 0.1
# How sharply cosines tell passages apart (what the package's were made with is 100), and how much nearer
# the right one must be than one elsewhere that is to count as wrong.
_SHARPNESS, _APART = 80.0, 0.02
_ODDS, _HARDEST = 0.25, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts of questions and of passages; which passages answer which, and which are of the same folder."""

    questions: Sequence[str]
    passages: Sequence[str]
    right: Any
    same_folder: Any

    @property
    def texts(self) -> list[str]:
        """All of them as the engine reads them, questions first."""
        return _texts(self.questions, self.passages)


class Fit(Learner):
    """Learns the encoder's weights, and a slope and an offset that make log-odds of cosines."""

    def __init__(self, seed: int) -> None:
        self.odds = torch.tensor([40.0, -34.0], requires_grad=True)
        super().__init__(seed, rate=RATE, longest=_LONGEST, beside={self.odds: 0.1})

    def one_step(self, step: int, batch: Batch) -> float:
        """One step down; returns the loss."""
        count = len(batch.questions)
        return self.learn(
            batch.texts,
            lambda rows: _loss(rows[:count] @ rows[count:].T, batch, self.odds),
            step=step,
            steps=STEPS,
        )


def main() -> None:
    """Fit, write both files and print what is found in the folders held out; 40 minutes of two cores.

    Afterwards change the name in knowledge/embeddings.py, so that indexes are filled anew, and
    run `fit_matters`, `fit_leaning` and `calibrate`.
    """
    folders = read_written()
    learned = [one for one in folders if not is_held(one)]
    fit = _fitted(0, learned)
    own = Encoder().weights
    weights = mean_weights([own, fit.encoder.weights], [_OWN, 1 - _OWN])
    _show("the package's own", fit, own, folders)
    _show("fitted", fit, weights, folders)
    np.savez_compressed(HERE.parent / "knowledge" / "search.npz", **fit.encoder.packed())
    np.savez_compressed(HERE.parent / "knowledge" / expected.FILE, **known(fit, learned))


def known(fit: Learner, folders: Sequence[Written]) -> dict[str, Any]:
    """The questions of folders that sections answer, and those sections, as knowledge.expected reads them."""
    questions, sections, answered_by = [], [], []
    for folder in folders:
        asked = [one for one in folder.asked if one.rows]
        rows = fit.rows(_texts([one.text for one in asked], [p.embedded_text for p in folder.passages]))
        several = dict.fromkeys(one.rows for one in asked)
        numbers = {parts: len(sections) + n for n, parts in enumerate(several)}
        questions.append(rows[: len(asked)])
        sections += [rows[len(asked) :][list(parts)].mean(0) for parts in numbers]
        answered_by += [numbers[one.rows] for one in asked]
    return expected.packed(np.concatenate(questions), np.stack(sections), np.array(answered_by))


def _fitted(seed: int, folders: Sequence[Written]) -> Fit:
    fit, batches = Fit(seed), _batches(folders, seed)
    for step in range(1, STEPS + 1):
        loss = fit.one_step(step, next(batches))
        if step % 10 == 0:
            print(f"step {step}: loss {loss:.3f}", flush=True)
    return fit


def _show(title: str, fit: Fit, weights: Tensors, folders: Sequence[Written]) -> None:
    """How often the embedder alone finds the right section among those of its folder."""
    with torch.no_grad():
        fit.encoder.weights = weights
    ranks = []
    for folder in filter(is_held, folders):
        asked = [one for one in folder.asked if one.rows]
        rows = fit.rows(_texts([one.text for one in asked], [p.embedded_text for p in folder.passages]))
        cosines = rows[: len(asked)] @ rows[len(asked) :].T
        ranks += [
            int((of_one > of_one[list(one.rows)].max()).sum())
            for of_one, one in zip(cosines, asked, strict=True)
        ]
    found = np.array(ranks)
    print(
        f"{title}: hit@1 {(found < 1).mean():.3f}, hit@5 {(found < 5).mean():.3f} of {len(found)}", flush=True
    )


def _batches(folders: Sequence[Written], seed: int) -> Iterator[Batch]:
    """Whole folders, or whole documents of a large one, drawn at random without end."""
    draw = random.Random(seed)
    waiting: list[Written] = []
    while True:
        passages: list[str] = []
        asked: list[tuple[str, tuple[int, ...], int]] = []
        of: list[int] = []
        number = 0
        while len(passages) < _PASSAGES:
            if not waiting:
                waiting = draw.sample(folders, len(folders))
            folder = waiting.pop()
            kept = _some_documents(folder.passages, draw)
            place = {row: len(passages) + n for n, row in enumerate(kept)}
            for one in _some_questions(folder.asked, kept, draw):
                rows = tuple(place[row] for row in one.rows if row in place)
                asked.append((_said(one, folder, draw), rows, number))
            passages += [_shown(folder.passages[row], draw) for row in kept]
            of += [number] * len(kept)
            number += 1
        right = torch.zeros(len(asked), len(passages), dtype=torch.bool)
        for n, (_, rows, _) in enumerate(asked):
            right[n, list(rows)] = True
        same = torch.tensor([number for _, _, number in asked])[:, None] == torch.tensor(of)[None, :]
        yield Batch(
            questions=[text for text, _, _ in asked],
            passages=passages,
            right=right,
            same_folder=same,
        )


def _some_documents(passages: Sequence[Passage], draw: random.Random) -> list[int]:
    documents = sorted({p.document_id for p in passages})
    kept: list[int] = []
    for document in draw.sample(documents, len(documents)):
        rows = [row for row, p in enumerate(passages) if p.document_id == document]
        if kept and len(kept) + len(rows) > _OF_FOLDER:
            break
        kept += rows
    return kept


def _some_questions(asked: Sequence[Asked], kept: Sequence[int], draw: random.Random) -> list[Asked]:
    answered = [one for one in asked if set(one.rows) & set(kept)]
    near = [one for one in asked if not one.rows]
    return [
        *draw.sample(answered, min(len(answered), _ASKED * len(kept))),
        *draw.sample(near, min(len(near), len(kept) // 2 + 1)),
    ]


def _said(one: Asked, folder: Written, draw: random.Random) -> str:
    """Now and then with the name of the document, as where a folder holds several programs."""
    if not one.rows or draw.random() >= _NAMED:
        return one.text
    title = folder.passages[one.rows[0]].title
    return draw.choice((f"{title}: {one.text}", f"{one.text} ({title})", f"{one.text} {title}"))


def _shown(passage: Passage, draw: random.Random) -> str:
    return passage.text if draw.random() < _BARE else passage.embedded_text


def _texts(questions: Sequence[str], passages: Sequence[str]) -> list[str]:
    """As the engine reads them, questions first."""
    return [
        *(f"query: {to_simplified(q)}" for q in questions),
        *(f"passage: {to_simplified(p)}" for p in passages),
    ]


def _loss(cosines: Any, batch: Batch, odds: Any) -> Any:
    """What answers shall be nearer than what does not, and odds of answering be true."""
    right, answered = batch.right, batch.right.any(1)
    best = torch.where(right, cosines, -1.0).max(1).values
    near = batch.same_folder & ~right
    far = ~batch.same_folder & (cosines.detach() < best.detach()[:, None] - _APART)
    nearer = _nearer(cosines, right, near) + _nearer(cosines, right, far)
    slope, offset = odds
    hardest = torch.where(near, cosines, -1.0).topk(min(_HARDEST, cosines.shape[1]), 1).values
    wrong = F.softplus(slope * hardest + offset).mean(1)
    counted = F.softplus(-slope * best - offset)[answered].mean() + wrong[answered].mean() / 2
    if not bool(answered.all()):
        counted = counted + wrong[~answered].mean() / 2
    return nearer[answered].mean() + _ODDS * counted


def _nearer(cosines: Any, right: Any, wrong: Any) -> Any:
    """The contrastive loss of each question, where any of several parts may be the right one."""
    scaled = cosines * _SHARPNESS
    against = torch.where(wrong, scaled, -1e9).logsumexp(1)
    return F.softplus(against - torch.where(right, scaled, -1e9).logsumexp(1))


if __name__ == "__main__":
    main()
