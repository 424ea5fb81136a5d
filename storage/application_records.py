"""What comes out of the database about applications: frozen copies of rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from storage.records import Payload

ApplicationStatus = Literal["draft", "submitted", "in_review", "accepted", "declined", "withdrawn"]
MemberRole = Literal["owner", "member"]
CodePurpose = Literal["link_account", "join_application", "link_staff"]
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789"
"""No vowels, so that no word appears, and nothing that looks like something else."""

LENGTH = 8
CodeRefusal = Literal["unknown", "expired", "used", "own", "too_many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRecord:
    """One application; `revision` grows with every change, `amending_at` is set while it is being amended."""

    id: int
    founder_id: int
    status: ApplicationStatus
    track: str | None
    number: str | None
    language: str
    form_version: str
    revision: int
    late: bool
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    amending_at: datetime | None
    saved_receipt_at: datetime | None
    reminders_stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as stored: JSON-able `data`, `wording` as the founder wrote it."""

    data: Any
    wording: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChange:
    """What one step changes in an application that was read at `revision`, and in the chat it was made in.

    Answers are put and dropped by member (None: shared ones). `chat` is the conversation that now stands at
    `interview`, None when it stands where it did.
    """

    application_id: int
    revision: int
    message_id: int
    track: str | None
    language: str
    form_version: str
    put: Mapping[int | None, Mapping[str, StoredAnswer]] = field(default_factory=dict)
    drop: Mapping[int | None, Collection[str]] = field(default_factory=dict)
    chat: int | None = None
    interview: Payload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """A founder of an application; `name` is what their channel calls them, "" when it says nothing."""

    founder_id: int
    role: MemberRole
    joined_at: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """An application as it was submitted; `snapshot` is what the handlers handed in."""

    application_id: int
    version: int
    submitted_at: datetime
    snapshot: Payload
    message_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One line of an application's history."""

    id: int
    application_id: int
    at: datetime
    actor: str
    kind: str
    details: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRecord:
    """A question of the staff about an application; `answer` is None until it is answered.

    An answer with `sha256` is that file, under its name.
    """

    id: int
    application_id: int
    asked_by: str
    question: str
    asked_at: datetime
    answer: str | None
    sha256: str | None
    answered_at: datetime | None
    message_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderCandidate:
    """A draft or an amendment, and the chat where its founder can be written to about it."""

    application: ApplicationRecord
    conversation_id: int
    channel: str
    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRecord:
    """A code that was issued; the code itself is not known."""

    id: int
    purpose: CodePurpose
    founder_id: int | None
    application_id: int | None
    staff_id: int | None
    expires_at: datetime
    used_at: datetime | None


class CodeRefused(Exception):
    """A code cannot be used; `reason` says why."""

    def __init__(self, reason: CodeRefusal) -> None:
        super().__init__(reason)
        self.reason: CodeRefusal = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file that a founder sent; the content lies in the data folder."""

    sha256: str
    founder_id: int
    name: str
    media_type: str
    size: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationExport:
    """One application for a spreadsheet or a reviewer: all answers by member (None: shared) and key.

    Of one that is being amended the answers are those submitted last: what is not handed in is nobody's.
    """

    application: ApplicationRecord
    members: tuple[MemberRecord, ...]
    answers: Mapping[int | None, Mapping[str, StoredAnswer]]
    versions: int
    files: tuple[FileRecord, ...]
    questions: tuple[FollowUpRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilter:
    """Which applications: every field narrows further; drafts are never among them.

    `since` and `until` (which is outside) are about the first submission. `words` are part of the number, or
    of the answer to the question `title`.
    """

    track: str | None = None
    status: ApplicationStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationLine:
    """An application in the list: the answer to the title question, and questions of staff not answered."""

    application: ApplicationRecord
    title: str
    unanswered: int
