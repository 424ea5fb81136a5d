"""How staff sign in to the console, and tokens of the API."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import NUMBER, create, flag, index, json, short, text, time, to

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_accounts()
    _create_sessions()
    _create_tries()
    _create_tokens()
    # The audit log is read by person and by action, newest first.
    index("audit_log", "staff_id", "id")
    index("audit_log", "action", "id")


def _create_accounts() -> None:
    op.create_table(
        "staff_accounts",
        sa.Column("staff_id", NUMBER, sa.ForeignKey("staff.id"), primary_key=True),
        text("login"),
        text("password_hash"),
        time("password_at"),
        text("totp_secret", nullable=True),
        time("totp_at", nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        json("recovery"),
        text("theme", nullable=True),
        sa.UniqueConstraint("login"),
    )


def _create_sessions() -> None:
    create(
        "staff_sessions",
        short("digest", 64),
        to("staff_id", "staff"),
        text("method"),
        flag("waits_for_code"),
        text("browser"),
        text("address"),
        time("created_at"),
        time("seen_at"),
        time("expires_at"),
        sa.UniqueConstraint("digest"),
    )
    index("staff_sessions", "staff_id")
    index("staff_sessions", "expires_at")
    create(
        "staff_links",
        short("digest", 64),
        to("staff_id", "staff"),
        time("created_at"),
        time("expires_at"),
        time("used_at", nullable=True),
        sa.UniqueConstraint("digest"),
    )
    index("staff_links", "staff_id")


def _create_tries() -> None:
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        time("until"),
    )
    index("sign_in_tries", "until")


def _create_tokens() -> None:
    create(
        "api_tokens",
        short("digest", 64),
        to("staff_id", "staff"),
        text("name"),
        text("hint"),
        json("scopes"),
        time("created_at"),
        time("expires_at", nullable=True),
        time("used_at", nullable=True),
        time("revoked_at", nullable=True),
        sa.UniqueConstraint("digest"),
    )
    index("api_tokens", "staff_id")


def downgrade() -> None:
    op.drop_index("ix_audit_log_action_id", "audit_log")
    op.drop_index("ix_audit_log_staff_id_id", "audit_log")
    for name in ("api_tokens", "sign_in_tries", "staff_links", "staff_sessions", "staff_accounts"):
        op.drop_table(name)
