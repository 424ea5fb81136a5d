"""What staff note about conversations, full-text search, and handovers that a person takes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.migrations.columns import (
    NUMBER,
    TIME,
    count,
    create,
    flag,
    index,
    json,
    partial_index,
    text,
    time,
    to,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORDS = sa.Text().with_variant(TSVECTOR(), "postgresql")
_HANDOVER_COLUMNS = ("taken_at", "active_at", "asked_at", "reminded_at")


def upgrade() -> None:
    _add_columns()
    _create_annotations()
    _create_summaries()
    index("applications", "submitted_at", "id")
    if op.get_bind().dialect.name == "sqlite":
        _follow_on_sqlite()
    else:
        _follow_on_postgresql()


def _add_columns() -> None:
    op.add_column("messages", sa.Column("words", _WORDS, nullable=True))
    partial_index("ix_messages_wordless", "messages", ["id"], "words IS NULL")
    # The newest messages of a conversation are read from its end.
    index("messages", "conversation_id", "id")
    op.drop_index("ix_messages_conversation_id", "messages")
    # Days of one conversation, and the conversations of a day.
    index("traces", "conversation_id", "created_at")
    op.drop_index("ix_traces_conversation_id", "traces")
    index("traces", "created_at", "conversation_id")
    _refer("feedback", "conversation_id", "conversations")
    op.execute(
        "UPDATE feedback SET conversation_id ="
        " (SELECT m.conversation_id FROM messages m WHERE m.id = feedback.answer_message_id)"
    )
    partial_index(
        "ix_feedback_not_helpful", "feedback", ["conversation_id", "created_at"], "rating = 'not_helpful'"
    )
    _refer("handovers", "staff_id", "staff")
    _refer("handovers", "relay_id", "conversations")
    for name in _HANDOVER_COLUMNS:
        op.add_column("handovers", sa.Column(name, TIME, nullable=True))
    op.add_column("handovers", sa.Column("ending", sa.Text(), nullable=True))
    op.add_column("handovers", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE handovers SET asked_at = opened_at")
    partial_index("ix_handovers_relay", "handovers", ["relay_id"], "status = 'open'")


def _refer(table: str, column: str, target: str) -> None:
    """Add a column that refers to another table, in words that SQLite takes without rebuilding the table."""
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    name = f"fk_{table}_{column}_{target}"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {number} CONSTRAINT {name} REFERENCES {target} (id)")


def _create_annotations() -> None:
    create(
        "conversation_notes",
        to("conversation_id", "conversations"),
        to("message_id", "messages", nullable=True),
        to("staff_id", "staff"),
        text("text"),
        count("revision"),
        time("created_at"),
        time("updated_at"),
    )
    index("conversation_notes", "conversation_id")
    create(
        "conversation_tags",
        to("conversation_id", "conversations"),
        text("tag"),
        to("staff_id", "staff", nullable=True),
        time("created_at"),
        sa.UniqueConstraint("conversation_id", "tag"),
    )
    index("conversation_tags", "tag", "conversation_id")
    create(
        "saved_views",
        to("staff_id", "staff"),
        text("name"),
        text("query"),
        flag("shared"),
        count("revision"),
        time("created_at"),
        time("updated_at"),
        sa.UniqueConstraint("staff_id", "name"),
    )
    create("retention_runs", time("started_at"), time("finished_at"), json("report"))


def _create_summaries() -> None:
    op.create_table(
        "conversation_summaries",
        sa.Column("conversation_id", NUMBER, sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("last_message_id", NUMBER, sa.ForeignKey("messages.id"), nullable=False),
        time("first_at"),
        time("last_at"),
        text("language", nullable=True),
        count("turns"),
        count("questions"),
        count("unanswered"),
        sa.Column("lowest_confidence", sa.Double(), nullable=True),
        sa.Column("reviewed_message_id", NUMBER, nullable=False, server_default="0"),
        to("reviewed_by", "staff", nullable=True),
        time("reviewed_at", nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="0"),
    )
    index("conversation_summaries", "last_message_id")
    op.execute(
        "INSERT INTO conversation_summaries (conversation_id, last_message_id, first_at, last_at,"
        " turns, questions, unanswered, lowest_confidence)"
        " SELECT conversation_id, max(message_id), min(created_at), max(created_at),"
        " count(*), sum(CASE WHEN answered IS NULL THEN 0 ELSE 1 END),"
        " sum(CASE WHEN answered IS FALSE THEN 1 ELSE 0 END),"
        " min(CASE WHEN answered THEN confidence END)"
        " FROM traces GROUP BY conversation_id"
    )
    op.execute(
        "UPDATE conversation_summaries SET language ="
        " (SELECT t.language FROM traces t WHERE t.message_id = last_message_id)"
    )


_NOTE_TURN = """
INSERT INTO conversation_summaries (conversation_id, last_message_id, first_at, last_at, language,
    turns, questions, unanswered, lowest_confidence)
