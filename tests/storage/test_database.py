from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from storage.database import Database
from storage.errors import (
    DatabaseInvalid,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnavailable,
    StorageError,
)
from tests.databases import LocalServer, Server
from tests.storage.builders import a_person, asked, asks, stored, update

PASSWORD = "hunter2-geheim"
ROOT = Path(__file__).resolve().parents[2]
STORES_FIVE_THEN_DIES = """
import asyncio, os, signal, sys
from storage.database import Database
from tests.storage.builders import stored

async def main():
    database = Database.open(sys.argv[1])
    for number in range(5):
        await stored(database, number)
    async with database.unit_of_work() as work:
        await work.inbox.mark_handled([1])
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
CUT_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_many_writers_at_once_queue_and_none_fails(database: Database) -> None:
    person = await a_person(database)

    async def write() -> None:
        async with database.unit_of_work() as work:
            await work.messages.recent(person.conversation.id, 1)
            await asks(work, person)

    await asyncio.gather(*(write() for _ in range(150)))
    async with database.unit_of_work(read_only=True) as work:
        assert len(await work.messages.recent(person.conversation.id, 1000)) == 150


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    await stored(database, 1)
    async with database.unit_of_work() as writing:
        await writing.inbox.store("telegram", "w1", [update(2)])
        async with asyncio.timeout(2), database.unit_of_work(read_only=True) as reading:
            assert await reading.inbox.counts() == {"pending": 1}


async def test_writers_of_two_processes_share_one_file(sqlite_url: str) -> None:
    first, second = Database.open(sqlite_url), Database.open(sqlite_url)
    await asyncio.gather(*(stored((first, second)[number % 2], number) for number in range(60)))
    async with first.unit_of_work(read_only=True) as work:
        assert await work.inbox.counts() == {"pending": 60}
    await first.close()
    await second.close()


async def test_a_lock_held_by_another_process_is_waited_for(sqlite_url: str, tmp_path: Path) -> None:
    database = Database.open(sqlite_url, lock_timeout=10)
    other = sqlite3.connect(tmp_path / "founder-bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(stored(database, 1))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    other.execute("ROLLBACK")
    assert len(await waiting) == 1
    other.close()
    await database.close()


async def test_a_lock_held_for_too_long_is_explained_and_passes(sqlite_url: str, tmp_path: Path) -> None:
    database = Database.open(sqlite_url, lock_timeout=0.2)
    other = sqlite3.connect(tmp_path / "founder-bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLocked, match="locked by another process") as caught:
        await stored(database, 1)
    assert caught.value.retryable
    async with database.unit_of_work(read_only=True) as work:
        assert await work.inbox.counts() == {}
    other.execute("ROLLBACK")
    other.close()
    assert len(await stored(database, 1)) == 1
    await database.close()


async def test_a_canceled_unit_of_work_frees_the_lock_and_leaves_nothing(database: Database) -> None:
    started = asyncio.Event()

    async def hang() -> None:
        async with database.unit_of_work() as work:
            await work.inbox.store("telegram", "w1", [update(1)])
            started.set()
            await asyncio.sleep(60)

    hanging = asyncio.create_task(hang())
    await started.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    async with asyncio.timeout(3):
        assert len(await stored(database, 1)) == 1


async def test_units_of_work_canceled_at_any_moment_leave_a_usable_database(database: Database) -> None:
    for number in range(40):
        task = asyncio.create_task(stored(database, number))
        await asyncio.sleep(number * 0.0002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(await stored(database, 1000)) == 1


async def test_a_unit_inside_a_unit_is_a_mistake_that_is_named(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    async with database.unit_of_work():
        with pytest.raises(RuntimeError, match="has a writing unit of work open"):
            await stored(database, 1)
    await database.close()


async def test_an_error_that_was_caught_inside_still_undoes_the_unit(database: Database) -> None:
    person = await a_person(database)
    nowhere = replace(person, conversation=replace(person.conversation, id=404))

    async def careless() -> None:
        async with database.unit_of_work() as work:
            await asks(work, person)
            with contextlib.suppress(StorageError):
                await asks(work, nowhere)

    with pytest.raises(DatabaseRefused):
        await careless()
    async with database.unit_of_work(read_only=True) as work:
        assert await work.messages.recent(person.conversation.id, 5) == []


async def test_a_read_only_unit_refuses_to_write(database: Database) -> None:
    async with database.unit_of_work(read_only=True) as work:
        with pytest.raises(RuntimeError, match="read_only"):
            await work.inbox.store("telegram", "w1", [update(1)])


async def test_what_was_committed_survives_kill_9(database_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STORES_FIVE_THEN_DIES, database_url, cwd=ROOT
    )
    assert await process.wait() == -9
    database = Database.open(database_url)
    async with database.unit_of_work(read_only=True) as work:
        assert await work.inbox.counts() == {"pending": 5}
    assert await stored(database, *range(5)) == []
    await database.close()


async def test_a_file_opened_for_reading_only_is_explained(sqlite_url: str, tmp_path: Path) -> None:
    database = Database.open(sqlite_url + "?mode=ro")
    with pytest.raises(DatabaseReadOnly, match=r"founder-bot\.db cannot be written.*BOT_DATA_DIR"):
        await stored(database, 1)
    status = await database.check()
    assert not status.writable
    with pytest.raises(DatabaseReadOnly):
        await database.require_ready()
    await database.close()


async def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "founder-bot.db"
    path.write_bytes(b"certainly not SQLite, but long enough to be taken for a header " * 40)
    database = Database.open(f"sqlite:///{path}")
    with pytest.raises(DatabaseInvalid, match="not an intact SQLite database"):
        await database.check()
    await database.close()


async def test_cut_connections_are_replaced_without_an_error(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    await stored(database, 1)
    admin = await asyncpg.connect(postgres_url)
    await admin.execute(CUT_ALL)
    await admin.close()
    assert len(await stored(database, 2)) == 1
    await database.close()


async def test_a_connection_cut_inside_a_unit_is_an_outage(postgres_url: str) -> None:
    database, admin = Database.open(postgres_url), await asyncpg.connect(postgres_url)

    async def interrupted() -> None:
        async with database.unit_of_work() as work:
            await work.inbox.store("telegram", "w1", [update(1)])
            await admin.execute(CUT_ALL)
            await work.inbox.counts()

    with pytest.raises(DatabaseUnavailable):
        await interrupted()
    assert len(await stored(database, 1)) == 1
    await admin.close()
    await database.close()


async def test_a_connection_that_the_driver_believes_alive_is_replaced_too(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, admin = Database.open(postgres_url), await asyncpg.connect(postgres_url)
    await stored(database, 1)
    await admin.execute(CUT_ALL)
    monkeypatch.setattr("asyncpg.connection.Connection.is_closed", lambda _: False)
    assert len(await stored(database, 2)) == 1
    monkeypatch.undo()
    await admin.close()
    await database.close()


async def test_a_restarted_server_is_an_outage_and_then_over(
    postgres_server: Server, postgres_url: str
) -> None:
    if not isinstance(postgres_server, LocalServer):
        pytest.skip("only a server of our own may be stopped")
    database = Database.open(postgres_url)
    await stored(database, 1)
    postgres_server.stop()
    try:
        with pytest.raises(DatabaseUnavailable, match="see that the server runs") as caught:
            await stored(database, 2)
    finally:
        postgres_server.start()
    assert caught.value.retryable
    assert len(await stored(database, 2)) == 1
    await database.close()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://bot:{PASSWORD}@127.0.0.1:1/none",
        f"postgresql://bot:{PASSWORD}@host.invalid/none",
        f"postgresql://bot:{PASSWORD}@:port/none",
        f"mysql://bot:{PASSWORD}@127.0.0.1/none",
        f"://bot:{PASSWORD}@",
        f"sqlite://bot:{PASSWORD}@/x.db",
    ],
)
async def test_no_error_shows_the_password(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        await Database.open(url).check()
    error: BaseException | None = caught.value
    while error is not None:
        assert PASSWORD not in str(error)
        assert PASSWORD not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


async def test_a_missing_database_on_the_server_is_explained(postgres_server: Server) -> None:
    url = postgres_server.url.replace("/postgres?", "/missing?")
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        await Database.open(url).check()


async def test_errors_do_not_quote_what_a_founder_wrote(database: Database) -> None:
    secret = "my secret question"
    person = await a_person(database)
    nowhere = replace(person, conversation=replace(person.conversation, id=404))
    with pytest.raises(StorageError) as caught:
        await asked(database, nowhere, secret)
    assert secret not in str(caught.value)
    assert secret not in str(caught.value.__cause__)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "", "not a url", "sqlite:///\x00"])
def test_a_url_without_a_usable_database_is_refused(url: str) -> None:
    with pytest.raises(DatabaseInvalid):
        Database.open(url)


async def test_a_message_costs_a_few_milliseconds(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    person = await a_person(database)
    started = time.process_time()
    for number in range(50):
        [record] = await stored(database, number)
        async with database.unit_of_work() as work:
            await asks(work, person)
            await work.inbox.mark_handled([record.id])
    spent = (time.process_time() - started) / 50
    await database.close()
    assert spent < 0.02
