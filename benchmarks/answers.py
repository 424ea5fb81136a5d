"""What founders read: whether an answer shows the fact that was asked for: `python -m benchmarks answers`.

Every question of benchmarks/data/answers names the facts of a right answer as regular expressions, in any
language an answer may come in. `--show development` also prints the answers of one half.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from langchain_core.embeddings import Embeddings

from benchmarks.corpora import DATA, Vectorizer
from benchmarks.labeled import FOUNDER, SAMPLE, Corpus
from benchmarks.tables import table
from knowledge.config import KnowledgeConfig
from knowledge.model import Answer, Citation
from knowledge.sentences import split_sentences
from knowledge.service import Knowledge

ANSWERS = DATA / "answers"
FOLDERS = {"sample_program": SAMPLE / "documents", "founder_docs": FOUNDER / "founder_docs"}
_FIRST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A question and the regular expressions that all must be found in its answer."""

    question: str
    lang: str
    facts: tuple[str, ...]
    split: str

    def told_in(self, text: str) -> bool:
        """Whether a text holds every fact."""
        return all(re.search(fact, text, re.IGNORECASE) for fact in self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A question's answer, and what is to be said about it."""

    fact: Fact
    answer: Answer

    @property
    def right(self) -> bool:
        """Whether the founder reads what was asked for."""
        return self.answer.answered and self.fact.told_in(self.answer.text)

    @property
    def sentences_missed(self) -> bool:
        """Whether a passage that is cited holds the fact, and the sentences quoted from it do not."""
        cited = {c.passage_id for c in self.answer.citations}
        passages = [s.passage.text for s in self.answer.retrieved if s.passage.id in cited]
        return self.answer.answered and not self.right and self.fact.told_in("\n".join(passages))

    @property
    def passage_missed(self) -> bool:
        """Whether one of the first three passages holds the fact, but none that is cited."""
        first = [s.passage.text for s in self.answer.retrieved[:_FIRST]]
        wrong = self.answer.answered and not self.right and not self.sentences_missed
        return wrong and any(self.fact.told_in(text) for text in first)

    @property
    def cut(self) -> bool:
        """Whether a quotation begins or ends inside a sentence."""
        texts = {s.passage.id: (s.passage.text, s.passage.language) for s in self.answer.retrieved}
        return any(_is_cut(c, *texts[c.passage_id]) for c in self.answer.citations)


class _Known(Embeddings):
    """The benchmarks' remembered vectors behind the embedder's face."""

    def __init__(self, vectorizer: Vectorizer) -> None:
        self._vectorizer = vectorizer

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._vectorizer.queries([text])[0].vector.tolist()
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._vectorizer.texts(texts).tolist()
        return vectors


def main() -> None:
    """Ask every question and print what was shown of the facts."""
    rows: list[tuple[object, ...]] = []
    for name in FOLDERS:
        shown = asyncio.run(ask(name))
        rows += [_row(name, split, [s for s in shown if s.fact.split == split]) for split in _SPLITS]
        for lang in sorted({s.fact.lang for s in shown}):
            rows.append(_row(name, lang, [s for s in shown if s.fact.lang == lang]))
        if "--show" in sys.argv:
            _print([s for s in shown if s.fact.split == "development"])
    table("What founders read", _HEAD, rows)


_SPLITS = ("development", "test")
_HEAD = (
    "documents",
    "part",
    "n",
    "answered",
    "fact shown, of answered",
    "other sentences quoted",
    "other of three passages quoted",
    "cut mid-thought",
    "characters, mean",
    "characters, longest",
)


def read_facts(name: str) -> list[Fact]:
    """The labeled questions over one folder of documents."""
    lines = (ANSWERS / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    return [Fact(**{**row, "facts": tuple(row["facts"])}) for row in rows]


async def ask(name: str) -> list[Shown]:
    """Ask every question of one folder on a shelf in memory."""
    vectorizer = Vectorizer()
    shelf = Corpus(vectorizer, FOLDERS[name]).shelf
    config = KnowledgeConfig(data_dir=Path("unused"), program="answers", languages=("zh", "en"))
    knowledge = Knowledge(config, _Known(vectorizer), lambda: shelf, lambda: shelf.version)
    try:
        shown = [Shown(fact=f, answer=await knowledge.ask(f.question)) for f in read_facts(name)]
    finally:
        await knowledge.close()
    vectorizer.save()
    return shown


def _row(name: str, part: str, shown: Sequence[Shown]) -> tuple[object, ...]:
    answered = [s for s in shown if s.answer.answered]
    count = max(len(answered), 1)
    lengths = [len(s.answer.text) for s in answered] or [0]
    return (
        name,
        part,
        len(shown),
        len(answered) / max(len(shown), 1),
        sum(s.right for s in answered) / count,
        sum(s.sentences_missed for s in answered) / count,
        sum(s.passage_missed for s in answered) / count,
        sum(s.cut for s in answered) / count,
        round(sum(lengths) / count),
        max(lengths),
    )


def _is_cut(citation: Citation, text: str, language: str) -> bool:
    """Whether the last line of a quotation is not the end of a sentence, or the first not its beginning."""
    flat = _flat(citation.quote)
    if flat.endswith((";", "；", "：", "…")):
        return True
    sentences = [_flat(s) for s in split_sentences(text, language)]
    return not (any(flat.startswith(s) for s in sentences) and any(flat.endswith(s) for s in sentences))


def _flat(text: str) -> str:
    return re.sub(r"^[-*+•]\s*", "", " ".join(text.replace("•", " ").split()))


def _print(shown: Sequence[Shown]) -> None:
    for one in shown:
        state = "right" if one.right else "WRONG" if one.answer.answered else "refused"
        print(f"\n[{state}] {one.fact.lang}: {one.fact.question}  ({one.answer.confidence:.2f})")
        print("   wants:", " & ".join(one.fact.facts))
        for passage in one.answer.retrieved[:_FIRST]:
            print(f"   {passage.score:6.2f} {passage.passage.id}")
        print("   →", one.answer.text.replace("\n", "\n     "))


if __name__ == "__main__":
    main()
