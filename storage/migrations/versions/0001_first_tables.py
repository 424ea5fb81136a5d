"""First tables: people, what was said, what came in and goes out, and how turns went."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A step describes the tables as they were then, so it does not use the mapped classes of today.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_TIME = sa.DateTime(timezone=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _TIME, nullable=nullable)


def _status(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _to(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, sa.ForeignKey(f"{target}.id"), nullable=nullable)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def _create(name: str, *items: sa.schema.SchemaItem) -> None:
    op.create_table(name, _id(), *items, sqlite_autoincrement=True)


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    _create_people()
    _create_messages()
    _create_queues()
    _create_judgments()


def _create_people() -> None:
    _create(
        "founders", _text("language", nullable=True), _time("created_at"), _time("erased_at", nullable=True)
    )
    _create(
        "identities",
        _to("founder_id", "founders"),
        _text("channel"),
        _text("sender"),
        _text("name"),
        _text("username", nullable=True),
        _text("language_hint", nullable=True),
        _time("created_at"),
        sa.UniqueConstraint("channel", "sender"),
    )
    op.create_index("ix_identities_founder_id", "identities", ["founder_id"])
    _create(
        "conversations",
        _to("founder_id", "founders"),
        _text("channel"),
        _text("chat", nullable=True),
        sa.Column("pending", _JSON, nullable=True),
        _time("blocked_at", nullable=True),
        _time("created_at"),
        sa.UniqueConstraint("channel", "chat"),
    )
    op.create_index("ix_conversations_founder_id", "conversations", ["founder_id"])


def _create_messages() -> None:
    _create(
        "messages",
        _to("conversation_id", "conversations"),
        _to("founder_id", "founders", nullable=True),
        _status("direction", 3),
        _text("external_id", nullable=True),
        _to("in_reply_to", "messages", nullable=True),
        _text("kind"),
        _text("text"),
        sa.Column("payload", _JSON, nullable=False),
        _text("language", nullable=True),
        _time("created_at"),
        _one_of("direction", "in", "out"),
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation_id"])
    op.create_index("ix_messages_founder_id", "messages", ["founder_id"])
    _create(
        "traces",
        _to("message_id", "messages"),
        _to("conversation_id", "conversations"),
        *(_text(name) for name in ("route", "question", "searched")),
        _text("language", nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("passages", _JSON, nullable=False),
        sa.Column("timings", _JSON, nullable=False),
        *(_text(name, nullable=True) for name in ("index_version", "writer", "error_code")),
        _time("created_at"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index("ix_traces_conversation_id", "traces", ["conversation_id"])


def _create_queues() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), primary_key=True),
        _text("kind"),
        _time("started_at"),
        _time("beat_at"),
    )
    _create(
        "inbox",
        _text("channel"),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        _text("chat", nullable=True),
        _text("payload"),
        _status("status", 10),
        _text("worker"),
        _text("error_code", nullable=True),
        _time("received_at"),
        _time("finished_at", nullable=True),
        sa.UniqueConstraint("channel", "update_id"),
        _one_of("status", "pending", "handled", "failed", "unreadable"),
    )
    _partial_index("ix_inbox_pending", "inbox", ["channel", "chat", "update_id"], "status = 'pending'")
    _create(
        "outbox",
        _to("message_id", "messages", nullable=True),
        _text("channel"),
        _text("chat", nullable=True),
        sa.Column("payload", _JSON, nullable=True),
        _status("status", 10),
        _text("worker"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _time("next_at", nullable=True),
        *(_text(name, nullable=True) for name in ("external_id", "error_code")),
        _time("created_at"),
        _time("finished_at", nullable=True),
        _one_of("status", "pending", "sending", "sent", "failed", "blocked", "erased"),
    )
    _partial_index("ix_outbox_unsent", "outbox", ["channel", "id"], "status IN ('pending', 'sending')")
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])


def _create_judgments() -> None:
    _create(
        "feedback",
        _to("answer_message_id", "messages"),
        _to("founder_id", "founders"),
        _status("rating", 12),
        _text("reason", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        sa.UniqueConstraint("answer_message_id"),
        _one_of("rating", "helpful", "not_helpful"),
    )
    op.create_index("ix_feedback_founder_id", "feedback", ["founder_id"])
    _create(
        "handovers",
        _to("conversation_id", "conversations"),
        _to("founder_id", "founders"),
        _to("question_message_id", "messages", nullable=True),
        _status("status", 10),
        _time("opened_at"),
        _time("closed_at", nullable=True),
        _one_of("status", "open", "cancelled", "closed"),
    )
    _partial_index("uq_handovers_open", "handovers", ["conversation_id"], "status = 'open'", unique=True)
    op.create_index("ix_handovers_founder_id", "handovers", ["founder_id"])


def downgrade() -> None:
    for table in ("handovers", "feedback", "outbox", "inbox", "workers", "traces", "messages"):
        op.drop_table(table)
    for table in ("conversations", "identities", "founders"):
        op.drop_table(table)
