from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from storage.engine import locate
from storage.errors import DatabaseInvalid, DatabaseOutdated, DatabaseReadOnly
from storage.migrate import Migration, downgrade, head_revision, upgrade
from storage.tables import Table


async def look(url: str, at: Any) -> Any:
    engine = create_async_engine(locate(url).url)
    async with engine.begin() as connection:
        found = await connection.run_sync(at)
    await engine.dispose()
    return found


def test_the_steps_lead_to_exactly_the_mapped_tables(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    def differences(connection: Connection) -> list[Any]:
        # Each database searches its own way, so the index of words is in no mapped class.
        options = {"compare_type": True, "include_name": lambda name, kind, _: not _of_search(name, kind)}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Table.metadata)

    assert asyncio.run(look(empty_database_url, differences)) == []


def _of_search(name: str | None, kind: str) -> bool:
    return (kind, name) == ("index", "ix_messages_words") or (
        kind == "table" and str(name).startswith("message_words")
    )


def test_the_steps_give_every_check_its_name(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    def checks(connection: Connection) -> set[str]:
        found = inspect(connection)
        return {
            str(check["name"])
            for table in found.get_table_names()
            for check in found.get_check_constraints(table)
        }

    mapped = {
        str(constraint.name)
        for table in Table.metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert asyncio.run(look(empty_database_url, checks)) == mapped


def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    assert upgrade(empty_database_url) == Migration(before=None, after=head_revision())
    assert upgrade(empty_database_url) == Migration(before=head_revision(), after=head_revision())


def test_going_back_to_nothing_removes_every_table(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    assert downgrade(empty_database_url, "base") == Migration(before=head_revision(), after=None)
    tables = asyncio.run(look(empty_database_url, lambda connection: inspect(connection).get_table_names()))
    assert tables == ["alembic_version"]
    assert upgrade(empty_database_url).after == head_revision()


async def test_upgrading_works_from_a_coroutine_too(empty_database_url: str) -> None:
    assert upgrade(empty_database_url).after == head_revision()


async def test_two_upgrades_at_once_take_turns(empty_database_url: str) -> None:
    runs = await asyncio.gather(*(asyncio.to_thread(upgrade, empty_database_url) for _ in range(3)))
    assert sorted(run.before or "" for run in runs) == ["", head_revision(), head_revision()]


async def test_a_ready_database_says_what_it_is(database: Database) -> None:
    status = await database.require_ready()
    assert status.dialect in {"sqlite", "postgresql"}
    assert (status.revision, status.head) == (head_revision(), head_revision())
    assert status.writable
    assert status.current
    assert status.server_version[0].isdigit()


async def test_an_empty_database_is_explained_with_the_command(empty_database_url: str) -> None:
    database = Database.open(empty_database_url)
    for attempt in (database.require_ready, lambda: stored_nothing(database)):
        with pytest.raises(DatabaseOutdated, match="founder-bot db upgrade"):
            await attempt()
    await database.close()


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("ALTER TABLE conversations DROP COLUMN interview", "conversations.interview"),
        ("DROP TABLE audit_log", "audit_log"),
    ],
)
async def test_tables_that_are_not_what_the_revision_says_are_explained(
    empty_database_url: str, loss: str, name: str
) -> None:
    upgrade(empty_database_url)
    await look(empty_database_url, lambda connection: connection.execute(text(loss)) and None)
    database = Database.open(empty_database_url)
    with pytest.raises(DatabaseInvalid, match=f"lacks {name}: another build"):
        await database.require_ready()
    await database.close()
    with pytest.raises(DatabaseInvalid, match=f"lacks {name}: another build"):
        upgrade(empty_database_url)


async def stored_nothing(database: Database) -> None:
    async with database.unit_of_work(read_only=True) as work:
        await work.handovers.queue()


async def test_a_database_of_another_version_is_explained(database_url: str) -> None:
    def set_revision(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    def reset(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head_revision()})

    await look(database_url, set_revision)
    database = Database.open(database_url)
    try:
        with pytest.raises(DatabaseOutdated, match=r"newer founder-bot.*9999"):
            await database.require_ready()
        with pytest.raises(DatabaseOutdated, match="newer founder-bot"):
            upgrade(database_url)
    finally:
        await look(database_url, reset)
        await database.close()


async def test_looking_for_a_missing_sqlite_file_does_not_make_one(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    database = Database.open(f"sqlite:///{path}")
    with pytest.raises(DatabaseOutdated, match="has no tables yet"):
        await database.check()
    assert not path.exists()


def test_the_folder_of_a_new_sqlite_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "with space & # 问" / "deep" / "bot.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    assert path.is_file()


def test_a_file_in_the_place_of_the_data_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(DatabaseInvalid, match="a file is in the way"):
        upgrade(f"sqlite:///{tmp_path / 'data' / 'bot.db'}")


def test_a_folder_that_cannot_be_made_is_explained() -> None:
    # Nobody, not even root, makes folders under /proc.
    with pytest.raises(DatabaseReadOnly, match="BOT_DATA_DIR"):
        upgrade("sqlite:////proc/founder-bot/bot.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_access_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DatabaseReadOnly, match="give this user write access"):
        upgrade(f"sqlite:///{tmp_path / 'bot.db'}")
