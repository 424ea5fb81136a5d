"""Numbers in running text: digits with separators and scales, Chinese numerals, number words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from forms.values.problem import NotValid
from forms.values.spelled import spelled
from forms.values.vocabulary import alternatives

CHINESE = "零〇○一二三四五六七八九十百千万亿两俩仨壹贰叁肆伍陆柒捌玖拾佰仟萬億廿卅半点貳參陸"
"""Every sign of a number written in Chinese."""

_POWERS = {
    1: "十",
    2: "百 佰 hundred",
    3: "千 仟 k thousand tsd tausend grand",
    4: "万 萬 w",
    5: "十万 lakh",
    6: "百万 m mm mn mio mil million millions millionen",
    7: "千万 crore",
    8: "亿 億",
    9: "十亿 b bn billion billions mrd milliarde milliarden",
    10: "百亿",
    11: "千亿",
    12: "万亿",
}
_SCALES = {word: power for power, line in _POWERS.items() for word in line.split()}
_HAN = re.compile(rf"负?(?!一[共起些般直样定下切旦致律])(?<![统唯第])[{CHINESE}]+")
_VALUES = ("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_HAN_DIGITS = {sign: value for value, signs in enumerate(_VALUES) for sign in signs}
_VARIANTS = str.maketrans("俩仨○貳參陸", "两三〇贰叁陆")
_GAP = re.compile(r"\s*(?:and|und|又)?\s*")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number with its place; `scale` is the power of ten of its last word, `spelled` is without digits."""

    start: int
    end: int
    value: Decimal
    scale: int = 0
    spelled: bool = False


def numerals(lowered: str, language: str) -> list[Numeral]:
    """Every number of a plain lower-case text, left to right; NotValid for separators in doubt."""
    found = [_arabic(match, language) for match in _digits().finditer(lowered)]
    for match in _HAN.finditer(lowered):
        value = chinese(match[0])
        if value is not None and not _taken(found, match):
            found.append(Numeral(match.start(), match.end(), value, _han_scale(match[0]), True))
    for start, end, value in spelled(lowered):
        found.append(Numeral(start, end, value, 6 if value >= 1_000_000 else 0, True))
    return _joined(lowered, sorted(found, key=lambda one: one.start))


def number(value: Decimal) -> int | float:
    """A number as it is stored: whole ones as int."""
    return int(value) if value == value.to_integral_value() else float(value)


def chinese(text: str) -> Decimal | None:
    """The value of Chinese numerals ("三百万", "两万五", "一点五亿", "半"); None for what is no number."""
    sign = -1 if text.startswith("负") else 1
    text = text.removeprefix("负").translate(_VARIANTS).replace("廿", "二十").replace("卅", "三十")
    if text == "半":
        return Decimal("0.5") * sign
    half = Decimal("0.5") if text.endswith("半") else Decimal(0)
    text = text.removesuffix("半")
    if not text or "半" in text or text[0] in "百佰千仟万萬亿億点" or text[-1] == "点":
        return None
    power = 0
    if half and text[-1] in _SCALES and len(text) > 1:
        half *= Decimal(10) ** _SCALES[text[-1]]
    while "点" in text and text[-1] in _SCALES:
        power += _SCALES[text[-1]]
        text = text[:-1]
    if all(one in _HAN_DIGITS for one in text):
        return (Decimal("".join(str(_HAN_DIGITS[one]) for one in text)) + half) * sign
    value = _converted(text)
    return None if value is None else (value * Decimal(10) ** power + half) * sign


def separated(digits: str, language: str, *, scaled: bool = False) -> Decimal:
    """The value of digits with separators; NotValid when they can be read in two ways, or in none."""
    digits = re.sub(r"[ '’]", "", digits)
    marks = [sign for sign in digits if not sign.isdigit()]
    if not marks:
        return Decimal(digits)
    last = marks[-1]
    head, _, tail = digits.rpartition(last)
    if len(set(marks)) == 2:
        if last in head or not _grouped(head, "," if last == "." else "."):
            raise NotValid("number", word=digits)
        return Decimal(f"{_bare(head)}.{tail}")
    if len(marks) > 1:
        if not _grouped(digits, last):
            raise NotValid("number", word=digits)
        return Decimal(_bare(digits))
    fraction = Decimal(f"{head or 0}.{tail}")
    if len(tail) != 3 or not 1 <= len(head) <= 3 or head.startswith("0"):
        return fraction
    if last != ("." if language == "de" else ","):
        if scaled:
            return fraction
        raise NotValid("number_unclear", word=digits, first=f"{head}{tail}", second=f"{head}.{tail}")
    return Decimal(head + tail)


@lru_cache(maxsize=1)
def _digits() -> re.Pattern[str]:
    """The pattern of a number in digits, with its separators, its scale, and the 5 of "3万5"."""
    scales = alternatives(_SCALES)
    return re.compile(
        r"(?P<sign>(?<![\w.)-])[-+−]\s?)?"
        r"(?P<digits>(?<![\d.])\d+(?:[.,'’]\d+)*(?: \d{3}(?!\d))*(?:[.,]\d+)?|(?<![\w.,])\.\d+)"
        rf"(?:\s?(?P<scale>{scales})\.?(?:(?P<rest>[1-9])(?![\d.,]*\d)(?!\s?{scales}))?)?"
    )


def _arabic(match: re.Match[str], language: str) -> Numeral:
    scale = match["scale"]
    value = separated(match["digits"], language, scaled=scale is not None)
    power = _SCALES[scale] if scale else 0
    value *= Decimal(10) ** power
    if match["rest"]:
        value += Decimal(match["rest"]) * Decimal(10) ** (power - 1)
    if (match["sign"] or "").strip() in ("-", "−"):
        value = -value
    return Numeral(match.start(), match.end(), value, power)


def _joined(lowered: str, found: list[Numeral]) -> list[Numeral]:
    """Put together what is one number in parts: "1亿2000万", "1 million 200 thousand"."""
    joined: list[Numeral] = []
    for one in found:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.scale >= 3
            and 0 < one.value < Decimal(10) ** last.scale
            and (one.scale >= 3 or (one.start == last.end and one.value >= 10))
            and _GAP.fullmatch(lowered[last.end : one.start])
        ):
            joined[-1] = Numeral(last.start, one.end, last.value + one.value, last.scale, last.spelled)
        else:
            joined.append(one)
    return joined


def _converted(text: str) -> Decimal | None:
    import cn2an

    try:
        return Decimal(str(cn2an.cn2an(text, "smart")))
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError, InvalidOperation):
        return None


def _han_scale(text: str) -> int:
    return max((_SCALES.get(sign, 0) for sign in text), default=0)


def _taken(found: list[Numeral], match: re.Match[str]) -> bool:
    return any(one.start < match.end() and match.start() < one.end for one in found)


def _grouped(digits: str, mark: str) -> bool:
    first, *others = digits.split(mark)
    return 1 <= len(first) <= 3 and all(len(other) == 3 and other.isdigit() for other in others)


def _bare(digits: str) -> str:
    return re.sub(r"\D", "", digits)
