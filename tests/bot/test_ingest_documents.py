"""`founder-bot ingest` takes in what staff have written; without a database there is nothing to take in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from storage.database import Database
from storage.document_records import NewDocument
from tests.bot.conftest import Installation

Command = Callable[..., int]


def save(installation: Installation) -> None:
    async def work() -> None:
        database = Database.open(f"sqlite+aiosqlite:///{installation.data / 'founder-bot.db'}")
        new = NewDocument(
            id="en/ferry",
            language="en",
            title="Ferry",
            markdown="## When does the ferry leave?\n\nThe ferry leaves at seven.\n",
            origin="faq",
        )
        async with database.unit_of_work() as unit:
            await unit.documents.save(new, author="Ada")
        await database.close()

    asyncio.run(work())


def test_an_ingest_takes_in_what_staff_have_written(
    installation: Installation, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("ingest") == 0
    assert "1 documents, 2 passages" in capsys.readouterr().out
    assert command("db", "upgrade") == 0
    save(installation)
    assert command("ingest") == 0
    assert "2 documents, 3 passages: 1 embedded" in capsys.readouterr().out
    assert command("ask", "When does the ferry leave?") == 0
    assert "leaves at seven" in capsys.readouterr().out


def test_an_ingest_leaves_the_index_alone_when_the_database_cannot_be_read(
    installation: Installation,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("ingest") == 0
    pointer = next((installation.data / "index").rglob("current.json"))
    before = pointer.read_text(encoding="utf-8")
    monkeypatch.setenv("BOT_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    (installation.documents / "more.md").write_text("# More\n\nThere is more.\n", encoding="utf-8")
    assert command("ingest") != 0
    assert "cannot be reached" in capsys.readouterr().err
    assert pointer.read_text(encoding="utf-8") == before
