"""Staff and their audit log; announcements, their ledger, and what founders want to hear about."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import (
    NUMBER,
    count,
    create,
    flag,
    index,
    json,
    one_of,
    partial_index,
    short,
    text,
    time,
    to,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_IN_THE_LEDGER = (
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
)


def upgrade() -> None:
    _create_staff()
    op.add_column("codes", sa.Column("staff_id", NUMBER, nullable=True))
    _create_announcements()
    _create_changes()
    _create_ledger()
    _create_replies()
    _create_choices()
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), primary_key=True),
        text("holder"),
        time("expires_at"),
    )
    op.create_table("rate_shares", sa.Column("name", sa.Text(), primary_key=True), json("shares"))


def _create_staff() -> None:
    create(
        "staff",
        text("name"),
        short("role", 10),
        to("founder_id", "founders", nullable=True),
        text("language", nullable=True),
        time("created_at"),
        time("disabled_at", nullable=True),
        one_of("role", "owner", "editor", "reviewer", "viewer"),
        sa.UniqueConstraint("founder_id"),
    )
    op.create_table(
        "staff_menus",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("chat", sa.Text(), primary_key=True),
        text("shown"),
    )
    create(
        "audit_log",
        time("at"),
        to("staff_id", "staff", nullable=True),
        text("actor"),
        text("action"),
        text("object_kind", nullable=True),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        json("details"),
    )
    index("audit_log", "object_kind", "object_id")


def _create_announcements() -> None:
    create(
        "announcements",
        short("status", 10),
        json("texts"),
        text("link", nullable=True),
        json("file", nullable=True),
        text("topic", nullable=True),
        json("audience"),
        json("replies"),
        flag("urgent"),
        time("at", nullable=True),
        time("valid_until", nullable=True),
        to("created_by", "staff", nullable=True),
        to("watch_message_id", "messages", nullable=True),
        count("revision"),
        time("created_at"),
        time("updated_at"),
        time("confirmed_at", nullable=True),
        time("started_at", nullable=True),
        time("finished_at", nullable=True),
        one_of("status", "draft", "scheduled", "sending", "paused", "finished", "cancelled"),
    )
    partial_index("ix_announcements_active", "announcements", ["at"], "status IN ('scheduled', 'sending')")


def _create_changes() -> None:
    create(
        "announcement_changes",
        to("announcement_id", "announcements"),
        short("kind", 10),
        short("status", 10),
        to("created_by", "staff", nullable=True),
        time("created_at"),
        time("finished_at", nullable=True),
        one_of("kind", "edit", "delete"),
        one_of("status", "running", "finished", "cancelled"),
    )
    index("announcement_changes", "announcement_id")
    partial_index("ix_announcement_changes_running", "announcement_changes", ["id"], "status = 'running'")


def _create_ledger() -> None:
    create(
        "recipients",
        to("announcement_id", "announcements"),
        to("founder_id", "founders"),
        to("conversation_id", "conversations", nullable=True),
        text("channel", nullable=True),
        text("chat", nullable=True),
        text("language", nullable=True),
        short("status", 12),
        text("worker", nullable=True),
        count("attempts"),
        time("next_at", nullable=True),
        text("external_id", nullable=True),
        text("error_code", nullable=True),
        to("message_id", "messages", nullable=True),
        time("claimed_at", nullable=True),
        time("finished_at", nullable=True),
        to("change_id", "announcement_changes", nullable=True),
        short("changed", 10, nullable=True),
        sa.UniqueConstraint("announcement_id", "founder_id"),
        one_of("changed", "edited", "deleted", "refused"),
        one_of("status", *_IN_THE_LEDGER),
    )
    partial_index(
        "ix_recipients_unfinished",
        "recipients",
        ["announcement_id", "status", "id"],
        "status IN ('pending', 'claimed', 'sending')",
    )
    index("recipients", "founder_id")
    index("recipients", "message_id")


def _create_replies() -> None:
    create(
        "announcement_replies",
        to("announcement_id", "announcements"),
        to("founder_id", "founders"),
        text("choice"),
        time("at"),
        sa.UniqueConstraint("announcement_id", "founder_id"),
    )
    index("announcement_replies", "founder_id")


def _create_choices() -> None:
    create(
        "topic_choices",
        to("founder_id", "founders"),
        text("topic"),
        flag("subscribed"),
        to("announcement_id", "announcements", nullable=True),
        time("at"),
        sa.UniqueConstraint("founder_id", "topic"),
    )
    create(
        "founder_tags",
        to("founder_id", "founders"),
        text("tag"),
        time("at"),
        sa.UniqueConstraint("founder_id", "tag"),
    )
    index("founder_tags", "tag")


def downgrade() -> None:
    names = (
        "rate_shares",
        "leases",
        "founder_tags",
        "topic_choices",
        "announcement_replies",
        "recipients",
        "announcement_changes",
        "announcements",
        "audit_log",
        "staff_menus",
        "staff",
    )
    op.drop_column("codes", "staff_id")
    for name in names:
        op.drop_table(name)
