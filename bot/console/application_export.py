"""Applications as rows for a spreadsheet or a script, read a page at a time while they are sent."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bot.application_rows import application_row, column_names
from bot.tabular import Sheet, csv_writer, json_writer
from bot.workbook import Workbook
from handlers.review.application_sheets import people_in
from handlers.review.masking import EMAIL, NAME, PHONE, Masker
from storage.application_records import ApplicationExport, ApplicationFilter

if TYPE_CHECKING:
    from forms.model import Form
    from storage.database import Database

_AT_ONCE = 50
_CHUNK = 1 << 16
_CONTACT = {"email": EMAIL, "phone": PHONE}


async def application_lines(
    database: Database, wanted: ApplicationFilter, form: Form | None, *, kind: str, unmasked: bool
) -> AsyncIterator[bytes]:
    """Write the applications wanted, one row each; no cell of a table runs as a formula."""
    names, file = column_names(form), io.BytesIO()
    sheet: Sheet = {"csv": csv_writer, "jsonl": json_writer, "xlsx": _workbook}[kind](names, file)
    before = None
    while True:
        async with database.unit_of_work(read_only=True) as work:
            lines = await work.applications.submitted(wanted, before=before, limit=_AT_ONCE)
            exports = await work.applications.whole([line.application for line in lines])
            people = {member.founder_id for export in exports for member in export.members}
            called = await work.people.called(people)
        for export in exports:
            row = application_row(form, export)
            names_of = [name for one in export.members for name in called.get(one.founder_id, ())]
            names_of += people_in(export.answers)
            sheet.add(row if unmasked else _masked(row, form, export, Masker(names_of)))
        if kind != "xlsx" and file.tell():
            yield _taken(file)
        if len(lines) < _AT_ONCE:
            break
        last = lines[-1].application
        assert last.submitted_at is not None
        before = (last.submitted_at, last.id)
    # An Excel file is written at its end, which takes a moment.
    await asyncio.to_thread(sheet.close)
    content = _taken(file)
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


def _masked(
    row: Mapping[str, Any], form: Form | None, export: ApplicationExport, mask: Masker
) -> dict[str, Any]:
    """Hide who somebody is; numbers and dates of the application itself stay."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        question = form.question(name.partition(".")[0]) if form is not None else None
        if name == "application.owner":
            found[name] = NAME if value else ""
        elif name == "application.questions":
            found[name] = [
                {**one, "question": mask(one["question"]), "answer": one["answer"] and mask(one["answer"])}
                for one in value
            ]
        elif name == "application.members" or isinstance(value, list):
            found[name] = [
                _of_person(one, question.type if question is not None else None, mask) for one in value
            ]
        elif name.startswith("application.") and not isinstance(value, dict):
            found[name] = value
        elif question is not None and question.type in _CONTACT:
            found[name] = _CONTACT[question.type] if value and "." not in name else None
        else:
            found[name] = mask.all_in(value)
    return found


def _of_person(value: Any, kind: str | None, mask: Masker) -> Any:
    if not isinstance(value, Mapping):
        return mask.all_in(value)
    masked = {key: mask.all_in(one) for key, one in value.items()}
    if "founder" in value:
        masked["name"] = NAME
    if kind in _CONTACT:
        masked |= {"answer": _CONTACT[kind], "wording": None}
    return masked


def _taken(file: io.BytesIO) -> bytes:
    content = file.getvalue()
    file.seek(0)
    file.truncate()
    return content


def _workbook(names: Iterable[str], file: Any) -> Sheet:
    return Workbook("applications", tuple(names), file)
