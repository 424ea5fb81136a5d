"""Measure retrieval and answerability on labeled questions, along the path a founder's question takes."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from knowledge.config import KnowledgeConfig
from knowledge.errors import KnowledgeError
from knowledge.language import detect
from knowledge.model import Answer, Passage

LOGGER = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]
Figures = dict[str, Any]
_RANKS = (1, 3, 5)


class QuestionsInvalid(KnowledgeError):
    """A questions file that cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledQuestion:
    """A question, the file and heading that answer it (or others, `also`), or that nothing does.

    `split` and `kind` are marks that benchmarks choose by.
    """

    question: str
    doc: str | None
    section: str | None
    answerable: bool
    lang: str | None
    also: tuple[tuple[str, str | None], ...] = ()
    split: str = ""
    kind: str = ""

    @property
    def places(self) -> tuple[tuple[str, str | None], ...]:
        """Every (file, heading) that counts as found."""
        return ((self.doc, self.section), *self.also) if self.doc else self.also


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One answer, and the ranks (from 0; None: not in the first ten) of its document and section."""

    label: LabeledQuestion
    answer: Answer
    language: str
    document_rank: int | None
    section_rank: int | None


def read_questions(path: Path) -> list[LabeledQuestion]:
    """Read JSON lines {"question","doc","section"?,"answerable"?,"lang"?,"also"?}; skip blank lines.

    Raises QuestionsInvalid, naming the line, for one that cannot be used, and for a file without any.
    """
    try:
        # Not splitlines(): JSON strings may hold U+2028 as it is.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise QuestionsInvalid(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QuestionsInvalid(f"{path} cannot be read: it is not UTF-8") from error
    questions = [_question(path, n, line) for n, line in enumerate(lines, start=1) if line.strip()]
    if not questions:
        raise QuestionsInvalid(f"{path} holds no question")
    return questions


def _question(path: Path, number: int, line: str) -> LabeledQuestion:
    try:
        data = json.loads(line)
        text, doc = data["question"], data.get("doc")
    except (ValueError, TypeError, KeyError) as error:
        raise QuestionsInvalid(
            f'{path}, line {number}: needs a JSON object with "question" and "doc"'
        ) from error
    answerable = bool(data.get("answerable", True))
    if not isinstance(text, str) or (answerable and not isinstance(doc, str)):
        raise QuestionsInvalid(f'{path}, line {number}: an answerable question needs its "doc"')
    try:
        also = tuple((str(a["doc"]), _heading(a)) for a in data.get("also") or ())
        section = _heading(data)
    except (TypeError, KeyError, AttributeError) as error:
        raise QuestionsInvalid(
            f'{path}, line {number}: "section" is a heading, "also" a list of objects with "doc"'
        ) from error
    return LabeledQuestion(
        question=text,
        doc=doc,
        section=section,
        answerable=answerable,
        lang=data.get("lang"),
        also=also,
        split=str(data.get("split", "")),
        kind=str(data.get("kind", "")),
    )


def _heading(place: Mapping[str, Any]) -> str | None:
    heading = place.get("section")
    if heading is not None and not isinstance(heading, str):
        raise TypeError(type(heading).__name__)
    return heading


async def evaluate(
    config: KnowledgeConfig,
    questions: Sequence[LabeledQuestion],
    documents: Path,
    progress: Progress = lambda step, done, total: None,
) -> list[Measured]:
    """Index `documents` in a temporary folder and ask every question; in the questions' order.

    `progress` is told ("ingest" or "ask", done, total). Raises from the KnowledgeError tree.
    """
    from knowledge.documents import read_folder
    from knowledge.embeddings import build_embeddings
    from knowledge.ingest import ingest
    from knowledge.service import Knowledge

    with tempfile.TemporaryDirectory(prefix="founder-bot-eval-") as folder:
        here = replace(config, data_dir=Path(folder), chroma_url="", program="eval", chat_model="")
        embeddings = build_embeddings(here.embeddings, base_url=here.embeddings_url, key=here.embeddings_key)
        await asyncio.to_thread(ingest, here, documents, embeddings, lambda d, t: progress("ingest", d, t))
        files = {d.id: d.path for d in (await asyncio.to_thread(read_folder, documents))[0]}
        knowledge = await asyncio.to_thread(Knowledge.open, here)
        try:
            measured = []
            for done, label in enumerate(with_paths(questions, files.values()), start=1):
                measured.append(_measured(label, await knowledge.ask(label.question), files))
                progress("ask", done, len(questions))
            return measured
        finally:
            await knowledge.close()


def with_paths(questions: Sequence[LabeledQuestion], paths: Collection[str]) -> list[LabeledQuestion]:
    """The questions with the path of each file below the folder, where only its name was given.

    What is not there can never be found, so it is named in a warning.
    """
    known, often = set(paths), Counter(PurePath(path).name for path in paths)
    whole = {name: path for path in paths if often[name := PurePath(path).name] == 1}
    missing: list[str] = []

    def found(doc: str) -> str:
        if doc not in known and doc not in whole:
            missing.append(doc)
        return doc if doc in known else whole.get(doc, doc)

    resolved = [
        replace(
            question,
            doc=found(question.doc) if question.doc and question.answerable else question.doc,
            also=tuple((found(doc), section) for doc, section in question.also),
        )
        for question in questions
    ]
    if missing:
        names = list(dict.fromkeys(missing))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        LOGGER.warning("not in the folder, so never found: %s%s", ", ".join(names[:3]), more)
    return resolved


def _measured(label: LabeledQuestion, answer: Answer, files: Mapping[str, str]) -> Measured:
    documents: list[str] = []
    sections: list[tuple[str, tuple[str, ...]]] = []
    for scored in answer.retrieved:
        passage = scored.passage
        path = files.get(passage.document_id, passage.document_id)
        if path not in documents:
            documents.append(path)
        if (path, _headings(passage)) not in sections:
            sections.append((path, _headings(passage)))
    wanted_documents = {doc for doc, _ in label.places}
    return Measured(
        label=label,
        answer=answer,
        language=label.lang or answer.language or detect(label.question),
        document_rank=next((i for i, d in enumerate(documents[:10]) if d in wanted_documents), None),
        section_rank=next((i for i, s in enumerate(sections[:10]) if _is_place(s, label.places)), None),
    )


def is_right(label: LabeledQuestion, answer: Answer, files: Mapping[str, str]) -> bool:
    """Tell whether a question was answered first from a place that answers it, or refused where none does.

    `files` are the documents' paths by id. A right place quoted second, below another one, is not enough.
    """
    if not label.answerable:
        return not answer.answered
    cited = {citation.passage_id for citation in answer.citations[:1]}
    passages = [scored.passage for scored in answer.retrieved if scored.passage.id in cited]
    places = [(files.get(p.document_id, p.document_id), _headings(p)) for p in passages]
    whole = {doc for doc, heading in label.places if heading is None}
    return any(place[0] in whole or _is_place(place, label.places) for place in places)


def _headings(passage: Passage) -> tuple[str, ...]:
    return tuple(_folded(h) for h in (passage.section or (passage.title,)))


def _is_place(section: tuple[str, tuple[str, ...]], places: Sequence[tuple[str, str | None]]) -> bool:
    return any(section[0] == doc and heading and _folded(heading) in section[1] for doc, heading in places)


def _folded(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def summarize(measured: Sequence[Measured]) -> Figures:
    """All figures over all questions, and the same for each language under "by_language".

    Hits and mrr@10 (of the section where one is labeled, else of the document) count answerable
    questions; `answered_rate` is the share of answerable questions that got an answer, `refused_rate`
    that of the others that got none; `auroc` is of the confidence; None where nothing can be counted.
    """
    languages = sorted({m.language for m in measured})
    by_language = {x: _figures([m for m in measured if m.language == x]) for x in languages}
    return {**_figures(measured), "by_language": by_language}


def _figures(measured: Sequence[Measured]) -> Figures:
    yes = [m for m in measured if m.label.answerable]
    no = [m for m in measured if not m.label.answerable]
    with_section = [m for m in yes if m.label.section]
    milliseconds = [m.answer.milliseconds for m in measured]
    figures: Figures = {"n": len(measured)}
    figures |= {f"document_hit@{k}": _hits([m.document_rank for m in yes], k) for k in _RANKS}
    figures |= {f"section_hit@{k}": _hits([m.section_rank for m in with_section], k) for k in _RANKS}
    ranks = [m.section_rank if m.label.section else m.document_rank for m in yes]
    figures["mrr@10"] = _mean([0.0 if r is None else 1 / (r + 1) for r in ranks])
    figures["answered_rate"] = _mean([float(m.answer.answered) for m in yes])
    figures["refused_rate"] = _mean([float(not m.answer.answered) for m in no])
    figures["auroc"] = auroc([m.answer.confidence for m in yes], [m.answer.confidence for m in no])
    figures["p50_ms"] = round(float(np.percentile(milliseconds, 50)), 1)
    figures["p95_ms"] = round(float(np.percentile(milliseconds, 95)), 1)
    return figures


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Chance that a positive scores above a negative, ties counted half; None when either is missing."""
    if not positives or not negatives:
        return None
    p, n = np.asarray(positives)[:, None], np.asarray(negatives)[None, :]
    return round(float(((p > n) + 0.5 * (p == n)).mean()), 4)


def _hits(ranks: Sequence[int | None], k: int) -> float | None:
    return _mean([float(r is not None and r < k) for r in ranks])


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
