"""Records and entries of the documents that staff write beside the program's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

DocumentOrigin = Literal["faq", "announcement", "edited", "uploaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document as it shall read from now on; one with the id of a file of the folder takes its place.

    `id` begins with the folder of its language ("en/announcement-7"), so that twins differ in it only;
    `markdown` is the body without front matter; `valid_until` is the first moment at which it is no longer
    true, `valid_from` the first at which it is.
    """

    id: str
    language: str
    title: str
    markdown: str
    origin: DocumentOrigin
    twin: str | None = None
    sources: Sequence[str] = ()
    as_of: date | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """One saved version; `number` is its row, `version` counts from 1 within the document.

    A `removed` version keeps the text it removed; the folder's file of that id, if any, counts again.
    `digest` is the SHA-256 of everything but who saved it and when.
    """

    number: int
    id: str
    version: int
    latest: bool
    removed: bool
    origin: DocumentOrigin
    language: str
    title: str
    markdown: str
    twin: str | None
    sources: tuple[str, ...]
    as_of: date | None
    valid_from: datetime | None
    valid_until: datetime | None
    sample: bool
    digest: str
    author: str
    staff_id: int | None
    note: str
    created_at: datetime

    @property
    def content(self) -> NewDocument:
        """What was saved, without who and when."""
        return NewDocument(**{name: getattr(self, name) for name in NewDocument.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentUse:
    """How often a document answered and how often it was only the nearest one or did not help."""

    document_id: str
    cited: int
    nearest: int
    unhelpful: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedQuestion:
    """A question that a document answered; `question` is empty after the founder erased themselves."""

    message_id: int
    conversation_id: int
    question: str
    language: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedQuestion:
    """A question that a document did not settle; `question` is empty after the founder erased themselves."""

    message_id: int
    conversation_id: int
    question: str
    language: str | None
    reason: Literal["refused", "not_helpful"]
    at: datetime
