"""The mapped classes: one a table, without relationships, so that nothing can load lazily by accident."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, or a later migration could not drop it on SQLite."""


def clean_text(value: str) -> str:
    """Replace NUL and lone surrogates by U+FFFD: PostgreSQL refuses both and nobody can read them."""
    if "\x00" in value:
        value = value.replace("\x00", "\ufffd")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        # Pairs of surrogates are one character that came in halves; only lone ones are lost.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def clean_json(value: Any) -> Any:
    """Copy a JSON-able value with every string cleaned and numbers that JSON cannot say turned to None."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


class CleanText(TypeDecorator[str]):
    """Text that both databases accept, whatever a network delivered."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean at the one edge that every statement passes."""
        return None if value is None else clean_text(value)


class CleanJson(TypeDecorator[Any]):
    """JSON (JSONB on PostgreSQL) with clean strings; None is SQL NULL."""

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Clean at the one edge that every statement passes."""
        return clean_json(value)


class Words(TypeDecorator[Any]):
    """The distinct words a message is found by: a tsvector on PostgreSQL, text for FTS5 on SQLite."""

    impl = Text().with_variant(TSVECTOR(), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> str | None:
        """Write words the way the database takes them; they are word characters, points and commas only."""
        if value is None:
            return None
        return " ".join(f"'{word}'" if dialect.name == "postgresql" else word for word in value)


class UtcTime(TypeDecorator[datetime]):
    """A moment: zone-aware on both sides, kept in UTC; SQLite has no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: it would silently mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Number = BigInteger().with_variant(Integer(), "sqlite")


class Table(DeclarativeBase):
    """Base of all tables; number ids have 64 bits and are never used again for another row."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: CleanText(), datetime: UtcTime()}


class Numbered:
    """Rows with a number as their key."""

    id: Mapped[int] = mapped_column(Number, primary_key=True, sort_order=-1)


def args(*constraints: Any) -> tuple[Any, ...]:
    """Give a numbered table its constraints and ids that are never used again."""
    return (*constraints, {"sqlite_autoincrement": True})


def only(columns: Sequence[str], name: str, where: str, *, unique: bool = False) -> Index:
    """Make an index over the rows that meet a condition."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def one_of(column: str, *values: str) -> CheckConstraint:
    """Allow a column these values only."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Founder(Numbered, Table):
    """A person; erasing leaves the bare row, so that counts over time stay true.

    `merged_into` is the founder that this one turned out to be; nothing points to a merged row any more.
    """

    __tablename__ = "founders"
    __table_args__ = args()

    language: Mapped[str | None]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    merged_into: Mapped[int | None] = mapped_column(Number)


class Identity(Numbered, Table):
    """A founder's account on one channel; removed by an erasure."""

    __tablename__ = "identities"
    __table_args__ = args(UniqueConstraint("channel", "sender"), Index(None, "founder_id"))

    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    channel: Mapped[str]
    sender: Mapped[str]
    name: Mapped[str]
    username: Mapped[str | None]
    language_hint: Mapped[str | None]
    created_at: Mapped[datetime]


class Conversation(Numbered, Table):
    """One chat; an erasure removes `chat`, so the next message from there starts a new one."""

    __tablename__ = "conversations"
    __table_args__ = args(UniqueConstraint("channel", "chat"), Index(None, "founder_id"))

    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    channel: Mapped[str]
    chat: Mapped[str | None]
    pending: Mapped[Any | None] = mapped_column(CleanJson)
    interview: Mapped[Any | None] = mapped_column(CleanJson)
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Message(Numbered, Table):
    """What was said, both ways; `words` are what it is found by, None until they are indexed."""

    __tablename__ = "messages"
    __table_args__ = args(
        one_of("direction", "in", "out"),
        Index(None, "conversation_id", "id"),
        Index(None, "founder_id"),
        only(["id"], "ix_messages_wordless", "words IS NULL"),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    founder_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))
    direction: Mapped[str] = mapped_column(String(3))
    external_id: Mapped[str | None]
    in_reply_to: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    kind: Mapped[str]
    text: Mapped[str]
    payload: Mapped[Any] = mapped_column(CleanJson)
    language: Mapped[str | None]
    created_at: Mapped[datetime]
    words: Mapped[Any | None] = mapped_column(Words)


