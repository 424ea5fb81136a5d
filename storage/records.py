"""What comes out of the database: frozen copies of rows, times in UTC with their zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from storage.announcement_records import StaffRecord
    from storage.application_opening import OpenedApplication

Payload = Mapping[str, Any]
"""JSON-able mapping with string keys."""

Direction = Literal["in", "out"]
InboxStatus = Literal["pending", "handled", "failed", "unreadable"]
OutboxStatus = Literal["pending", "sending", "sent", "failed", "blocked", "erased"]
Rating = Literal["helpful", "not_helpful"]
HandoverStatus = Literal["open", "cancelled", "closed"]
HandoverEnding = Literal["staff", "founder", "idle", "erased"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """What `doctor` shows; `revision` is None for an empty database, `where` never holds a password."""

    dialect: str
    server_version: str
    where: str
    revision: str | None
    head: str
    writable: bool

    @property
    def current(self) -> bool:
        """Whether the schema is the one this code needs."""
        return self.revision == self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class FounderRecord:
    """A person; `language` is what they chose by hand, None while it follows their messages."""

    id: int
    language: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRecord:
    """One chat of one channel; `pending` is the small state between two messages, None for none.

    `interview` says where the chat stands in an application, None while it is not in one.
    """

    id: int
    channel: str
    chat: str
    founder_id: int
    pending: Payload | None
    blocked_at: datetime | None
    interview: Payload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who wrote and where: the founder, the identity they used and the conversation.

    `staff` is who of the program's people writes from this account; None for founders and the disabled.
    `opened` is the application that the chat is in, as far as it was looked up already.
    `handover` is the open one of this conversation that a person has taken, `relay` one that this person
    has taken and follows in this conversation.
    """

    founder: FounderRecord
    identity_id: int
    conversation: ConversationRecord
    staff: StaffRecord | None = None
    opened: OpenedApplication | None = None
    handover: int | None = None
    relay: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """One message of either direction; `in_reply_to` is the founder's message a reply answers."""

    id: int
    conversation_id: int
    founder_id: int | None
    direction: Direction
    external_id: str | None
    in_reply_to: int | None
    kind: str
    text: str
    payload: Payload
    language: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One message with what is known about it; the turn's trace is repeated on question and answer."""

    id: int
    time: datetime
    channel: str
    founder_id: int | None
    direction: Direction
    kind: str
    language: str | None
    text: str
    in_reply_to: int | None
    route: str | None
    answered: bool | None
    confidence: float | None
    milliseconds: float | None
    error_code: str | None
    citations: tuple[Payload, ...]
    rating: Rating | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRecord:
    """A stored update; `payload` is kept only until it is handled."""

    id: int
    channel: str
    update_id: int
    chat: str | None
    payload: str
    status: InboxStatus
    worker: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRecord:
    """A delivery; `attempts` counts the outcomes recorded so far."""

    id: int
    message_id: int | None
    channel: str
    chat: str
    payload: Payload
    status: OutboxStatus
    worker: str
    attempts: int
    next_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRecord:
    """How one turn went; see `entries.NewTrace` for the units."""

    id: int
    message_id: int
    conversation_id: int
    route: str
    question: str
    searched: str
    language: str | None
    answered: bool | None
    confidence: float | None
    passages: tuple[Payload, ...]
    timings: Mapping[str, float]
    index_version: str | None
    writer: str | None
    error_code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRecord:
    """A founder's judgment of one answer."""

    id: int
    answer_message_id: int
    founder_id: int
    rating: Rating
    reason: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRecord:
    """A founder's wish to talk to a person; `question_message_id` is what they had asked, if known.

    It waits while `taken_at` is None. `asked_at` is since when the founder waits for a word, None when they
    had the last one; `relay_id` is the staff's own chat it is followed in; `ending` is who or what closed it.
    """

    id: int
    conversation_id: int
    founder_id: int
    question_message_id: int | None
    status: HandoverStatus
    opened_at: datetime
    closed_at: datetime | None
    staff_id: int | None
    relay_id: int | None
    taken_at: datetime | None
    active_at: datetime | None
    asked_at: datetime | None
    reminded_at: datetime | None
    ending: HandoverEnding | None
    revision: int

    @property
    def taken(self) -> bool:
        """Whether a person talks now."""
        return self.status == "open" and self.taken_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedHandover:
    """An open handover and where it is; `question` is what the founder had asked, "" when unknown."""

    handover: HandoverRecord
    channel: str
    chat: str
    blocked_at: datetime | None
    name: str
    username: str | None
    language: str | None
    staff_name: str | None
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """A process that handles updates or sends replies, and when it last said so."""

    id: str
    kind: str
    started_at: datetime
    beat_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """What an erasure did: rows cleared or removed by kind, and what is kept, each with its reason."""

    erased: Mapping[str, int]
    kept: Mapping[str, str]
