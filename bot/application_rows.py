"""Applications as flat rows: the same columns for every export of the same form; pure.

A name without a dot is a question's id. With a dot it is about the application ("application.number") or
belongs to a question ("funding.currency"), so that no question's id can collide with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.model import Form, Question
from storage.application_records import ApplicationExport, FollowUpRecord, StoredAnswer

FIELDS = (
    "number",
    "status",
    "track",
    "late",
    "language",
    "created_at",
    "updated_at",
    "submitted_at",
    "decided_at",
    "amending_at",
    "form_version",
    "id",
)
OTHER = "application.other_answers"
"""Answers to questions that the form no longer has, by key."""

_WORDED = frozenset({"number", "amount", "date", "month", "phone"})
Given = Mapping[str, StoredAnswer]


def column_names(form: Form | None) -> tuple[str, ...]:
    """The columns in their order: the application, its people, the questions of the form, what is left."""
    names = [f"application.{name}" for name in FIELDS]
    names += [f"application.{name}" for name in ("versions", "owner", "members", "questions")]
    for question in form.questions if form is not None else ():
        names += [question.id, *(f"{question.id}.{part}" for part in _parts(question, form))]
    return (*names, OTHER)


def application_row(form: Form | None, export: ApplicationExport) -> dict[str, Any]:
    """One application by column; times stay datetimes, what has several values is a list or an object."""
    row: dict[str, Any] = {f"application.{name}": getattr(export.application, name) for name in FIELDS}
    people = {member.founder_id: member.name for member in export.members}
    owner = export.application.founder_id
    row["application.versions"] = export.versions
    row["application.owner"] = people.get(owner, "")
    row["application.members"] = [
        {"founder": member.founder_id, "name": member.name, "role": member.role} for member in export.members
    ]
    row["application.questions"] = [_asked(one) for one in export.questions]
    left = {member: dict(given) for member, given in export.answers.items()}
    for question in form.questions if form is not None else ():
        if _each_member(question, form):
            taken = {member: _take(question, given) for member, given in left.items()}
            row[question.id] = [
                {"founder": member, "name": people.get(member or owner, ""), **values}
                for member, values in taken.items()
                if values
            ]
            continue
        values = _take(question, left.get(None, {}))
        for name in ("", *_parts(question, form)):
            row[f"{question.id}.{name}" if name else question.id] = values.get(name or "answer")
    row[OTHER] = _others(left)
    return row


def _asked(one: FollowUpRecord) -> dict[str, Any]:
    """A question of a reviewer with its answer; where that is a file, its name and its hash."""
    asked = {"question": one.question, "asked_at": one.asked_at.isoformat(), "answer": one.answer}
    return asked | ({} if one.sha256 is None else {"sha256": one.sha256})


def _parts(question: Question, form: Form | None) -> tuple[str, ...]:
    """The further columns of a question."""
    if question.type == "group" or _each_member(question, form):
        return ()
    if question.type == "amount":
        return ("currency", "wording")
    if question.type == "file":
        return ("sha256", "size")
    return ("wording",) if question.type in _WORDED else ()


def _each_member(question: Question, form: Form | None) -> bool:
    return form is not None and form.section(question.section).each_member


def _take(question: Question, given: dict[str, StoredAnswer]) -> dict[str, Any]:
    """Take a question's answers out of `given`: "answer" and its parts; empty when there is none."""
    if question.type == "group":
        return _take_rows(question, given)
    found = given.pop(question.id, None)
    return {} if found is None or found.skipped else _values(question, found)


def _take_rows(question: Question, given: dict[str, StoredAnswer]) -> dict[str, Any]:
    inner = {item.id: item for item in question.questions}
    rows: dict[int, dict[str, Any]] = {}
    given.pop(question.id, None)
    given.pop(f"{question.id}/more", None)
    for key in [key for key in given if key.startswith(f"{question.id}/")]:
        _, number, sub = (*key.split("/", 2), "", "")[:3]
        if sub not in inner or not number.isdigit():
            continue
        found = given.pop(key)
        if not found.skipped:
            values = _values(inner[sub], found)
            named = {sub if part == "answer" else f"{sub}.{part}": value for part, value in values.items()}
            rows.setdefault(int(number), {}).update(named)
    return {"answer": [rows[number] for number in sorted(rows)]} if rows else {}


def _values(question: Question, answer: StoredAnswer) -> dict[str, Any]:
    data = answer.data
    if question.type == "amount" and isinstance(data, dict):
        money = {"answer": data.get("value"), "currency": data.get("currency")}
        return {**money, "wording": answer.wording}
    if question.type == "file" and isinstance(data, dict):
        if "link" in data:
            return {"answer": data["link"]}
        return {"answer": data.get("name"), "sha256": data.get("sha256"), "size": data.get("size")}
    if question.type in _WORDED:
        return {"answer": data, "wording": answer.wording}
    return {"answer": data}


def _others(left: Mapping[int | None, Given]) -> dict[str, Any]:
    others: dict[str, Any] = {}
    for member, given in left.items():
        for key, answer in given.items():
            if not answer.skipped:
                others[key if member is None else f"{key} ({member})"] = answer.data
    return others
