"""The mapped classes of documents that staff write, and of what documents were good for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import CleanJson, Numbered, Table, args, one_of, only


class DocumentVersion(Numbered, Table):
    """One saved version of a document; only `latest` ever changes, and the partial index allows one."""

    __tablename__ = "document_versions"
    __table_args__ = args(
        one_of("origin", "faq", "announcement", "edited", "uploaded"),
        CheckConstraint(
            "valid_from IS NULL OR valid_until IS NULL OR valid_from < valid_until", name="valid"
        ),
        UniqueConstraint("document_id", "version"),
        only(["document_id"], "uq_document_versions_latest", "latest", unique=True),
    )

    document_id: Mapped[str]
    version: Mapped[int]
    latest: Mapped[bool] = mapped_column(Boolean)
    removed: Mapped[bool] = mapped_column(Boolean)
    origin: Mapped[str] = mapped_column(String(12))
    language: Mapped[str]
    title: Mapped[str]
    markdown: Mapped[str]
    twin: Mapped[str | None]
    sources: Mapped[Any] = mapped_column(CleanJson)
    as_of: Mapped[date | None] = mapped_column(Date)
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    sample: Mapped[bool] = mapped_column(Boolean)
    digest: Mapped[str] = mapped_column(String(64))
    author: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str]
    created_at: Mapped[datetime]


class DocumentUse(Numbered, Table):
    """A document that a question came to: cited in the answer, or the nearest one when it was refused."""

    __tablename__ = "document_uses"
    __table_args__ = args(
        UniqueConstraint("message_id", "document_id"),
        Index(None, "document_id", "cited", "message_id"),
        Index(None, "created_at", "document_id", "cited"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    document_id: Mapped[str]
    version: Mapped[str]
    cited: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]


class DocumentDay(Numbered, Table):
    """How often a document was cited, or only the nearest one, on a day of UTC that is over.

    Days are added in their order, so that whatever is after the last one is still to be counted.
    """

    __tablename__ = "document_days"
    __table_args__ = args(UniqueConstraint("day", "document_id"))

    day: Mapped[date] = mapped_column(Date)
    document_id: Mapped[str]
    cited: Mapped[int]
    nearest: Mapped[int]
