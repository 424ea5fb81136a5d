"""Answers that are numbers, with or without a unit."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from forms.model import Limits, Question, Value
from forms.values.numerals import Numeral, number, numerals
from forms.values.problem import NotValid
from forms.values.spelled import vague
from forms.values.text import excerpt, plain, wording
from forms.values.vocabulary import any_of, pattern, vocabulary

_COUNTERS = frozenset("个名位家项件台辆套次轮")
_COUNTER = rf"[{''.join(sorted(_COUNTERS))}](?![\u3400-\u9fff])|[个名位家](?=左右|吧|了|的|就|也)"
_MONTHS = frozenset({"个月", "月", "months", "month", "monate"})
_YEARS = re.compile(r"\s*(?:年|years?\b|yrs?\b|jahre?n?\b)(?P<half>半)?")
_MOST = Decimal(10) ** 15
_ORDINAL = re.compile(r"(?:第|#|[/:_]|\b(?:no|nr|version|phase|stage|level|series|top|web|tier)\.?)\s*$")
_GLUED = re.compile(r"[a-z]-?$")
_TIME = re.compile(r"\s*(?:[:/]\s?\d|[月号日年点代期°º]|am\b|pm\b|uhr\b|-?[a-z]\b)")
_IDIOM = re.compile(r"[起些般直定样下致律旦边方流分点步体线同家]")
_END = re.compile(r"\s*(?:$|[,.;!)。、\n])")


def read_number(question: Question, text: str, language: str) -> Value:
    """Read a message that is one number with its unit; NotValid for ranges, several, or none."""
    lowered = _in_own_unit(question, plain(text).casefold(), language)
    if vague(lowered):
        raise NotValid("one_number")
    found = numerals(lowered, language)
    if not found:
        raise NotValid("number", word=excerpt(text))
    rest = lowered
    for one in reversed(found):
        rest = f"{rest[: one.start]} {rest[one.end :]}"
    own = _own_units(question)
    if own is not None:
        rest = own.sub(" ", rest)
    if re.search(r"[\w%$€¥£]", pattern("about", "words").sub(" ", rest)):
        raise NotValid("number", word=excerpt(text))
    if len({one.value for one in found}) > 1:
        raise NotValid("one_number")
    return _value(question, found[0].value, text)


def find_number(question: Question, text: str, language: str) -> Value | None:
    """The one number of a sentence that has the question's unit, or else the only one by itself."""
    own = _own_units(question)
    try:
        lowered = _in_own_unit(question, plain(text).casefold(), language)
        found = numerals(lowered, language)
    except NotValid:
        return None
    with_unit, alone = [], []
    for one in found:
        before, after = lowered[: one.start], lowered[one.end :]
        if _ORDINAL.search(before) or (not one.spelled and _GLUED.search(before)):
            continue
        unit = own.match(after.lstrip(" -")) if own is not None else None
        if unit is not None and not (one.spelled and one.value == 1 and unit[0] == "个"):
            with_unit.append(one)
        elif _stands_alone(one, after, has_unit=own is not None):
            alone.append(one)
    candidates = with_unit or alone
    if len({one.value for one in candidates}) != 1:
        return None
    one = candidates[0]
    if vague(lowered[max(0, one.start - 14) : one.end + 10]):
        return None
    try:
        return _value(question, one.value, text)
    except NotValid:
        return None


def check_number(limits: Limits, value: Decimal) -> None:
    """Raise NotValid for a number outside its limits."""
    if limits.whole and value != value.to_integral_value():
        raise NotValid("whole", value=show_number(value))
    if limits.minimum is not None and value < limits.minimum:
        raise NotValid("too_small", value=show_number(value), limit=show_number(limits.minimum))
    if limits.maximum is not None and value > limits.maximum:
        raise NotValid("too_large", value=show_number(value), limit=show_number(limits.maximum))


def show_number(value: Decimal | float, language: str = "en") -> str:
    """A number with separated thousands as the language writes it."""
    shown = f"{Decimal(str(value)):,f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return shown.translate(str.maketrans(",.", ".,")) if language == "de" else shown


def _value(question: Question, value: Decimal, text: str) -> Value:
    if abs(value) > _MOST:
        raise NotValid("too_large", value=excerpt(text), limit=show_number(_MOST))
    check_number(question.limits, value)
    return Value(data=number(value), wording=wording(text))


def _stands_alone(one: Numeral, after: str, *, has_unit: bool) -> bool:
    """Whether a number without the question's unit can still be what was asked."""
    if _TIME.match(after) or (one.spelled and (one.value == 1 or _IDIOM.match(after))):
        return False
    if has_unit or one.spelled:
        return bool(_END.match(after) or pattern("about", "after").match(after.lstrip()))
    return _any_unit().match(after.lstrip()) is None


def _own_units(question: Question) -> re.Pattern[str] | None:
    """A pattern of the words for the question's unit, in every language; None when it has none."""
    units = frozenset(plain(unit).casefold() for unit in question.unit.values())
    return _units(units) if units else None


@lru_cache(maxsize=64)
def _units(units: frozenset[str]) -> re.Pattern[str]:
    words = set(units)
    for family in vocabulary()["numbers"]["units"]:
        if (units - _COUNTERS) & set(family):
            words |= set(family)
    return any_of(words - _COUNTERS, also=_COUNTER if words & _COUNTERS else "")


def _in_own_unit(question: Question, lowered: str, language: str) -> str:
    """The text with years as months, when months are asked for: "两年", "半年", "1.5 years"."""
    if not _MONTHS & {plain(unit).casefold() for unit in question.unit.values()} or not _YEARS.search(
        lowered
    ):
        return lowered
    lowered = re.sub(r"\b(?:a|one|ein) (?=year|jahr)", "1 ", lowered)
    for one in reversed(numerals(lowered, language)):
        year = _YEARS.match(lowered[one.end :])
        if year and abs(one.value) < 1000:
            count = one.value * 12 + (6 if year["half"] else 0)
            lowered = f"{lowered[: one.start]}{number(count)}个月{lowered[one.end + year.end() :]}"
    return lowered


@lru_cache(maxsize=1)
def _any_unit() -> re.Pattern[str]:
    return any_of({unit for family in vocabulary()["numbers"]["units"] for unit in family} - _COUNTERS)
