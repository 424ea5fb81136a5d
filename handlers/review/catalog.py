"""The documents of a program as staff look at them: what counts, since when, until when, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from knowledge.model import Document, Passage
from storage.document_records import (
    CitedQuestion,
    DocumentOrigin,
    DocumentRecord,
    DocumentUse,
    FailedQuestion,
)

ENDS_SOON = timedelta(days=14)
COUNTED = timedelta(days=90)
"""How far back citations and failures are counted."""

State = Literal["valid", "upcoming", "ending", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document of the list; `version` and `saved` are None for a file of the folder.

    `over_file` says that it stands in place of such a file, `twin_missing` that it names a twin that is not
    there, `published` that this process answers from it as it is.
    """

    document: Document
    origin: DocumentOrigin | Literal["folder"]
    version: int | None
    saved: DocumentRecord | None
    over_file: bool
    state: State
    passages: int
    twin_missing: bool
    published: bool
    use: DocumentUse


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """One document with its passages, all saved versions (newest first), what it answered and what it failed.

    `row` is None when it is removed and no file has its id; `file` is the folder's text below it.
    """

    row: DocumentRow | None
    file: Document | None
    passages: Sequence[Passage]
    history: Sequence[DocumentRecord]
    answered: Sequence[CitedQuestion]
    failed: Sequence[FailedQuestion]

    @property
    def based_on(self) -> int:
        """What the next save is based on."""
        return self.history[0].version if self.history else 0


def state_at(document: Document, now: datetime, soon: timedelta = ENDS_SOON) -> State:
    """Tell where a document stands between its dates."""
    if document.valid_until is not None and document.valid_until <= now:
        return "expired"
    if document.valid_from is not None and document.valid_from > now:
        return "upcoming"
    ends = document.valid_until is not None and document.valid_until <= now + soon
    return "ending" if ends else "valid"


def unused(document_id: str) -> DocumentUse:
    """The counts of a document that no question came to."""
    return DocumentUse(document_id=document_id, cited=0, nearest=0, unhelpful=0)
