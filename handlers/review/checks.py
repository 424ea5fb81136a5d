"""What a document must be before it can be saved: problems by field, for the page to show beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from storage.document_records import NewDocument

LONGEST_BODY = 200_000
"""Characters: a long book's chapter; beyond it nobody can review what is published."""
LONGEST_TITLE = 200
_MOST_SOURCES = 20
_LANGUAGE = re.compile(r"[a-z]{2,3}")

Code = Literal[
    "bad_address",
    "bad_date",
    "bad_id",
    "bad_language",
    "ends_before_it_begins",
    "missing",
    "no_text",
    "own_twin",
    "taken",
    "too_long",
    "too_many",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend: the field of NewDocument and what is wrong with it."""

    field: str
    code: Code


class DocumentRefused(Exception):
    """A document that cannot be saved as it is; `problems` say why, nothing was stored."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.code.replace('_', ' ')}" for one in problems))
        self.problems = problems


def check(new: NewDocument) -> None:
    """Raise DocumentRefused with everything that is wrong."""
    if problems := tuple(_problems(new)):
        raise DocumentRefused(problems)


def _problems(new: NewDocument) -> Iterator[Problem]:
    from knowledge.documents.front_matter import is_address, is_identifier

    if not is_identifier(new.id):
        yield Problem(field="id", code="bad_id")
    if not _LANGUAGE.fullmatch(new.language):
        yield Problem(field="language", code="bad_language")
    if not new.title.strip():
        yield Problem(field="title", code="missing")
    elif len(new.title) > LONGEST_TITLE:
        yield Problem(field="title", code="too_long")
    if len(new.markdown) > LONGEST_BODY:
        yield Problem(field="markdown", code="too_long")
    elif not _has_passages(new):
        yield Problem(field="markdown", code="no_text")
    if new.twin is not None and not is_identifier(new.twin):
        yield Problem(field="twin", code="bad_id")
    elif new.twin == new.id:
        yield Problem(field="twin", code="own_twin")
    if len(new.sources) > _MOST_SOURCES:
        yield Problem(field="sources", code="too_many")
    elif not all(is_address(address) for address in new.sources):
        yield Problem(field="sources", code="bad_address")
    if new.valid_from and new.valid_until and new.valid_from >= new.valid_until:
        yield Problem(field="valid_until", code="ends_before_it_begins")


def _has_passages(new: NewDocument) -> bool:
    from handlers.review.overlay import as_proposed
    from knowledge.chunking import chunk

    return any(any(map(str.isalnum, passage.text)) for passage in chunk(as_proposed(new)))
