"""The mapped classes of gaps: questions that were not settled, and the groups they are in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import CleanJson, Numbered, Table, args, one_of


class GapGroup(Numbered, Table):
    """Questions that one text would answer; `draft` is the answer as it is being written."""

    __tablename__ = "gap_groups"
    __table_args__ = args(
        one_of("status", "open", "answered", "attached", "dismissed"), Index(None, "status")
    )

    status: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    draft: Mapped[Any | None] = mapped_column(CleanJson)
    reason: Mapped[str]
    documents: Mapped[Any] = mapped_column(CleanJson)
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcements.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class GapQuestion(Numbered, Table):
    """A question that was not settled; its words stay in the trace, where erasure finds them.

    `announcement_id` is what told its founder the answer, `moved_from` the group that staff took it out of.
    """

    __tablename__ = "gap_questions"
    __table_args__ = args(Index(None, "group_id"), Index(None, "founder_id"), Index(None, "moved_from"))

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    founder_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("gap_groups.id"))
    moved_from: Mapped[int | None] = mapped_column(ForeignKey("gap_groups.id"))
    language: Mapped[str]
    reason: Mapped[str] = mapped_column(String(12))
    meaning: Mapped[bytes] = mapped_column(LargeBinary)
    likeness: Mapped[float] = mapped_column(Float)
    asked_at: Mapped[datetime]
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcements.id"))
