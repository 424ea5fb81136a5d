"""Dates and months in running text: ISO, Chinese, German and English ways to write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from forms.values.numerals import chinese
from forms.values.vocabulary import alternatives, vocabulary

_HAN_YEAR = "[〇零○一二三四五六七八九]{4}|[〇零○一二三四五六七八九]{2}"
_HAN_MONTH = "十[一二]|正|[一二三四五六七八九十]"
_HAN_DAY = (
    "[二三]十[一二三四五六七八九]?|十[一二三四五六七八九]?|廿[一二三四五六七八九]?|初?[一二三四五六七八九]"
)
_HAN_COUNT = r"\d{1,2}|半|[一二两三四五六七八九十]{1,3}"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_MONTH, _DAY = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
_TH = r"(?:st|nd|rd|th|\.)?"
_OLDEST, _NEWEST = 1900, 2100


@dataclass(frozen=True, slots=True)
class Mention:
    """A day, month or year with its place; `other` is a second reading, `relative` is counted from today."""

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    other: tuple[int, int] | None = None
    relative: bool = False

    @property
    def exists(self) -> bool:
        """Whether the calendar has it; a year alone, or none, is taken as it is."""
        if self.month is not None and not 1 <= self.month <= 12:
            return False
        if self.year is not None and not _OLDEST <= self.year <= _NEWEST:
            return False
        try:
            date(self.year or 2000, self.month or 1, self.day or 1)
        except ValueError:
            return False
        return True


def mentions(lowered: str, today: date) -> list[Mention]:
    """Every day, month or year that a plain lower-case text names, left to right."""
    found: list[Mention] = []
    for pattern, read in _patterns():
        for match in pattern.finditer(lowered):
            if all(match.end() <= one.start or match.start() >= one.end for one in found):
                mention = read(match, today)
                if mention is not None:
                    found.append(mention)
    return sorted(found, key=lambda one: one.start)


def shifted(today: date, months: int) -> tuple[int, int]:
    """Year and month so many months from today."""
    count = today.year * 12 + today.month - 1 + months
    return count // 12, count % 12 + 1


def is_month_name(lowered: str) -> bool:
    """Whether a text is the name of a month and nothing else."""
    return lowered.strip(" .!") in _month_names()


_Read = Callable[[re.Match[str], date], Mention | None]


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], _Read], ...]:
    return tuple((re.compile(source), read) for source, read in _sources())


def _sources() -> Iterator[tuple[str, _Read]]:
    name = rf"(?P<name>{alternatives(_month_names())})\.?"
    years = alternatives(_table("years"))
    yield (
        rf"(?<![\d.]){_YEAR}\s?(?P<mark>[-/.])\s?{_MONTH}\s?(?P=mark)\s?{_DAY}(?![\d])(?:t[\d:.z+-]*)?",
        _numeric,
    )
    yield (
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)",
        _numeric,
    )
    yield (
        rf"(?:(?:(?P<year>\d{{4}}|(?<!\d)\d{{2}}|{_HAN_YEAR})\s*年|(?P<shift>{years}))的?\s*)?"
        rf"(?P<month>(?<!\d)\d{{1,2}}|{_HAN_MONTH})\s*月(?:份|的)?(?:\s*(?P<day>\d{{1,2}}|{_HAN_DAY})\s*[日号](?!线))?",
        _chinese,
    )
    yield r"(?<![\d.])(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2})(?![\d])", _numeric
    yield (
        r"(?<![\d/.-])(?P<first>\d{1,2})\s?(?P<mark>[-/])\s?(?P<second>\d{1,2})\s?(?P=mark)\s?(?P<year>(?:19|20)\d\d)(?![\d/-])",
        _slashed,
    )
    yield rf"(?<!\d){_DAY}{_TH}[\s-]*(?:of )?{name}[\s,-]*(?P<year>(?:19|20)\d\d)(?!\d)", _named
    yield rf"{name}\s*{_DAY}(?:st|nd|rd|th)?(?:\s*,\s*|\s+){_YEAR}(?!\d)", _named
    yield rf"(?<!\d){_YEAR}[\s,-]+{name}(?:[\s-]+{_DAY}{_TH}(?!\d))?", _named
    yield rf"{name}[\s,/'-]*(?:of )?{_YEAR}(?!\d)", _named
    yield rf"(?<!\d){_DAY}{_TH}[\s-]*(?:of )?{name}(?![\s-]*\d)", _named
    yield rf"{name}\s+{_DAY}(?:st|nd|rd|th)?(?![\d:%])", _named
    yield rf"(?<![\d/.-]){_YEAR}\s?[-/.]\s?{_MONTH}(?![\d/.-]*\d)", _numeric
    yield rf"(?<![\d/.-]){_MONTH}\s?[-/.]\s?{_YEAR}(?![\d/.-]*\d)", _numeric
    yield alternatives(_table("days")), _day
    yield alternatives(_table("month_shifts")), _month_shift
    yield rf"(?P<count>{_HAN_COUNT})\s*(?P<unit>天|个月|周|个星期|年)(?:之?前|以前)", _ago
    yield r"(?P<count>\d{1,2})\s+(?P<unit>day|week|month|year)s?\s+ago\b", _ago
    yield r"\bvor\s+(?P<count>\d{1,2})\s+(?P<unit>tag|woche|monat|jahr)(?:en|e|n)?\b", _ago
    yield r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?!\d)", _numeric
    yield rf"(?:(?<![\d.,/$€¥£-]){_YEAR}(?![\d/-]|[.,]\d|\s?[万k%人元]))\s*年?[初底末中]?", _numeric
    yield rf"(?:(?P<year>{_HAN_YEAR})年|(?P<shift>{years}))[初底末中]?", _chinese


def _numeric(match: re.Match[str], today: date) -> Mention:
    parts = match.groupdict()
    year = _year(parts["year"], today)
    month, day = parts.get("month"), parts.get("day")
    return Mention(match.start(), match.end(), year, int(month) if month else None, int(day) if day else None)


def _slashed(match: re.Match[str], today: date) -> Mention:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    if first > 12 or first == second:
        return Mention(match.start(), match.end(), year, second, first)
    other = (second, first) if second <= 12 else None
    return Mention(match.start(), match.end(), year, first, second, other=other)


def _named(match: re.Match[str], today: date) -> Mention:
    parts = match.groupdict()
    year, day = parts.get("year"), parts.get("day")
    month = _month_names()[match["name"]]
    return Mention(match.start(), match.end(), int(year) if year else None, month, int(day) if day else None)


def _chinese(match: re.Match[str], today: date) -> Mention | None:
    parts = match.groupdict()
    written, shift = parts.get("year"), parts.get("shift")
    year = None
    if shift:
        year = today.year + _table("years")[shift]
    elif written:
        digits = (
            written
            if written.isdecimal() and written.isascii()
            else str(chinese(written) or "").zfill(len(written))
        )
        year = _year(digits, today)
    month, day = (_small(parts.get(part)) for part in ("month", "day"))
    return Mention(match.start(), match.end(), year, month, day)


def _day(match: re.Match[str], today: date) -> Mention:
    day = today + timedelta(days=_table("days")[match[0]])
    return Mention(match.start(), match.end(), day.year, day.month, day.day, relative=True)


def _month_shift(match: re.Match[str], today: date) -> Mention:
    year, month = shifted(today, _table("month_shifts")[match[0]])
    return Mention(match.start(), match.end(), year, month, relative=True)


def _ago(match: re.Match[str], today: date) -> Mention | None:
    count, unit = _small(match["count"]), match["unit"]
    if count is None:
        return None
    if unit in ("年", "year", "jahr"):
        return Mention(match.start(), match.end(), today.year - count, relative=True)
    if unit in ("个月", "month", "monat"):
        year, month = shifted(today, -count)
        return Mention(match.start(), match.end(), year, month, relative=True)
    day = today - timedelta(days=count * (1 if unit in ("天", "day", "tag") else 7))
    return Mention(match.start(), match.end(), day.year, day.month, day.day, relative=True)


def _small(written: str | None) -> int | None:
    """A month, day or count in digits or Chinese; None for none."""
    if not written:
        return None
    if written.isascii():
        return int(written)
    value = chinese(written.removeprefix("初").replace("正", "一"))
    return int(value) if value is not None and value == int(value) else None


def _year(written: str, today: date) -> int:
    """A year of four digits, or of two: then the one that is at most ten years ahead."""
    year = int(written)
    if len(written) > 2:
        return year
    year += today.year // 100 * 100
    return year if year <= today.year + 10 else year - 100


@lru_cache(maxsize=8)
def _table(key: str) -> dict[str, int]:
    """Words of a table of the vocabulary, and the number that each stands for."""
    table: dict[str, list[str]] = vocabulary()["dates"][key]
    return {word: int(number) for number, names in table.items() for word in names}


def _month_names() -> dict[str, int]:
    return _table("months")