VALUES (NEW.conversation_id, NEW.message_id, NEW.created_at, NEW.created_at, NEW.language, 1,
    CASE WHEN NEW.answered IS NULL THEN 0 ELSE 1 END,
    CASE WHEN NEW.answered IS FALSE THEN 1 ELSE 0 END,
    CASE WHEN NEW.answered THEN NEW.confidence END)
ON CONFLICT (conversation_id) DO UPDATE SET
    last_message_id = {greatest}(conversation_summaries.last_message_id, excluded.last_message_id),
    last_at = excluded.last_at,
    language = coalesce(excluded.language, conversation_summaries.language),
    turns = conversation_summaries.turns + 1,
    questions = conversation_summaries.questions + excluded.questions,
    unanswered = conversation_summaries.unanswered + excluded.unanswered,
    lowest_confidence = {least}(
        coalesce(conversation_summaries.lowest_confidence, excluded.lowest_confidence),
        coalesce(excluded.lowest_confidence, conversation_summaries.lowest_confidence));
"""
"""A trigger, because a statement of its own costs a turn ten times what the same work costs in here."""


def _follow_on_postgresql() -> None:
    op.execute("CREATE INDEX ix_messages_words ON messages USING gin (words)")
    body = _NOTE_TURN.format(greatest="greatest", least="least")
    op.execute(
        f"CREATE FUNCTION note_turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER traces_note_turn AFTER INSERT ON traces FOR EACH ROW EXECUTE FUNCTION note_turn()"
    )


def _follow_on_sqlite() -> None:
    body = _NOTE_TURN.format(greatest="max", least="min")
    op.execute(f"CREATE TRIGGER traces_note_turn AFTER INSERT ON traces BEGIN {body} END")
    op.execute(
        "CREATE VIRTUAL TABLE message_words USING fts5(words, content='messages', content_rowid='id',"
        " detail='none', tokenize=\"unicode61 remove_diacritics 0 tokenchars '.,'\")"
    )
    op.execute(
        "CREATE TRIGGER messages_words_added AFTER INSERT ON messages WHEN NEW.words <> '' BEGIN"
        " INSERT INTO message_words (rowid, words) VALUES (NEW.id, NEW.words); END"
    )
    drop = (
        "INSERT INTO message_words (message_words, rowid, words)"
        " SELECT 'delete', OLD.id, OLD.words WHERE OLD.words <> '';"
    )
    op.execute(
        f"CREATE TRIGGER messages_words_changed AFTER UPDATE OF words ON messages BEGIN {drop}"
        " INSERT INTO message_words (rowid, words) SELECT NEW.id, NEW.words WHERE NEW.words <> ''; END"
    )
    op.execute(f"CREATE TRIGGER messages_words_removed AFTER DELETE ON messages BEGIN {drop} END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "changed", "removed"):
            op.execute(f"DROP TRIGGER messages_words_{name}")
        op.execute("DROP TRIGGER traces_note_turn")
        op.execute("DROP TABLE message_words")
    else:
        op.execute("DROP TRIGGER traces_note_turn ON traces")
        op.execute("DROP FUNCTION note_turn()")
        op.drop_index("ix_messages_words", "messages")
    for table in (
        "conversation_summaries",
        "retention_runs",
        "saved_views",
        "conversation_tags",
        "conversation_notes",
    ):
        op.drop_table(table)
    op.drop_index("ix_applications_submitted_at_id", "applications")
    op.drop_index("ix_handovers_relay", "handovers")
    op.drop_index("ix_feedback_not_helpful", "feedback")
    op.drop_index("ix_traces_created_at_conversation_id", "traces")
    index("traces", "conversation_id")
    op.drop_index("ix_traces_conversation_id_created_at", "traces")
    op.drop_index("ix_messages_wordless", "messages")
    index("messages", "conversation_id")
    op.drop_index("ix_messages_conversation_id_id", "messages")
    with op.batch_alter_table("handovers") as handovers:
        for name in ("staff_id", "relay_id", *_HANDOVER_COLUMNS, "ending", "revision"):
            handovers.drop_column(name)
    with op.batch_alter_table("feedback") as feedback:
        feedback.drop_column("conversation_id")
    op.drop_column("messages", "words")
