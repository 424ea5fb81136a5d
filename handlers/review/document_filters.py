"""Filters of the list of documents."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from handlers.review.address import AddressFilters
from handlers.review.catalog import DocumentRow

SORTS = ("id", "cited", "failed", "ends")
STATES = ("valid", "ending", "expired", "upcoming")
ORIGINS = ("folder", "edited", "faq", "announcement", "uploaded")
TWINS = ("there", "missing", "none")
_KNOWN = {"state": STATES, "origin": ORIGINS, "twin": TWINS, "sort": SORTS[1:], "failing": ("1",)}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilters(AddressFilters):
    """What the list of documents is narrowed by, and its order."""

    q: str = ""
    language: str = ""
    state: str = ""
    origin: str = ""
    twin: str = ""
    failing: str = ""
    sort: str = ""

    @classmethod
    def _known(cls, name: str, value: str) -> str:
        return value if value in _KNOWN.get(name, (value,)) else ""

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(replace(self, sort="").query)

    def apply(self, rows: Sequence[DocumentRow]) -> list[DocumentRow]:
        """Pick and order rows."""
        return sorted(filter(self._wanted, rows), key=_ORDER[self.sort])

    def _wanted(self, row: DocumentRow) -> bool:
        document = row.document
        words = _plain(self.q).split()
        text = _plain(f"{document.title} {document.id} {document.markdown}") if words else ""
        return (
            all(word in text for word in words)
            and self.language in ("", document.language)
            and self.state in ("", row.state)
            and self.origin in ("", row.origin)
            and self.twin in ("", twin_of(row))
            and (not self.failing or failures(row) > 0)
        )


def twin_of(row: DocumentRow) -> str:
    """Tell whether a row names a twin that is there, one that is missing, or none."""
    if row.document.twin is None:
        return "none"
    return "missing" if row.twin_missing else "there"


def failures(row: DocumentRow) -> int:
    """Count the questions a document came to and did not settle."""
    return row.use.nearest + row.use.unhelpful


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


_ORDER: Mapping[str, Callable[[DocumentRow], Any]] = {
    "": lambda row: row.document.id,
    "cited": lambda row: (-row.use.cited, row.document.id),
    "failed": lambda row: (-failures(row), row.document.id),
    "ends": lambda row: (row.document.valid_until or _NEVER, row.document.id),
}
