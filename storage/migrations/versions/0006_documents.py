"""Documents that staff write, by version, gaps that they close, and files as answers to reviewers."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import (
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

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_documents()
    _create_uses()
    _create_gaps()
    op.add_column("application_followups", sa.Column("sha256", sa.String(64), nullable=True))


def _create_documents() -> None:
    create(
        "document_versions",
        text("document_id"),
        count("version"),
        flag("latest"),
        flag("removed"),
        short("origin", 12),
        text("language"),
        text("title"),
        text("markdown"),
        text("twin", nullable=True),
        json("sources"),
        sa.Column("as_of", sa.Date(), nullable=True),
        time("valid_from", nullable=True),
        time("valid_until", nullable=True),
        flag("sample"),
        short("digest", 64),
        text("author"),
        to("staff_id", "staff", nullable=True),
        text("note"),
        time("created_at"),
        one_of("origin", "faq", "announcement", "edited", "uploaded"),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_until IS NULL OR valid_from < valid_until", name="valid"
        ),
        sa.UniqueConstraint("document_id", "version"),
    )
    partial_index("uq_document_versions_latest", "document_versions", ["document_id"], "latest", unique=True)


def _create_uses() -> None:
    create(
        "document_uses",
        to("message_id", "messages"),
        text("document_id"),
        text("version"),
        flag("cited"),
        time("created_at"),
        sa.UniqueConstraint("message_id", "document_id"),
    )
    index("document_uses", "document_id", "cited", "message_id")
    index("document_uses", "created_at", "document_id", "cited")
    create(
        "document_days",
        sa.Column("day", sa.Date(), nullable=False),
        text("document_id"),
        count("cited"),
        count("nearest"),
        sa.UniqueConstraint("day", "document_id"),
    )
    partial_index("ix_feedback_not_helpful_at", "feedback", ["created_at"], "rating = 'not_helpful'")


def _create_gaps() -> None:
    create(
        "gap_groups",
        short("status", 10),
        count("revision"),
        json("draft", nullable=True),
        text("reason"),
        json("documents"),
        to("announcement_id", "announcements", nullable=True),
        to("staff_id", "staff", nullable=True),
        time("decided_at", nullable=True),
        time("created_at"),
        one_of("status", "open", "answered", "attached", "dismissed"),
    )
    index("gap_groups", "status")
    create(
        "gap_questions",
        to("message_id", "messages"),
        to("founder_id", "founders", nullable=True),
        to("group_id", "gap_groups", nullable=True),
        to("moved_from", "gap_groups", nullable=True),
        text("language"),
        short("reason", 12),
        sa.Column("meaning", sa.LargeBinary(), nullable=False),
        sa.Column("likeness", sa.Float(), nullable=False),
        time("asked_at"),
        to("announcement_id", "announcements", nullable=True),
        sa.UniqueConstraint("message_id"),
    )
    index("gap_questions", "group_id")
    index("gap_questions", "founder_id")
    index("gap_questions", "moved_from")


def downgrade() -> None:
    op.drop_column("application_followups", "sha256")
    op.drop_table("gap_questions")
    op.drop_table("gap_groups")
    op.drop_index("ix_feedback_not_helpful_at", "feedback")
    op.drop_table("document_days")
    op.drop_table("document_uses")
    op.drop_table("document_versions")
