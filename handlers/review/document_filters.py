"""The filters of the list of documents, as they stand in an address."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from handlers.review.catalog import DocumentRow

SORTS = ("id", "cited", "failed", "ends")
STATES = ("valid", "ending", "expired", "upcoming")
ORIGINS = ("folder", "edited", "faq", "announcement", "uploaded")
TWINS = ("there", "missing", "none")
_LONGEST = 200
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilters:
    """What the form of the list holds; every field is a text, and "" is not set."""

    q: str = ""
    language: str = ""
    state: str = ""
    origin: str = ""
    twin: str = ""
    failing: str = ""
    sort: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> DocumentFilters:
        """Read an address; what is no filter is left out."""
        values = {item.name: params.get(item.name, "").strip()[:_LONGEST] for item in fields(cls)}
        known = {"state": STATES, "origin": ORIGINS, "twin": TWINS, "sort": SORTS[1:], "failing": ("1",)}
        for name, choices in known.items():
            if values[name] not in choices:
                values[name] = ""
        return cls(**values)

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))

    @property
    def query(self) -> str:
        """The part of an address behind the question mark."""
        return urlencode({item.name: self[item.name] for item in fields(self) if self[item.name]})

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return any(self[item.name] for item in fields(self) if item.name != "sort")

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
