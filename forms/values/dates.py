"""Answers that are dates ("2026-03-05") or months ("2026-03")."""

from __future__ import annotations

import re
from datetime import date

from forms.model import Question, Value
from forms.values.calendar import Mention, is_month_name, mentions
from forms.values.problem import NotValid
from forms.values.text import excerpt, plain, wording
from forms.values.vocabulary import pattern

_LONGEST = 200
_NAMED_ELSEWHERE = re.compile(
    r"(?=.*\b(?:19|20)\d\d\b)(?=.*[^\W\d_]{3})(?=.{6,40}$)(?!.*\d.*[^\W\d_].*\d.*[^\W\d_].*\d)"
)
_ELSEWHERE = ("fr", "es", "it", "pt", "nl", "ru", "ja", "ko")
_JOINED = re.compile(r"[到至和与或]|\b(?:and|to|or|und|bis|oder)\b")
_BOUNDARY_BEFORE = re.compile(
    r"(?:\b(?:before|after|until|till|by|vor|nach|bis)|早于|晚于|不早于|截至|直到)\s*$"
)
_BOUNDARY_AFTER = re.compile(r"\s*(?:之?前|以前|之?后|以后|以来|之间|[-–—~～至到]|\bto\b|\bbis\b)")


def read_date(question: Question, text: str, today: date) -> Value:
    """Read a message that is one date or month; NotValid names what is missing or can be read two ways."""
    lowered = plain(text).casefold()[:_LONGEST]
    kind, word = question.type, excerpt(text)
    found = mentions(lowered, today)
    if all(one.month is None for one in found):
        found = _elsewhere(kind, lowered) or found
    if not found:
        raise NotValid("year_missing" if is_month_name(lowered) else kind, word=word)
    rest = lowered
    for one in reversed(found):
        rest = f"{rest[: one.start]} {rest[one.end :]}"
    if re.search(r"\w", _JOINED.sub(" ", pattern("dates", "fillers").sub(" ", rest))):
        raise NotValid(kind, word=word)
    if len({_parts(one, kind) for one in found}) > 1:
        raise NotValid("one_date", word=word)
    return _value(question, found[0], text, today)


def find_date(question: Question, text: str, today: date) -> Value | None:
    """The one date or month of a sentence that is complete and no bound ("before March 2026")."""
    lowered = plain(text).casefold()
    found = []
    for one in mentions(lowered, today):
        if one.month is None:
            continue
        now = (
            one.relative
            and (one.year, one.month) == (today.year, today.month)
            and one.day in (None, today.day)
        )
        if not now:
            found.append(one)
    if not found or len({_parts(one, question.type) for one in found}) > 1:
        return None
    one = found[0]
    if _BOUNDARY_BEFORE.search(lowered[: one.start]) or _BOUNDARY_AFTER.match(lowered[one.end :]):
        return None
    try:
        return _value(question, one, text, today)
    except NotValid:
        return None


def check_date(question: Question, written: str, today: date) -> None:
    """Raise NotValid for a stored date or month that is none, or outside the limits."""
    size = 10 if question.type == "date" else 7
    try:
        date.fromisoformat(written if size == 10 else f"{written}-01")
    except ValueError:
        raise NotValid("changed") from None
    if len(written) != size:
        raise NotValid("changed")
    earliest, latest = (_bound(bound, today) for bound in (question.limits.earliest, question.limits.latest))
    if earliest and written[: len(earliest)] < earliest[:size]:
        raise NotValid("too_early", value=written, limit=earliest[:size])
    if latest and written[: len(latest)] > latest[:size]:
        raise NotValid("too_late", value=written, limit=latest[:size])


def _bound(bound: str | None, today: date) -> str | None:
    return today.isoformat() if bound == "today" else bound


def _value(question: Question, one: Mention, text: str, today: date) -> Value:
    word = excerpt(text)
    if not one.exists and one.other is None:
        raise NotValid("no_such_date", word=word)
    if one.year is None:
        raise NotValid("year_missing", word=word)
    if one.month is None:
        raise NotValid("month_missing", year=one.year)
    if one.other is not None:
        first = date(one.year, one.month, one.day or 1)
        second = date(one.year, *one.other)
        raise NotValid("date_unclear", word=word, first=first.isoformat(), second=second.isoformat())
    if question.type == "month":
        written = f"{one.year:04}-{one.month:02}"
    elif one.day is None:
        raise NotValid("day_missing")
    else:
        written = f"{one.year:04}-{one.month:02}-{one.day:02}"
    check_date(question, written, today)
    return Value(data=written, wording=wording(text))


def _parts(one: Mention, kind: str) -> tuple[object, ...]:
    return (one.year, one.month, one.other) if kind == "month" else (one.year, one.month, one.day, one.other)


def _elsewhere(kind: str, lowered: str) -> list[Mention]:
    """A date with its month as a word of a further language ("5 mars 2026")."""
    if not _NAMED_ELSEWHERE.match(lowered):
        return []
    import dateparser

    parts = ["day", "month", "year"] if kind == "date" else ["month", "year"]
    try:
        found = dateparser.parse(
            lowered,
            languages=list(_ELSEWHERE),
            settings={"REQUIRE_PARTS": parts, "DATE_ORDER": "DMY", "PARSERS": ["absolute-time"]},
        )
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError):
        return []
    if found is None or str(found.year) not in lowered:
        return []
    return [Mention(0, len(lowered), found.year, found.month, found.day if kind == "date" else None)]
