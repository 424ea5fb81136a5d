"""What retrieval and answerability reach on all labeled data: `python -m benchmarks quality`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.corpora import Vectorizer, paragraph_passages, write_xquad, xquad
from benchmarks.labeled import COLLOQUIAL, FOUNDER, PAIRS, SAMPLE, TALKS, Rows, folder_rows, xquad_rows
from benchmarks.tables import table
from knowledge.answerability import DEFAULT_THRESHOLD, confidence
from knowledge.config import KnowledgeConfig
from knowledge.evaluation import LabeledQuestion, auroc, evaluate, read_questions, summarize

CONFIG = KnowledgeConfig(data_dir=Path("unused"), program="eval")
_HITS = ("document_hit@1", "document_hit@5", "section_hit@1", "section_hit@3", "section_hit@5", "mrr@10")
_RATES = ("answered_rate", "refused_rate", "auroc", "p50_ms", "p95_ms")


def main() -> None:
    """Measure everything and print it as Markdown; about ten minutes on two cores."""
    asyncio.run(_retrieval())
    asyncio.run(_folders())
    _answerability()


async def _retrieval() -> None:
    dense, rows = _dense_alone(), []
    for written in ("zh", "en"):
        asked = [a for a, w in PAIRS if w == written]
        with tempfile.TemporaryDirectory() as folder:
            write_xquad(Path(folder), written)
            measured = await evaluate(CONFIG, _xquad_questions(asked), Path(folder), _progress)
        by_language = summarize(measured)["by_language"]
        for language in asked:
            figures = by_language[language]
            alone = dense[language, written]
            rows.append(
                (f"{language} → {written}", figures["document_hit@1"], figures["document_hit@5"], *alone)
            )
    head = ("question → documents", "hit@1", "hit@5", "dense alone hit@1", "dense alone hit@5")
    table("XQuAD, 1,190 questions a row, 240 paragraphs", head, rows)


def _xquad_questions(languages: Sequence[str]) -> list[LabeledQuestion]:
    return [
        LabeledQuestion(
            question=q.text, doc=f"{q.paragraph:03}.md", section=None, answerable=True, lang=language
        )
        for language in languages
        for q in xquad(language)[1]
    ]


def _dense_alone() -> dict[tuple[str, str], tuple[float, float]]:
    vectorizer = Vectorizer()
    found = {}
    for asked, written in PAIRS:
        paragraphs, questions = xquad(written)[0], xquad(asked)[1]
        vectors = vectorizer.passages(paragraph_passages(paragraphs, written))
        queries = np.stack([q.vector for q in vectorizer.queries([q.text for q in questions], asked)])
        cosines = queries @ vectors.T
        right = cosines[np.arange(len(questions)), [q.paragraph for q in questions]]
        rank = (cosines > right[:, None]).sum(axis=1)
        found[asked, written] = (float((rank < 1).mean()), float((rank < 5).mean()))
    vectorizer.save()
    return found


async def _folders() -> None:
    rows = []
    for name, documents, questions in (
        ("founder questions", FOUNDER / "founder_docs", read_questions(FOUNDER / "founder_questions.jsonl")),
        ("golden questions", SAMPLE / "documents", read_questions(SAMPLE / "golden.jsonl")),
        *(
            (f"colloquial, {name}", folder, read_questions(COLLOQUIAL / f"{name}.jsonl"))
            for name, folder in TALKS.items()
        ),
    ):
        measured = await evaluate(CONFIG, questions, documents, _progress)
        figures = summarize(measured)
        parts = {"all": figures, **figures["by_language"]}
        if tests := [m for m in measured if m.label.split == "test"]:
            parts["test half"] = summarize(tests)
        rows += [(name, part, f["n"], *(f[k] for k in (*_HITS, *_RATES))) for part, f in parts.items()]
    table("Folders of documents", ("questions", "part", "n", *_HITS, *_RATES), rows)


def _answerability() -> None:
    vectorizer = Vectorizer()
    sets = [*xquad_rows(vectorizer, test=True), *folder_rows(vectorizer, test=True)]
    vectorizer.save()
    rows = []
    for one in sets:
        sorts = sorted({sort for sort in one.sorts if sort})
        near = [one.only(f"{one.name}, near the topic", "near_topic")] if "near_topic" in sorts else []
        rest = [sort for sort in sorts if sort != "near_topic"]
        far = [one.only(one.name, *rest)] if rest or not sorts else []
        rows += [_answered(part) for part in (*far, *near)]
    head = ("set (none of it used to calibrate)", "answerable", "not", "AUROC", "answered", "refused")
    table(f"Answerability at the default threshold {DEFAULT_THRESHOLD}", head, rows)


def _answered(one: Rows) -> tuple[object, ...]:
    sure, yes = _confidences(one), one.answerable
    return (
        one.name,
        int(yes.sum()),
        int((~yes).sum()),
        auroc(sure[yes].tolist(), sure[~yes].tolist()),
        float((sure[yes] >= DEFAULT_THRESHOLD).mean()) if yes.any() else None,
        float((sure[~yes] < DEFAULT_THRESHOLD).mean()) if (~yes).any() else None,
    )


def _confidences(rows: Rows) -> np.ndarray:
    return np.array([confidence(evidence, bundled=True) for evidence in rows.evidence])


def _progress(step: str, done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        print(f"{step} {done}/{total}", file=sys.stderr, flush=True)
