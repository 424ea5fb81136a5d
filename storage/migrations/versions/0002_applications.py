"""Applications: their answers, versions and history, the codes that join people, and files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
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


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _JSON, nullable=nullable)


def _short(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _to(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, sa.ForeignKey(f"{target}.id"), nullable=nullable)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def _create(name: str, *items: sa.schema.SchemaItem) -> None:
    op.create_table(name, _id(), *items, sqlite_autoincrement=True)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    op.add_column("founders", sa.Column("merged_into", _NUMBER, nullable=True))
    op.add_column("conversations", _json("interview", nullable=True))
    _create_applications()
    _create_answers()
    _create_history()
    _create_codes()
    _create_files()


def _create_applications() -> None:
    _create(
        "applications",
        _to("founder_id", "founders"),
        _short("status", 10),
        _text("track", nullable=True),
        _text("number", nullable=True),
        _text("language"),
        _text("form_version"),
        _count("revision"),
        _flag("late"),
        _time("created_at"),
        _time("updated_at"),
        _time("submitted_at", nullable=True),
        _time("decided_at", nullable=True),
        _time("amending_at", nullable=True),
        _time("saved_receipt_at", nullable=True),
        _time("reminders_stopped_at", nullable=True),
        sa.UniqueConstraint("number"),
        _one_of("status", "draft", "submitted", "in_review", "accepted", "declined", "withdrawn"),
    )
    _index("applications", "founder_id")
    _index("applications", "status", "id")
    _partial_index("uq_applications_draft", "applications", ["founder_id"], "status = 'draft'", unique=True)
    op.create_table(
        "application_numbers",
        sa.Column("year", sa.Integer(), primary_key=True, autoincrement=False),
        _count("last"),
    )
    _create(
        "application_members",
        _to("application_id", "applications"),
        _to("founder_id", "founders"),
        _short("role", 6),
        _time("joined_at"),
        sa.UniqueConstraint("application_id", "founder_id"),
        _one_of("role", "owner", "member"),
    )
    _index("application_members", "founder_id")


def _create_answers() -> None:
    _create(
        "application_answers",
        _to("application_id", "applications"),
        _to("member_id", "founders", nullable=True),
        _text("key"),
        _json("data", nullable=True),
        _text("wording"),
        _flag("skipped"),
        _short("sha256", 64, nullable=True),
        _to("message_id", "messages", nullable=True),
        _time("updated_at"),
    )
    name = "application_answers"
    _index(name, "application_id")
    shared, own = ["application_id", "key"], ["member_id", "application_id", "key"]
    _partial_index("uq_application_answers_shared", name, shared, "member_id IS NULL", unique=True)
    _partial_index("uq_application_answers_own", name, own, "member_id IS NOT NULL", unique=True)
    _partial_index("ix_application_answers_file", name, ["sha256"], "sha256 IS NOT NULL")


def _create_history() -> None:
    _create(
        "application_versions",
        _to("application_id", "applications"),
        _count("version"),
        _time("submitted_at"),
        _json("snapshot"),
        _json("files"),
        _to("message_id", "messages", nullable=True),
        sa.UniqueConstraint("application_id", "version"),
    )
    _create(
        "application_events",
        _to("application_id", "applications"),
        _time("at"),
        _text("actor"),
        _text("kind"),
        _json("details"),
    )
    _index("application_events", "application_id")
    _create(
        "application_followups",
        _to("application_id", "applications"),
        _text("asked_by"),
        _text("question"),
        _time("asked_at"),
        _text("answer", nullable=True),
        _time("answered_at", nullable=True),
        _to("message_id", "messages", nullable=True),
    )
    _index("application_followups", "application_id")
    _create(
        "application_reminders",
        _to("application_id", "applications"),
        _text("kind"),
        _time("deadline"),
        _time("at"),
        sa.UniqueConstraint("application_id", "kind", "deadline"),
    )


def _create_codes() -> None:
    _create(
        "codes",
        _short("purpose", 16),
        _short("digest", 64),
        _to("founder_id", "founders", nullable=True),
        _to("application_id", "applications", nullable=True),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _to("used_by", "founders", nullable=True),
        sa.UniqueConstraint("digest"),
        _one_of("purpose", "link_account", "join_application", "link_staff"),
    )
    for column in ("founder_id", "used_by", "application_id"):
        _index("codes", column)
    _create("code_attempts", _to("founder_id", "founders"), _time("at"))
    _index("code_attempts", "founder_id", "at")


def _create_files() -> None:
    _create(
        "files",
        _short("sha256", 64),
        _to("founder_id", "founders"),
        _text("name"),
        _text("media_type"),
        _count("size"),
        _time("created_at"),
        sa.UniqueConstraint("sha256", "founder_id"),
    )
    _index("files", "founder_id")


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
