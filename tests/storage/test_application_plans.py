"""What a step of the interview asks the database stays quick, however many drafts there are."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from storage import (
    application_answers,
    application_members,
    application_reminders,
    applications,
    codes,
    conversations,
    founders,
)

DRAFTS = 10_000
WHEN = "2026-11-22 12:00:00"


@pytest.fixture(scope="module")
def many_drafts(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """A database of many open drafts with a few answers each."""
    path = tmp_path_factory.mktemp("many") / "founder-bot.db"
    path.write_bytes(sqlite_template.read_bytes())
    connection = sqlite3.connect(path)
    numbers = range(1, DRAFTS + 1)
    connection.executemany(
        "INSERT INTO founders (id, created_at) VALUES (?, ?)", [(n, WHEN) for n in numbers]
    )
    connection.executemany(
        "INSERT INTO applications (id, founder_id, status, language, form_version, revision, late,"
        " created_at, updated_at) VALUES (?, ?, 'draft', 'en', 'x', 0, 0, ?, ?)",
        [(n, n, WHEN, WHEN) for n in numbers],
    )
    connection.executemany(
        "INSERT INTO application_answers (application_id, key, data, wording, skipped, updated_at)"
        " VALUES (?, ?, '1', '1', 0, ?)",
        [(n, f"question_{key}", WHEN) for n in numbers for key in range(5)],
    )
    connection.commit()
    return connection


STATEMENTS: dict[str, Any] = {
    "the application": applications._GET,
    "the draft of a founder": applications._DRAFT,
    "the answers": application_answers._ANSWERS,
    "all answers": application_answers._ALL_ANSWERS,
    "claiming a change": applications._TAKE,
    "a shared answer": application_answers._upsert("sqlite", shared=True),
    "an answer of one's own": application_answers._upsert("sqlite", shared=False),
    "the members": application_members._MEMBERS,
    "the interview": conversations._SET_INTERVIEW,
    "who writes, with the application of the chat": founders.KNOWN["sqlite"],
    "a code": codes._FIND,
    "reminders": application_reminders._CANDIDATES,
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_of_a_step_uses_an_index(many_drafts: sqlite3.Connection, name: str) -> None:
    statement = str(STATEMENTS[name].compile(dialect=sqlite.dialect()))
    count = statement.count("?")
    plan = [row[-1] for row in many_drafts.execute("EXPLAIN QUERY PLAN " + statement, [1] * count).fetchall()]
    assert not [step for step in plan if step.startswith("SCAN")], plan
