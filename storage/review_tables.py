"""The mapped classes of what staff keep about conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import CleanJson, Number, Numbered, Table, args


class ConversationSummary(Table):
    """What lists of conversations show and filter by: a trigger on `traces` keeps it with every turn.

    `last_message_id` is the founder's last message and orders the lists; what is above
    `reviewed_message_id` nobody has reviewed.
    """

    __tablename__ = "conversation_summaries"
    __table_args__ = (Index(None, "last_message_id"),)

    conversation_id: Mapped[int] = mapped_column(Number, ForeignKey("conversations.id"), primary_key=True)
    last_message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    language: Mapped[str | None]
    turns: Mapped[int]
    questions: Mapped[int]
    unanswered: Mapped[int]
    lowest_confidence: Mapped[float | None]
    reviewed_message_id: Mapped[int] = mapped_column(Number, server_default="0")
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reviewed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(server_default="0")


class ConversationNote(Numbered, Table):
    """What a member of staff wrote about a conversation, or about one message of it."""

    __tablename__ = "conversation_notes"
    __table_args__ = args(Index(None, "conversation_id"))

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ConversationTag(Numbered, Table):
    """A word staff put on a conversation."""

    __tablename__ = "conversation_tags"
    __table_args__ = args(
        UniqueConstraint("conversation_id", "tag"),
        Index(None, "tag", "conversation_id"),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    tag: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]


class SavedView(Numbered, Table):
    """Filters under a name, as the query of the list's address; `shared` ones are there for all staff."""

    __tablename__ = "saved_views"
    __table_args__ = args(UniqueConstraint("staff_id", "name"))

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool] = mapped_column(Boolean)
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RetentionRun(Numbered, Table):
    """One night's removal of what is older than the settings allow, and how much that was."""

    __tablename__ = "retention_runs"
    __table_args__ = args()

    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    report: Mapped[Any] = mapped_column(CleanJson)
