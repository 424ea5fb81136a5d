from __future__ import annotations

import csv
import io
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.commands import export
from bot.tabular import BOM, safe_cell
from storage.database import Database
from storage.records import ExportRow
from tests.storage.builders import a_person, asks


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "  =1+1"]
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", ["1 = 1", "a-b", "", "三年目标", -5, 0.5, None])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert safe_cell(value) == value


@pytest.fixture
async def filled(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with three questions, one of them a formula."""
    database = Database.open(database_url)
    person = await a_person(database)
    for text in ("How do I apply?", '=HYPERLINK("http://evil.example")', '三年目标,"引号"\n第二行'):
        async with database.unit_of_work() as work:
            await asks(work, person, text)
    await database.close()
    monkeypatch.setenv("BOT_DATABASE_URL", database_url)
    return database_url


def test_a_csv_file_opens_in_a_spreadsheet_with_every_message_and_no_formula(
    filled: str, command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)  # so that the three rows take two pages
    file = tmp_path / "messages.csv"
    assert command("export", "messages", "--format", "csv", "--output", str(file)) == 0
    text = file.read_bytes().decode("utf-8")
    assert text.startswith(BOM + "id,time,channel,founder_id,direction,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert [row["text"] for row in rows] == [
        "How do I apply?",
        '\'=HYPERLINK("http://evil.example")',
        '三年目标,"引号"\n第二行',
    ]
    assert rows[0]["channel"] == "telegram"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_json_lines_hold_the_text_as_it_was(filled: str, command: Callable[..., int], tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    assert command("export", "messages", "--format", "jsonl", "-o", str(file)) == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows][1] == '=HYPERLINK("http://evil.example")'
    assert set(rows[0]) == set(ExportRow.__dataclass_fields__)
    assert rows[0]["time"].endswith("+00:00")


def test_an_export_that_fails_leaves_the_old_file_and_no_other(
    command: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOT_DATABASE_URL", f"sqlite:///{tmp_path / 'missing' / 'none.db'}")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "messages.csv").write_text("old", encoding="utf-8")
    assert command("export", "messages", "--format", "csv", "-o", str(folder / "messages.csv")) == 1
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("messages.csv", "old")]
    assert capsys.readouterr().err.startswith("Error: ")
