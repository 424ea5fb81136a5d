"""The mapped classes of staff and announcements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import CleanJson, Numbered, Table, args, one_of, only

_UNFINISHED = "status IN ('pending', 'claimed', 'sending')"


class Staff(Numbered, Table):
    """A person of the program; `founder_id` is their own chat account, once linked by a code."""

    __tablename__ = "staff"
    __table_args__ = args(
        one_of("role", "owner", "editor", "reviewer", "viewer"),
        UniqueConstraint("founder_id"),
    )

    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(10))
    founder_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))
    language: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class StaffMenu(Table):
    """A chat whose menu of commands is one of staff, and which: a role and a language."""

    __tablename__ = "staff_menus"

    channel: Mapped[str] = mapped_column(primary_key=True)
    chat: Mapped[str] = mapped_column(primary_key=True)
    shown: Mapped[str]


class AuditEntry(Numbered, Table):
    """What a member of staff did, and when; never changed, but for words that /forget takes out."""

    __tablename__ = "audit_log"
    __table_args__ = args(
        Index(None, "object_kind", "object_id"), Index(None, "staff_id", "id"), Index(None, "action", "id")
    )

    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    actor: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str | None]
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    details: Mapped[Any] = mapped_column(CleanJson)


class Announcement(Numbered, Table):
    """News of the program, by language; `audience` and `replies` as `announcement_records` describes them."""

    __tablename__ = "announcements"
    __table_args__ = args(
        one_of("status", "draft", "scheduled", "sending", "paused", "finished", "cancelled"),
        only(["at"], "ix_announcements_active", "status IN ('scheduled', 'sending')"),
    )

    status: Mapped[str] = mapped_column(String(10))
    texts: Mapped[Any] = mapped_column(CleanJson)
    link: Mapped[str | None]
    file: Mapped[Any | None] = mapped_column(CleanJson)
    topic: Mapped[str | None]
    audience: Mapped[Any] = mapped_column(CleanJson)
    replies: Mapped[Any] = mapped_column(CleanJson)
    urgent: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    watch_message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Recipient(Numbered, Table):
    """One line of the ledger: one founder of one announcement, and what became of it."""

    __tablename__ = "recipients"
    __table_args__ = args(
        UniqueConstraint("announcement_id", "founder_id"),
        one_of(
            "status",
            "pending",
            "claimed",
            "sending",
            "sent",
            "failed",
            "blocked",
            "unsubscribed",
            "erased",
            "no_channel",
            "unknown",
            "cancelled",
        ),
        one_of("changed", "edited", "deleted", "refused"),
        only(["announcement_id", "status", "id"], "ix_recipients_unfinished", _UNFINISHED),
        Index(None, "founder_id"),
        Index(None, "message_id"),
    )

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"))
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id"))
    channel: Mapped[str | None]
    chat: Mapped[str | None]
    language: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(12))
    worker: Mapped[str | None]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    external_id: Mapped[str | None]
    error_code: Mapped[str | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    change_id: Mapped[int | None] = mapped_column(ForeignKey("announcement_changes.id"))
    changed: Mapped[str | None] = mapped_column(String(10))


class AnnouncementChange(Numbered, Table):
    """An order to edit or delete what was sent; `recipients.changed` says for whom it worked."""

    __tablename__ = "announcement_changes"
    __table_args__ = args(
        one_of("kind", "edit", "delete"),
        one_of("status", "running", "finished", "cancelled"),
        Index(None, "announcement_id"),
        only(["id"], "ix_announcement_changes_running", "status = 'running'"),
    )

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"))
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class AnnouncementReply(Numbered, Table):
    """The button a founder pressed under an announcement; the last press counts."""

    __tablename__ = "announcement_replies"
    __table_args__ = args(UniqueConstraint("announcement_id", "founder_id"), Index(None, "founder_id"))

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"))
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    choice: Mapped[str]
    at: Mapped[datetime]


class TopicChoice(Numbered, Table):
    """What a founder wants to hear about; no row means subscribed."""

    __tablename__ = "topic_choices"
    __table_args__ = args(UniqueConstraint("founder_id", "topic"))

    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    topic: Mapped[str]
    subscribed: Mapped[bool] = mapped_column(Boolean)
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcements.id"))
    at: Mapped[datetime]


class FounderTag(Numbered, Table):
    """A word staff put on a founder, such as a cohort."""

    __tablename__ = "founder_tags"
    __table_args__ = args(UniqueConstraint("founder_id", "tag"), Index(None, "tag"))

    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    tag: Mapped[str]
    at: Mapped[datetime]


class Lease(Table):
    """A right that one process holds at a time, until it expires."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]


class RateShare(Table):
    """How many messages a second each process may send by a bot that several processes speak for."""

    __tablename__ = "rate_shares"

    name: Mapped[str] = mapped_column(primary_key=True)
    shares: Mapped[Any] = mapped_column(CleanJson)