class Inbox(Numbered, Table):
    """Raw updates, stored before the network hears that they arrived; contents go when handled."""

    __tablename__ = "inbox"
    __table_args__ = args(
        UniqueConstraint("channel", "update_id"),
        one_of("status", "pending", "handled", "failed", "unreadable"),
        Index(
            "ix_inbox_pending",
            "channel",
            "chat",
            "update_id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )

    channel: Mapped[str]
    update_id: Mapped[int] = mapped_column(BigInteger)
    chat: Mapped[str | None]
    payload: Mapped[str]
    status: Mapped[str] = mapped_column(String(10))
    worker: Mapped[str]
    error_code: Mapped[str | None]
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Outbox(Numbered, Table):
    """Replies to deliver; contents go when the outcome is final, the message keeps its own copy."""

    __tablename__ = "outbox"
    __table_args__ = args(
        one_of("status", "pending", "sending", "sent", "failed", "blocked", "erased"),
        Index(
            "ix_outbox_unsent",
            "channel",
            "id",
            sqlite_where=text("status IN ('pending', 'sending')"),
            postgresql_where=text("status IN ('pending', 'sending')"),
        ),
        Index(None, "message_id"),
    )

    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    channel: Mapped[str]
    chat: Mapped[str | None]
    payload: Mapped[Any | None] = mapped_column(CleanJson)
    status: Mapped[str] = mapped_column(String(10))
    worker: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    external_id: Mapped[str | None]
    error_code: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Trace(Numbered, Table):
    """How one turn went; also the row that a failed turn leaves."""

    __tablename__ = "traces"
    __table_args__ = args(
        UniqueConstraint("message_id"),
        Index(None, "conversation_id", "created_at"),
        Index(None, "created_at", "conversation_id"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    route: Mapped[str]
    question: Mapped[str]
    searched: Mapped[str]
    language: Mapped[str | None]
    answered: Mapped[bool | None]
    confidence: Mapped[float | None]
    passages: Mapped[Any] = mapped_column(CleanJson)
    timings: Mapped[Any] = mapped_column(CleanJson)
    index_version: Mapped[str | None]
    writer: Mapped[str | None]
    error_code: Mapped[str | None]
    created_at: Mapped[datetime]


class Feedback(Numbered, Table):
    """A founder's judgment of one answer: the last one counts."""

    __tablename__ = "feedback"
    __table_args__ = args(
        UniqueConstraint("answer_message_id"),
        one_of("rating", "helpful", "not_helpful"),
        Index(None, "founder_id"),
        only(["conversation_id", "created_at"], "ix_feedback_not_helpful", "rating = 'not_helpful'"),
        only(["created_at"], "ix_feedback_not_helpful_at", "rating = 'not_helpful'"),
    )

    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id"))
    answer_message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    rating: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Handover(Numbered, Table):
    """A wish to talk to a person; the partial index allows one open one a conversation.

    It waits while `taken_at` is NULL; after that it is in the hands of `staff_id`, who may follow it in a
    chat of their own (`relay_id`). `asked_at` is since when the founder waits for a word, NULL when they do
    not; `ending` says who or what closed it.
    """

    __tablename__ = "handovers"
    __table_args__ = args(
        one_of("status", "open", "cancelled", "closed"),
        Index(
            "uq_handovers_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
        Index(None, "founder_id"),
        only(["relay_id"], "ix_handovers_relay", "status = 'open'"),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    question_message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    status: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    relay_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id"))
    taken_at: Mapped[datetime | None]
    active_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    ending: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default="0")


class Worker(Table):
    """A process at work; `id` is its own name for itself, new at every start."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
