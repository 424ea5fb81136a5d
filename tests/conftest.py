"""Fixtures for everybody: `database` runs a test on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.migrate import upgrade
from tests.databases import NoPostgres, Server, empty_tables, find_postgres, migrated_file, new_database


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", action="store_true", help="write docs/screenshots/ from the browser tests"
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated_file(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A server of this test process; skips with the reason where none can be had."""
    try:
        server = find_postgres()
    except NoPostgres as error:
        pytest.skip(str(error))
    yield server
    server.close()


@pytest.fixture(scope="session")
def _migrated_postgres(postgres_server: Server) -> Iterator[str]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with new_database(postgres_server.url, f"founder_bot_test_{worker}_{os.getpid()}") as url:
        upgrade(url)
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file without rows."""
    shutil.copy(sqlite_template, tmp_path / "founder-bot.db")
    return f"sqlite:///{tmp_path / 'founder-bot.db'}"


@pytest.fixture
def postgres_url(_migrated_postgres: str) -> str:
    """A migrated PostgreSQL database without rows; the same one for every test of a process."""
    empty_tables(_migrated_postgres)
    return _migrated_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database without rows, once on each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'founder-bot.db'}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with new_database(server.url, f"founder_bot_empty_{os.getpid()}") as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database without rows, once on each kind."""
    opened = Database.open(database_url)
    yield opened
    await opened.close()
