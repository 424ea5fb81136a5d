from __future__ import annotations

import csv
import io
import json
import os
import shutil
import stat
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from bot.application_rows import OTHER, application_row, column_names
from bot.commands import export
from bot.tabular import BOM
from forms.model import Value
from storage.application_records import ApplicationExport, ApplicationRecord, MemberRecord, StoredAnswer
from storage.database import Database
from tests.bot.conftest import Installation
from tests.bot.desks import FILE, HARBOR, harbor, whole
from tests.storage.builders import a_person

FORMULA = '=HYPERLINK("http://evil.example")'
AT = datetime(2027, 3, 30, 6, 5, tzinfo=UTC)


def stored(answers: dict[str, object]) -> dict[str, StoredAnswer]:
    return {
        key: StoredAnswer(item.data, item.wording) if isinstance(item, Value) else StoredAnswer(item)
        for key, item in answers.items()
    }


@pytest.fixture
async def applied(sqlite_url: str, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two submitted applications and a draft; the first has formulas, a question of old and a co-founder."""
    shutil.copy(HARBOR, installation.program / "application.toml")
    monkeypatch.setenv("BOT_DATABASE_URL", sqlite_url)
    database = Database.open(sqlite_url)
    for number, text in enumerate((FORMULA, "蓝鲸船艇", "draft"), start=1):
        person = await a_person(database, str(number))
        answers = stored({**whole(text), "old_question": "kept"})
        own = {key: answers.pop(key) for key in ("motivation", "can_swim")}
        async with database.unit_of_work() as work:
            record = await work.applications.start(person.founder.id, language="zh", form_version="v1")
            await work.applications.save(
                record.id, answers, [], member_id=None, message_id=None, track="trial"
            )
            await work.applications.save(record.id, own, [], member_id=person.founder.id, message_id=None)
            if number < 3:
                given = await work.applications.next_number(2027)
                await work.applications.submit(
                    record.id, number=given, snapshot={"answers": {}}, late=False, message_id=None
                )
    await database.close()
    return sqlite_url


def test_a_csv_file_has_one_row_an_application_in_columns_that_stay(
    applied: str, command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 1)
    file = tmp_path / "applications.csv"
    assert command("export", "applications", "--format", "csv", "--output", str(file)) == 0
    text = file.read_bytes().decode("utf-8")
    assert text.startswith(BOM + "application.number,application.status,application.track,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert [row["application.number"] for row in rows] == ["2027-0001", "2027-0002"]
    first = rows[0]
    assert tuple(first) == column_names(harbor())
    assert first["company_name"] == "'" + FORMULA
    assert (first["team_size"], first["team_size.wording"]) == ("7", "我们一共7个人,都在上海")
    assert (first["raised"], first["raised.currency"]) == ("3000000", "CNY")
    assert (first["deck"], first["deck.sha256"]) == (f"'{FORMULA}.pdf", FILE["sha256"])
    assert json.loads(first["founders"])[1] == {"founder_name": FORMULA, "full_time": False}
    assert json.loads(first["motivation"])[0]["answer"] == FORMULA
    assert json.loads(first[OTHER]) == {"old_question": "kept"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in first.values())
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_an_excel_file_has_text_and_numbers_and_no_formula(
    applied: str, command: Callable[..., int], tmp_path: Path
) -> None:
    file = tmp_path / "applications.xlsx"
    assert command("export", "applications", "--format", "xlsx", "-o", str(file)) == 0
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    names = [cell.value for cell in sheet[1]]
    assert tuple(names) == column_names(harbor())
    cells = dict(zip(names, sheet[2], strict=True))
    assert (cells["company_name"].value, cells["company_name"].data_type) == (FORMULA, "s")
    assert (cells["team_size"].value, cells["raised"].value) == (7, 3_000_000)
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_json_lines_hold_the_answers_as_they_are_and_the_filters_hold(
    applied: str, command: Callable[..., int], tmp_path: Path
) -> None:
    file = tmp_path / "applications.jsonl"
    assert command("export", "applications", "--format", "jsonl", "-o", str(file), "--status", "draft") == 0
    (row,) = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert (row["application.status"], row["application.number"], row["team_size"]) == ("draft", None, 7)
    assert row["founders"][0]["full_time"] is True
    assert command("export", "applications", "--format", "jsonl", "-o", str(file), "--track", "berth") == 0
    assert file.read_text() == ""


def test_an_unknown_status_is_named(
    applied: str, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("export", "applications", "--format", "csv", "--status", "won") == 1
    assert "There is no status won: use draft, submitted" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_ten_thousand_applications_do_not_fill_the_memory(tmp_path: Path, format: str) -> None:
    form, answers = harbor(), {None: stored(whole("蓝鲸船艇" * 10))}
    record = ApplicationRecord(
        id=1, founder_id=1, status="submitted", track="trial", number="2027-0001", language="zh",
        form_version="v", revision=1, late=False, created_at=AT, updated_at=AT, submitted_at=AT,
        decided_at=None, amending_at=None, saved_receipt_at=None, reminders_stopped_at=None,
    )  # fmt: skip
    member = MemberRecord(founder_id=1, role="owner", joined_at=AT, name="Li Na")
    one = ApplicationExport(application=record, members=(member,), answers=answers, versions=1, files=())

    async def pages(count: int) -> AsyncIterator[list[ApplicationExport]]:
        for _ in range(count):
            yield [one] * 100

    with (tmp_path / "a").open("w+b") as file:
        tracemalloc.start()
        count = await export._export_applications(
            pages(5 if format == "xlsx" else 100), form, export.Table(format), file
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == (500 if format == "xlsx" else 10_000)
    assert peak < 8_000_000
    assert set(application_row(form, one)) == set(column_names(form))
