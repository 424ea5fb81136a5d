"""What the pages of documents count, with 10,000 and 1,000,000 questions, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from benchmarks.tables import table
from storage.database import Database, UnitOfWork
from storage.migrate import upgrade
from tests.databases import find_postgres, new_database

SIZES = (10_000, 1_000_000)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SINCE = (NOW - timedelta(days=90)).date()
_REPEATS = 20
_NUMBERS = {
    "sqlite": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {count})",
    "postgresql": "WITH t AS (SELECT n FROM generate_series(1::bigint, {count}) AS n)",
}
_AT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '{now}', '-' || (31536000.0 * ({count} - n) / {count}) || ' s"
    "econds')",
    "postgresql": "timestamptz '{now}' - interval '1 second' * (31536000.0 * ({count} - n) / {count})",
}
_FILL = (
    "INSERT INTO founders (id, created_at) VALUES (1, '{now}')",
    "INSERT INTO conversations (id, founder_id, channel, chat, created_at)"
    " VALUES (1, 1, 'telegram', '1', '{now}')",
    "INSERT INTO messages (id, conversation_id, founder_id, direction, kind, text, payload, created_at)"
    " {numbers} SELECT 2 * n - 1, 1, 1, 'in', 'text', 'How much is the rent of a desk?', '{{}}', {at} FROM t",
    "INSERT INTO messages (id, conversation_id, founder_id, direction, kind, in_reply_to, text, payload,"
    " created_at) {numbers} SELECT 2 * n, 1, 1, 'out', 'reply', 2 * n - 1, 'A desk is free.', '{{}}', {at}"
    " FROM t",
    "INSERT INTO traces (message_id, conversation_id, route, question, searched, answered, passages, timings,"
    " created_at) {numbers} SELECT 2 * n - 1, 1, 'ask', 'How much is the rent of a desk?', '', n % 5 > 0,"
    " '[]', '{{}}', {at} FROM t",
    # Sixty documents, some much more often than others; a fifth of the questions is refused.
    "INSERT INTO document_uses (message_id, document_id, version, cited, created_at) {numbers}"
    " SELECT 2 * n - 1, 'd' || ((n * 7919 % 1000) * (n * 7919 % 1000) / 16667), '1', n % 5 > 0, {at} FROM t",
    "INSERT INTO document_uses (message_id, document_id, version, cited, created_at) {numbers}"
    " SELECT 2 * n - 1, 'e' || ((n * 104729 % 1000) * (n * 104729 % 1000) / 16667), '1', true, {at} FROM t"
    " WHERE n % 5 > 1",
    # One answer in twenty is rated, a third of the ratings says that it did not help.
    "INSERT INTO feedback (answer_message_id, conversation_id, founder_id, rating, created_at, updated_at)"
    " {numbers}"
    " SELECT 2 * n, 1, 1, CASE n % 3 WHEN 0 THEN 'not_helpful' ELSE 'helpful' END, {at}, {at} FROM t"
    " WHERE n % 20 = 1",
)


async def fill(url: str, count: int) -> None:
    """Store a year of questions in a migrated database without rows."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    words = {"now": NOW.strftime("%Y-%m-%d %H:%M:%S") + ("" if kind == "sqlite" else "+00"), "count": count}
    words |= {"numbers": _NUMBERS[kind].format(**words), "at": _AT[kind].format(**words)}
    statements = [statement.format(**words) for statement in _FILL]
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            for statement in ("DROP TRIGGER traces_note_turn", *statements, "ANALYZE"):
                file.execute(statement)
            file.commit()
        return
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    for statement in ("ALTER TABLE traces DISABLE TRIGGER USER", *statements, "VACUUM ANALYZE"):
        await server.execute(statement, timeout=600)
    await server.close()


async def measure(url: str, count: int) -> dict[str, float]:
    """Milliseconds of what the pages ask for, and seconds of adding all days up."""
    upgrade(url)
    await fill(url, count)
    database = Database.open(url, clock=lambda: NOW)

    async def often() -> float:
        def since(work: UnitOfWork) -> Awaitable[object]:
            return work.document_uses.since(SINCE)

        return await _slow(database, since)

    async def failed(name: str) -> float:
        return await _slow(database, lambda work: work.document_uses.failed(name, SINCE))

    found = {"counts, no day added up": await often()}
    started = time.perf_counter()
    days = 0
    while await _add_day(database):
        days += 1
    found["adding up all days"] = (time.perf_counter() - started) * 1000
    found["counts"] = await often()
    found["failed questions, often cited"] = await failed("d0")
    found["failed questions, seldom cited"] = await failed("e59")
    await database.close()
    print(f"{url.partition(':')[0]}, {count:,}: {found}", file=sys.stderr)
    return found


async def _add_day(database: Database) -> bool:
    async with database.unit_of_work() as work:
        return await work.document_uses.add_day() is not None


async def _slow(database: Database, ask: Callable[[UnitOfWork], Awaitable[object]]) -> float:
    """The 95th percentile of milliseconds; the first time is not counted."""
    taken = []
    for _ in range(_REPEATS + 1):
        started = time.perf_counter()
        async with database.unit_of_work(read_only=True) as work:
            await ask(work)
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken[1:])[int(_REPEATS * 0.95) - 1]


def main() -> None:
    """Fill both databases in both sizes and print the table."""
    columns: dict[str, dict[str, float]] = {}
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'documents.db'}"
            columns[f"SQLite, {count:,}"] = asyncio.run(measure(url, count))
    server = find_postgres()
    try:
        for count in SIZES:
            with new_database(server.url, f"documents_{count}") as url:
                columns[f"PostgreSQL, {count:,}"] = asyncio.run(measure(url, count))
    finally:
        server.close()
    names = next(iter(columns.values()))
    rows = [[name, *(column[name] for column in columns.values())] for name in names]
    table("What the pages of documents count, milliseconds at the 95th percentile", ["", *columns], rows)
