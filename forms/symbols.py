"""What answers are called in conditions, and what they are worth there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from forms.conditions import Kind
from forms.model import Question, Type, Value

TODAY = "today"
MORE = "more"
MONTHS = "_months"

_KINDS: Mapping[Type, Kind] = {
    "number": "number",
    "amount": "number",
    "group": "number",
    "yes_no": "boolean",
    "file": "boolean",
    "choices": "strings",
    "date": "datetime",
    "month": "datetime",
}


def kinds(question: Question) -> Iterator[tuple[str, Kind]]:
    """The symbols of a question with their kinds."""
    yield question.id, _KINDS.get(question.type, "string")
    for _, symbol in counts(question):
        yield symbol, "number"
    if question.type in ("date", "month"):
        yield question.id + MONTHS, "number"


def counts(group: Question) -> Iterator[tuple[str, str]]:
    """The questions of a group that are answered by yes or no, and what the number of yeses is called."""
    for inner in group.questions:
        if inner.type == "yes_no":
            yield inner.id, f"{group.id}_{inner.id}"


def question_of(symbol: str, known: Mapping[str, Question]) -> str | None:
    """The id of the question behind a symbol; None for `today`."""
    if symbol in known:
        return symbol
    for question in known.values():
        if any(symbol == count for _, count in counts(question)):
            return question.id
    base = symbol.removesuffix(MONTHS)
    return base if base in known else None


def midnight(day: date) -> datetime:
    """A day as conditions compare it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def worth(question: Question, value: Value, today: date) -> Iterator[tuple[str, Any]]:
    """The symbols that an answer gives, with their values; groups are counted elsewhere."""
    data = value.data
    if value.skipped or data is None:
        return
    match question.type:
        case "choices":
            yield question.id, set(data)
        case "amount":
            if data["currency"] == question.currency:
                yield question.id, data["value"]
        case "date" | "month":
            day = date.fromisoformat(data if question.type == "date" else f"{data}-01")
            yield question.id, midnight(day)
            months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
            yield question.id + MONTHS, months
        case "file":
            yield question.id, True
        case _:
            yield question.id, data
