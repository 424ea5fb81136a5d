"""Pairs of documents that should say the same in two languages, and where they do not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handlers.review.catalog import DocumentRow
from knowledge.model import Document

if TYPE_CHECKING:
    from knowledge.twins import TwinReport

_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A document and its twin; the one whose id comes first is on the left."""

    left: Document
    right: Document

    @property
    def mutual(self) -> bool:
        """Whether both name each other; the list of twins asks it."""
        return self.left.twin == self.right.id and self.right.twin == self.left.id


def pairs_of(rows: Sequence[DocumentRow]) -> tuple[list[Pair], list[Document]]:
    """Pair documents with their twins; also list those whose twin is missing, or that name none."""
    documents = {row.document.id: row.document for row in rows}
    named = {(d.id, d.twin) for d in documents.values() if d.twin in documents and d.twin != d.id}
    couples = sorted({tuple(sorted((one, str(other)))) for one, other in named})
    alone = set(documents) - {name for couple in couples for name in couple}
    pairs = [Pair(left=documents[one], right=documents[other]) for one, other in couples]
    return pairs, [documents[name] for name in sorted(alone)]


@dataclass(slots=True)
class TwinChecks:
    """Compares pairs, one at a time because it takes a core; what has not changed is not compared again."""

    _known: dict[tuple[str, ...], TwinReport] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def compare(self, pair: Pair) -> TwinReport:
        """Find what one side says and the other does not."""
        from knowledge.twins import compare_twins

        left, right = pair.left, pair.right
        key = (left.id, left.version, right.id, right.version)
        async with self._turn:
            if key not in self._known:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[key] = await asyncio.to_thread(
                    compare_twins, _titled(left), left.language, _titled(right), right.language
                )
        return self._known[key]


def _titled(document: Document) -> str:
    """Files have their title above the text, what staff write often has not: that is no difference."""
    text = document.markdown.lstrip()
    return text if text.startswith("# ") else f"# {document.title}\n\n{text}"
