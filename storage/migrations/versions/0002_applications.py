"""Applications: their answers, versions and history, the codes that join people, and files."""

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

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("founders", sa.Column("merged_into", NUMBER, nullable=True))
    op.add_column("conversations", json("interview", nullable=True))
    _create_applications()
    _create_answers()
    _create_history()
    _create_codes()
    _create_files()


def _create_applications() -> None:
    create(
        "applications",
        to("founder_id", "founders"),
        short("status", 10),
        text("track", nullable=True),
        text("number", nullable=True),
        text("language"),
        text("form_version"),
        count("revision"),
        flag("late"),
        time("created_at"),
        time("updated_at"),
        time("submitted_at", nullable=True),
        time("decided_at", nullable=True),
        time("amending_at", nullable=True),
        time("saved_receipt_at", nullable=True),
        time("reminders_stopped_at", nullable=True),
        sa.UniqueConstraint("number"),
        one_of("status", "draft", "submitted", "in_review", "accepted", "declined", "withdrawn"),
    )
    index("applications", "founder_id")
    index("applications", "status", "id")
    partial_index("uq_applications_draft", "applications", ["founder_id"], "status = 'draft'", unique=True)
    op.create_table(
        "application_numbers",
        sa.Column("year", sa.Integer(), primary_key=True, autoincrement=False),
        count("last"),
    )
    create(
        "application_members",
        to("application_id", "applications"),
        to("founder_id", "founders"),
        short("role", 6),
        time("joined_at"),
        sa.UniqueConstraint("application_id", "founder_id"),
        one_of("role", "owner", "member"),
    )
    index("application_members", "founder_id")


def _create_answers() -> None:
    create(
        "application_answers",
        to("application_id", "applications"),
        to("member_id", "founders", nullable=True),
        text("key"),
        json("data", nullable=True),
        text("wording"),
        flag("skipped"),
        short("sha256", 64, nullable=True),
        to("message_id", "messages", nullable=True),
        time("updated_at"),
    )
    name = "application_answers"
    index(name, "application_id")
    shared, own = ["application_id", "key"], ["member_id", "application_id", "key"]
    partial_index("uq_application_answers_shared", name, shared, "member_id IS NULL", unique=True)
    partial_index("uq_application_answers_own", name, own, "member_id IS NOT NULL", unique=True)
    partial_index("ix_application_answers_file", name, ["sha256"], "sha256 IS NOT NULL")


def _create_history() -> None:
    create(
        "application_versions",
        to("application_id", "applications"),
        count("version"),
        time("submitted_at"),
        json("snapshot"),
        json("files"),
        to("message_id", "messages", nullable=True),
        sa.UniqueConstraint("application_id", "version"),
    )
    create(
        "application_events",
        to("application_id", "applications"),
        time("at"),
        text("actor"),
        text("kind"),
        json("details"),
    )
    index("application_events", "application_id")
    create(
        "application_followups",
        to("application_id", "applications"),
        text("asked_by"),
        text("question"),
        time("asked_at"),
        text("answer", nullable=True),
        time("answered_at", nullable=True),
        to("message_id", "messages", nullable=True),
    )
    index("application_followups", "application_id")
    create(
        "application_reminders",
        to("application_id", "applications"),
        text("kind"),
        time("deadline"),
        time("at"),
        sa.UniqueConstraint("application_id", "kind", "deadline"),
    )


def _create_codes() -> None:
    create(
        "codes",
        short("purpose", 16),
        short("digest", 64),
        to("founder_id", "founders", nullable=True),
        to("application_id", "applications", nullable=True),
        time("created_at"),
        time("expires_at"),
        time("used_at", nullable=True),
        to("used_by", "founders", nullable=True),
        sa.UniqueConstraint("digest"),
        one_of("purpose", "link_account", "join_application", "link_staff"),
    )
    for column in ("founder_id", "used_by", "application_id"):
        index("codes", column)
    create("code_attempts", to("founder_id", "founders"), time("at"))
    index("code_attempts", "founder_id", "at")


def _create_files() -> None:
    create(
        "files",
        short("sha256", 64),
        to("founder_id", "founders"),
        text("name"),
        text("media_type"),
        count("size"),
        time("created_at"),
        sa.UniqueConstraint("sha256", "founder_id"),
    )
    index("files", "founder_id")


def downgrade() -> None:
    names = (
        "files",
        "code_attempts",
        "codes",
        "application_reminders",
        "application_followups",
        "application_events",
        "application_versions",
        "application_answers",
        "application_members",
        "application_numbers",
        "applications",
    )
    for name in names:
        op.drop_table(name)
    op.drop_column("conversations", "interview")
    op.drop_column("founders", "merged_into")
