"""Records and entries of gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage.records import Payload

GapStatus = Literal["open", "answered", "attached", "dismissed"]
GapReason = Literal["unanswered", "not_helpful"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledQuestion:
    """A question of a founder that got no answer, or one that did not help."""

    message_id: int
    founder_id: int | None
    language: str | None
    text: str
    reason: GapReason
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GapQuestionRecord:
    """A question with the group it is in; `likeness` (0-1) compares it with the group's first question.

    `moved_from` is the group that it was in before staff moved it.
    """

    id: int
    message_id: int
    conversation_id: int
    founder_id: int | None
    group_id: int | None
    moved_from: int | None
    language: str
    reason: GapReason
    likeness: float
    text: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GapGroupRecord:
    """A group; `revision` guards against two editors, `documents` are those that close it."""

    id: int
    status: GapStatus
    revision: int
    draft: Payload | None
    reason: str
    documents: Sequence[str]
    announcement_id: int | None
    staff_id: int | None
    decided_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GapMove:
    """How many questions staff moved from one group into another; `can_go_back` while the first is open."""

    source: int
    target: int
    questions: int
    can_go_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """A group in the list: its first question, how many people asked, in which languages, and when.

    `founder_id` asked the first question; `nearest` are the documents that its questions came to most often.
    """

    group: GapGroupRecord
    question: str
    founder_id: int | None
    language: str
    questions: int
    founders: int
    languages: Sequence[str]
    nearest: Sequence[str]
    first_at: datetime
    last_at: datetime
