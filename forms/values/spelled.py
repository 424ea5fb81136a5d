"""Numbers written as words in English and German, and numbers that are only hinted at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from forms.values.vocabulary import alternatives

_ONES = {
    0: "zero null",
    1: "one eins ein eine einen einer",
    2: "two zwei",
    3: "three drei",
    4: "four vier",
    5: "five fünf",
    6: "six sechs",
    7: "seven sieben",
    8: "eight acht",
    9: "nine neun",
    10: "ten zehn",
    11: "eleven elf",
    12: "twelve zwölf",
    13: "thirteen dreizehn",
    14: "fourteen vierzehn",
    15: "fifteen fünfzehn",
    16: "sixteen sechzehn",
    17: "seventeen siebzehn",
    18: "eighteen achtzehn",
    19: "nineteen neunzehn",
    20: "twenty zwanzig",
    30: "thirty dreißig dreissig",
    40: "forty vierzig",
    50: "fifty fünfzig",
    60: "sixty sechzig",
    70: "seventy siebzig",
    80: "eighty achtzig",
    90: "ninety neunzig",
}
_WORDS = {word: value for value, line in _ONES.items() for word in line.split()}
_TENS = "zwanzig dreißig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig".split()  # noqa: SIM905
_WORDS |= {
    f"{one}und{ten}": _WORDS[one] + _WORDS[ten]
    for one in ("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
    for ten in _TENS
}
_TIMES = {
    "dozen": 12,
    "hundred": 100,
    "hundert": 100,
    "thousand": 1000,
    "tausend": 1000,
    "million": 1_000_000,
    "millionen": 1_000_000,
}
_MOST_WORDS = 12
_SIGNS = "零〇一二三四五六七八九十百千万亿两"
_NEXT = "一[二两]|[二两]三|三[四五]|四五|五六|六七|七八|八九"
_OPEN = (
    r"[几数多]\s*[十百千万亿]|[十百千万亿\d]\s*[几多余]|\d\s*\+(?!\d)|\d\s*(?:or more|or so many|plus)\b|"
    r"\b(?:between|several|dozens|hundreds|thousands|zwischen|mehrere|a few|few|einige)\b|若干|好几|介于|"
    r"超过|不到|不足|不止|至少|最多|以上|以下|以内|[<>≥≤]|"
    r"\b(?:over|more than|less than|at least|at most|up to|under|"
    r"mehr als|weniger als|mindestens|höchstens|über|unter)\b"
)
_DIGIT_RANGE = (
    r"\d\s*[a-z万千百亿%个人名位元€$£¥]{0,3}\s*(?:[-–—−~～至到]+|\bto\b|\bbis\b|\bor\b|或者?|\boder\b)"
    r"\s*(?:us)?[¥$€£]?\s*\d"
)
_HAN_RANGE = rf"[{_SIGNS}]+[个名位元]*\s*(?:至|到|~|-|或者?)\s*[{_SIGNS}\d]"
_PAIR = rf"(?<![{_SIGNS}点年])(?:{_NEXT})(?![零〇一二三四五六七八九点年])"


def spelled(lowered: str) -> Iterator[tuple[int, int, Decimal]]:
    """Every number written as words, with its place."""
    for match in _patterns()[0].finditer(lowered):
        value = _value(match)
        if value is not None:
            yield match.start(), match.end(), value


def vague(lowered: str) -> bool:
    """Whether a number is a range or only hinted at: "3-5", "三五个", "十几人", "20多", "100+", "over 10"."""
    return any(one.search(lowered) for one in _patterns()[1:])


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    """The pattern of a spelled number, then those of ranges and hints; made when first needed."""
    word, times = alternatives(_WORDS), alternatives(_TIMES)
    number = (
        rf"(?<![\d\w.-])(?:(?P<half>half a)|(?P<article>an?)(?= {times})|(?P<head>{word}))"
        rf"(?P<tail>(?:[ -](?:and )?(?:{times}|{word}))*)(?![\w-])"
    )
    words = rf"{word}\s*(?:\bto\b|\bor\b|\bbis\b|\boder\b)\s*{word}"
    return tuple(re.compile(one) for one in (number, _OPEN, _DIGIT_RANGE, _HAN_RANGE, words, _PAIR))


def _value(match: re.Match[str]) -> Decimal | None:
    tail = [word for word in re.split(r"[ -]", match["tail"]) if word and word != "and"]
    if match["half"] and (not tail or tail[0] not in _TIMES):
        return None
    total = Decimal("0.5") if match["half"] else Decimal(_WORDS[match["head"]] if match["head"] else 1)
    done = Decimal(0)
    if len(tail) > _MOST_WORDS:
        return None
    for word in tail:
        times = _TIMES.get(word)
        if times is None:
            room = 10 if total % 100 >= 20 and total % 10 == 0 else 100 if total % 100 == 0 else 0
            if not 0 < _WORDS[word] < room:
                return None
            total += _WORDS[word]
        elif times < 1000:
            total *= times
        else:
            done += (total or 1) * times
            total = Decimal(0)
    return done + total
