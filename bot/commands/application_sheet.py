"""One application as plain lines for staff."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.application_rows import application_row
from bot.tabular import plain
from forms.model import Form
from handlers.program import Program
from handlers.words import clean
from storage.application_records import ApplicationExport, EventRecord, FollowUpRecord


def sheet(
    program: Program,
    form: Form | None,
    export: ApplicationExport,
    events: Sequence[EventRecord],
    questions: Sequence[FollowUpRecord],
) -> list[str]:
    """The application, every answer by its column, the history, and the questions that were asked."""
    lines = []
    for name, value in application_row(form, export).items():
        if name == "application.questions":
            continue  # told at the end, one below the other
        if value not in (None, "", [], {}):
            lines.append(clean(f"{name}: {_shown(value, program)}"))
    lines += ["", "history"]
    for event in events:
        details = "".join(f" {key}={_shown(value, program)}" for key, value in event.details.items() if value)
        lines.append(clean(f"{_at(event.at, program)} {event.actor} {event.kind}{details}"))
    if questions:
        lines += ["", "follow-up questions"]
    for asked in questions:
        lines.append(clean(f"{_at(asked.asked_at, program)} {asked.asked_by}: {asked.question}"))
        file = f" (file {asked.sha256})" if asked.sha256 is not None else ""
        lines.append(clean(f"→ {asked.answer if asked.answer is not None else '(no answer yet)'}{file}"))
    return lines


def _shown(value: Any, program: Program) -> str:
    if isinstance(value, datetime):
        return _at(value, program)
    if isinstance(value, (list, dict)):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def _at(moment: datetime, program: Program) -> str:
    return f"{moment.astimezone(program.timezone):%Y-%m-%d %H:%M %Z}"
