"""The mapped classes of applications, of the codes that join people, and of their files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import CleanJson, Number, Numbered, Table, args, one_of, only


class Application(Numbered, Table):
    """One founder's application; the partial index allows one draft a founder.

    `revision` grows with every change, so that two devices cannot overwrite each other.
    """

    __tablename__ = "applications"
    __table_args__ = args(
        one_of("status", "draft", "submitted", "in_review", "accepted", "declined", "withdrawn"),
        UniqueConstraint("number"),
        only(["founder_id"], "uq_applications_draft", "status = 'draft'", unique=True),
        Index(None, "founder_id"),
        Index(None, "status", "id"),
        Index(None, "submitted_at", "id"),
    )

    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    status: Mapped[str] = mapped_column(String(10))
    track: Mapped[str | None]
    number: Mapped[str | None]
    language: Mapped[str]
    form_version: Mapped[str]
    revision: Mapped[int]
    late: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    amending_at: Mapped[datetime | None]
    saved_receipt_at: Mapped[datetime | None]
    reminders_stopped_at: Mapped[datetime | None]


class ApplicationNumber(Table):
    """The last number given out in a year; its row is locked until the submission is committed."""

    __tablename__ = "application_numbers"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]


class ApplicationMember(Numbered, Table):
    """A co-founder of an application, or its owner."""

    __tablename__ = "application_members"
    __table_args__ = args(
        UniqueConstraint("application_id", "founder_id"),
        one_of("role", "owner", "member"),
        Index(None, "founder_id"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    role: Mapped[str] = mapped_column(String(6))
    joined_at: Mapped[datetime]


class ApplicationAnswer(Numbered, Table):
    """One answer; `member_id` is the founder who gave it for themselves, NULL for what all share."""

    __tablename__ = "application_answers"
    __table_args__ = args(
        only(["application_id", "key"], "uq_application_answers_shared", "member_id IS NULL", unique=True),
        only(
            ["member_id", "application_id", "key"],
            "uq_application_answers_own",
            "member_id IS NOT NULL",
            unique=True,
        ),
        Index(None, "application_id"),
        only(["sha256"], "ix_application_answers_file", "sha256 IS NOT NULL"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))
    key: Mapped[str]
    data: Mapped[Any | None] = mapped_column(CleanJson)
    wording: Mapped[str]
    skipped: Mapped[bool] = mapped_column(Boolean)
    sha256: Mapped[str | None] = mapped_column(String(64))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    updated_at: Mapped[datetime]


class ApplicationVersion(Numbered, Table):
    """An application as it was submitted, the first time and after every amendment."""

    __tablename__ = "application_versions"
    __table_args__ = args(UniqueConstraint("application_id", "version"))

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    version: Mapped[int]
    submitted_at: Mapped[datetime]
    snapshot: Mapped[Any] = mapped_column(CleanJson)
    files: Mapped[Any] = mapped_column(CleanJson)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class ApplicationEvent(Numbered, Table):
    """What happened to an application, when and by whom."""

    __tablename__ = "application_events"
    __table_args__ = args(Index(None, "application_id"))

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    details: Mapped[Any] = mapped_column(CleanJson)


class ApplicationFollowUp(Numbered, Table):
    """A question of the staff about an application, and its answer; `sha256` where that is a file."""

    __tablename__ = "application_followups"
    __table_args__ = args(Index(None, "application_id"))

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    asked_by: Mapped[str]
    question: Mapped[str]
    asked_at: Mapped[datetime]
    answer: Mapped[str | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    answered_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class ApplicationReminder(Numbered, Table):
    """A reminder that was sent: one of a kind for each deadline."""

    __tablename__ = "application_reminders"
    __table_args__ = args(UniqueConstraint("application_id", "kind", "deadline"))

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    kind: Mapped[str]
    deadline: Mapped[datetime]
    at: Mapped[datetime]


class Code(Numbered, Table):
    """A code that one person passes on to another chat; only its digest is known."""

    __tablename__ = "codes"
    __table_args__ = args(
        UniqueConstraint("digest"),
        one_of("purpose", "link_account", "join_application", "link_staff"),
        Index(None, "founder_id"),
        Index(None, "used_by"),
        Index(None, "application_id"),
    )

    purpose: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
    founder_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"))
    staff_id: Mapped[int | None] = mapped_column(Number)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))


class CodeAttempt(Numbered, Table):
    """A code typed in vain; too many within an hour close the door for a while."""

    __tablename__ = "code_attempts"
    __table_args__ = args(Index(None, "founder_id", "at"))

    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    at: Mapped[datetime]


class File(Numbered, Table):
    """A file that a founder sent; its content lies in the data folder under its SHA-256."""

    __tablename__ = "files"
    __table_args__ = args(UniqueConstraint("sha256", "founder_id"), Index(None, "founder_id"))

    sha256: Mapped[str] = mapped_column(String(64))
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    created_at: Mapped[datetime]
