"""Records and entries of the review of conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.records import HandoverRecord, MessageRecord, Payload, Rating, TraceRecord

HIDDEN = "."
"""Begins a word that is only in what masking hides, as no word of a text does."""

ANYTHING_HIDDEN = ".."
"""A word of every message of which something is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Words that all have to be in one message: whole ones, beginnings, and phrases as they are written.

    A phrase only narrows: the words in it belong into `words`, too. `hidden` also finds what masking hides;
    without it a phrase is looked for only in messages of which nothing is hidden.
    """

    words: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.words or self.beginnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilter:
    """Which conversations: every field narrows further, and the defaults are all of them.

    `since` and `until` (which is outside) are about messages of the founder; with `unanswered`, `unsure` or
    `unhelpful` about the very questions and ratings meant. `unsure` is a confidence (0-1) that some answer
    lies below; `person` is "#7" for a founder's number, otherwise a part of a name or user name.
    """

    since: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    language: str | None = None
    track: str | None = None
    tag: str | None = None
    person: str = ""
    unanswered: bool = False
    unsure: float | None = None
    unhelpful: bool = False
    handover: bool = False
    unreviewed: bool = False
    search: Search | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRecord:
    """A conversation in numbers, and how far it was reviewed."""

    conversation_id: int
    founder_id: int
    channel: str
    blocked_at: datetime | None
    last_message_id: int
    first_at: datetime
    last_at: datetime
    language: str | None
    turns: int
    questions: int
    unanswered: int
    lowest_confidence: float | None
    reviewed_message_id: int
    reviewed_by: int | None
    reviewed_at: datetime | None
    revision: int

    @property
    def reviewed(self) -> bool:
        """Whether somebody has seen all the founder wrote."""
        return self.reviewed_message_id >= self.last_message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """A line of the list: `said` is what the founder wrote last, or the last message a search found."""

    summary: SummaryRecord
    name: str
    username: str | None
    said: str
    said_message_id: int
    unhelpful: int
    tags: tuple[str, ...]
    tracks: tuple[str, ...]
    handover: HandoverRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    """Lines of a list; `total` ends one above what is counted, None was not asked for or is not counted."""

    rows: list[ConversationRow]
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptMessage:
    """A message with all that is known about it: the trace on the founder's, the rest on what answered."""

    message: MessageRecord
    trace: TraceRecord | None
    rating: Rating | None
    reason: str | None
    delivery: str | None
    delivery_error: str | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRecord:
    """What a member of staff wrote about a conversation, or about one message of it."""

    id: int
    conversation_id: int
    message_id: int | None
    staff_id: int
    text: str
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRecord:
    """Filters under a name; `query` is the query of the list's address."""

    id: int
    staff_id: int
    name: str
    query: str
    shared: bool
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """From which age on what is removed, in days; None keeps."""

    messages: int | None = None
    traces: int | None = None
    inbox: int | None = None
    files: int | None = None
    audit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRecord:
    """What one run removed, by class of data: {"days", "removed"}."""

    id: int
    started_at: datetime
    finished_at: datetime
    report: Mapping[str, Payload]
