"""What a change of documents would do to the answers, tried out beside the index that answers.

The golden questions of a program are asked before and after, of indexes in memory. Nothing is published.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from knowledge.chroma import Contents
from knowledge.embeddings import BackgroundEmbeddings, embedder_id
from knowledge.evaluation import LabeledQuestion, is_right
from knowledge.ingest import Sources, build, cut, gather
from knowledge.library import Library
from knowledge.model import Answer, Document, Overlay
from knowledge.reader import unpack
from knowledge.retrieval import Shelf
from knowledge.service import Knowledge
from knowledge.store import build_store, load_current
from knowledge.validity import Validity

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one question is answered before and after a change; `label` is None for a probe."""

    question: str
    before: Answer
    after: Answer
    label: LabeledQuestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a change does: golden questions right before and after, those it breaks or mends, and the probes.

    A question is broken when it was answered from the right section before and is not after, or when it was
    refused, as it should be, and now gets an answer. `passages` counts those of the changed documents.
    """

    questions: int
    right_before: int
    right_after: int
    broken: tuple[Difference, ...]
    mended: tuple[Difference, ...]
    probes: tuple[Difference, ...]
    passages: int

    @property
    def safe(self) -> bool:
        """Whether no golden question breaks."""
        return not self.broken


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    version: str
    answers: tuple[Answer, ...]


class Rehearsals:
    """Tries changes out, one after the other; the answers of an index are kept until there is another."""

    def __init__(
        self, library: Library, golden: Sequence[LabeledQuestion], embeddings: BackgroundEmbeddings
    ) -> None:
        self.library, self._golden, self._embeddings = library, tuple(golden), embeddings
        self._config = replace(library.config, chat_model="")
        self._turn = asyncio.Lock()
        self._before: _Asked | None = None

    @property
    def questions(self) -> int:
        """How many golden questions are asked."""
        return len(self._golden)

    async def run(
        self, proposed: Overlay, changed: Sequence[str], probes: Sequence[str] = (), step: Step | None = None
    ) -> Rehearsal:
        """Compare the answers of now with those that the folder under `proposed` would give.

        `changed` are the ids of the documents in question. `step` is told ("before", "build" or "after",
        done, total). Raises from the KnowledgeError tree.
        """
        tell = step or _silent
        async with self._turn:
            version, old = await asyncio.to_thread(self._current)
            before = await self._ask(version, old, probes, lambda d, t: tell("before", d, t))
            sources = self.library.sources(proposed)
            documents, contents = await asyncio.to_thread(
                self._build, sources, old, lambda d, t: tell("build", d, t)
            )
            after = await self._ask("", contents, probes, lambda d, t: tell("after", d, t))
        files = {document.id: document.path for document in documents}
        passages = sum(passage.document_id in changed for passage in contents.passages)
        return self._compared(before.answers, after.answers, files, passages)

    def _current(self) -> tuple[str, Contents]:
        config = self._config
        manifest, contents = load_current(build_store(config), embedder_id(config.embeddings))
        # What has begun or ended since changes the answers of the same generation.
        true_now = len(Validity(contents.passages).rows(datetime.now(UTC)))
        return f"{manifest.generation}/{true_now}", contents

    def _build(
        self, sources: Sources, old: Contents, progress: Callable[[int, int], None]
    ) -> tuple[list[Document], Contents]:
        documents, _ = gather(self._config, sources)
        contents, _ = build(cut(documents), old, self._embeddings, progress)
        return documents, contents

    async def _ask(
        self, version: str, contents: Contents, probes: Sequence[str], tell: Callable[[int, int], None]
    ) -> _Asked:
        """Answer the golden questions, unless this index has been asked them before, then the probes."""
        known = self._before
        held = known.answers if known is not None and version and known.version == version else ()
        golden = [label.question for label in self._golden]
        wanted = [*golden[len(held) :], *probes]
        answers = list(held)
        tell(0, len(wanted))
        if wanted:
            async with self._opened(contents) as knowledge:
                for done, question in enumerate(wanted, start=1):
                    answers.append(await knowledge.ask(question))
                    tell(done, len(wanted))
        if version:
            self._before = _Asked(version=version, answers=tuple(answers[: len(golden)]))
        return _Asked(version=version, answers=tuple(answers))

    @asynccontextmanager
    async def _opened(self, contents: Contents) -> AsyncIterator[Knowledge]:
        shelf = await asyncio.to_thread(_shelf, contents)
        knowledge = Knowledge(self._config, self._embeddings, lambda: shelf, lambda: None)
        try:
            yield knowledge
        finally:
            await knowledge.close()

    def _compared(
        self, before: Sequence[Answer], after: Sequence[Answer], files: dict[str, str], passages: int
    ) -> Rehearsal:
        count = len(self._golden)
        rows = list(zip(self._golden, before[:count], after[:count], strict=True))
        right = [(is_right(g, b, files), is_right(g, a, files)) for g, b, a in rows]
        differences = [Difference(question=g.question, before=b, after=a, label=g) for g, b, a in rows]
        judged = list(zip(differences, right, strict=True))
        probes = zip(before[count:], after[count:], strict=True)
        return Rehearsal(
            questions=count,
            right_before=sum(was for was, _ in right),
            right_after=sum(is_now for _, is_now in right),
            broken=tuple(d for d, (was, is_now) in judged if was and not is_now),
            mended=tuple(d for d, (was, is_now) in judged if is_now and not was),
            probes=tuple(Difference(question=b.question, before=b, after=a) for b, a in probes),
            passages=passages,
        )


def _shelf(contents: Contents) -> Shelf:
    rows = zip(contents.packed, contents.passages, strict=True)
    readings = [unpack(packed, passage) for packed, passage in rows]
    return Shelf("", contents.passages, contents.vectors, readings)


def _silent(step: str, done: int, total: int) -> None:
    """Report to nobody."""
