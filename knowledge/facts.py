"""What a translation must not change: numbers, dates, amounts, addresses, names, and what one must or may do.

Facts are read by rule from Chinese and English and brought into one form: 三个月, "3 months" and "a quarter
of a year" apart, durations are minutes, days, working days, weeks or months, money has its currency, dates
are (year, month, day) with None for what is not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.facts_words import (
    ADDRESS,
    CHINESE_DIGITS,
    CHINESE_UNITS,
    DATES,
    ENGLISH_NUMBERS,
    ENGLISH_UNITS,
    IDIOMS,
    LATIN_NAME,
    MODALS,
    MONTHS,
    NOT_A_NUMBER,
    NUMBER,
    TIMES,
)

Value = tuple[str | float | None, ...]
_MULTIPLES = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_SCALES = {**_MULTIPLES, "hundred": 100, "thousand": 1_000, "million": 1e6, "billion": 1e9, "k": 1_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact at [start, end) of a text.

    `kind` is number, percent, money, duration, quantity, date, time, address, name or modal; `value` is
    comparable across languages; `demands` tells whether the twin must hold it too, or may.
    """

    kind: str
    value: Value
    text: str
    start: int
    end: int
    demands: bool = True


def read_facts(text: str, language: str) -> list[Fact]:
    """Read the facts of one sentence in Chinese ("zh") or any other language, which is read as English."""
    chinese = language.split("-")[0] == "zh"
    taken = [False] * len(text)
    found: list[Fact] = []
    for fact in _all(text, chinese):
        if not any(taken[fact.start : fact.end]):
            found.append(fact)
            taken[fact.start : fact.end] = [True] * (fact.end - fact.start)
    return sorted((f for f in found if f.kind != "nothing"), key=lambda f: f.start)


def _all(text: str, chinese: bool) -> Iterator[Fact]:
    """Yield candidates, the surest kind first: what one of them takes is not read again."""
    for match in ADDRESS.finditer(text):
        yield _fact("address", (match.group().rstrip(".,;").casefold(),), match)
    for match in NOT_A_NUMBER[chinese].finditer(text):
        yield _fact("nothing", (), match, demands=False)
    for pattern in DATES[chinese]:
        for match in pattern.finditer(text):
            yield _fact("date", _date(match), match)
    for match in TIMES[chinese].finditer(text):
        yield _fact("time", _time(match), match)
    for pattern, kind, value in IDIOMS[chinese]:
        for match in pattern.finditer(text):
            yield _fact(kind, value, match)
    for match in NUMBER[chinese].finditer(text):
        yield from _number(match, chinese)
    for modal, pattern in MODALS[chinese]:
        for match in pattern.finditer(text):
            yield _fact("modal", (modal,), match)
    if chinese:
        for match in LATIN_NAME.finditer(text):
            yield _fact("name", (match.group().casefold(),), match)


def _fact(kind: str, value: Value, match: re.Match[str], *, demands: bool = True) -> Fact:
    return Fact(
        kind=kind, value=value, text=match.group(), start=match.start(), end=match.end(), demands=demands
    )


def _date(match: re.Match[str]) -> Value:
    groups = match.groupdict()
    month = groups.get("month")
    if month is not None and not month.isdigit():
        month = str(MONTHS[month[:3].casefold()])
    parts = (groups.get("year"), month, groups.get("day"))
    return tuple(float(p) if p else None for p in parts)


def _time(match: re.Match[str]) -> Value:
    groups = match.groupdict()
    hour = float(groups["hour"])
    late = (groups.get("half") or "").casefold()
    if late[:1] in {"p", "下", "晚"} and hour < 12:
        hour += 12
    return hour, float(groups.get("minute") or 0)


def _number(match: re.Match[str], chinese: bool) -> Iterator[Fact]:
    """A number with what it counts; two for a range."""
    groups = match.groupdict()
    value = number_value(groups["number"])
    if value is None:
        return
    spoken = not any(c.isdigit() for c in groups["number"])
    scale = _SCALES.get((groups.get("scale") or "").casefold(), 1)
    kind, unit, factor = _unit(groups, chinese)
    # Spoken numbers come and go in translation ("both", 三个部分), and "one" and 一 stand for "a".
    demands = not (spoken and (value == 1 or kind == "number"))
    low = groups.get("low")
    if low and (other := number_value(low)) is not None:
        yield _fact(kind, (_exact(other * scale * factor), unit), match, demands=demands)
        end = match.end()
        yield Fact(
            kind=kind,
            value=(_exact(value * scale * factor), unit),
            text=match.group(),
            start=end,
            end=end,
            demands=demands,
        )
        return
    yield _fact(kind, (_exact(value * scale * factor), unit), match, demands=demands)


def _unit(groups: dict[str, str | None], chinese: bool) -> tuple[str, str | None, float]:
    before, after = groups.get("before"), groups.get("after")
    units = CHINESE_UNITS if chinese else ENGLISH_UNITS
    for word in (before, after):
        if word:
            for pattern, kind, unit, factor in units:
                if re.fullmatch(pattern, word.strip(" -\u00a0"), re.IGNORECASE):
                    return kind, unit, factor
    return "number", None, 1


def number_value(text: str) -> float | None:
    """Read 5,000, 3.5, 三百, 二十, "twenty-five"; None when it is no number."""
    text = text.strip().casefold()
    plain = text.replace(",", "").replace("，", "")
    if re.fullmatch(r"\d+(?:\.\d+)?", plain):
        return float(plain)
    if text in ENGLISH_NUMBERS:
        return float(ENGLISH_NUMBERS[text])
    if "-" in text and all(part in ENGLISH_NUMBERS for part in text.split("-")):
        return float(sum(ENGLISH_NUMBERS[part] for part in text.split("-")))
    return _chinese_value(text)


def _chinese_value(text: str) -> float | None:
    total, section, digit = 0.0, 0.0, 0.0
    for char in text:
        if char in CHINESE_DIGITS:
            digit = CHINESE_DIGITS[char]
        elif char in "万亿":
            total, section, digit = (total + section + digit) * _MULTIPLES[char], 0.0, 0.0
        elif char in _MULTIPLES:
            section, digit = section + (digit or 1) * _MULTIPLES[char], 0.0
        else:
            return None
    return total + section + digit


def _exact(value: float) -> float:
    return round(value, 4)
