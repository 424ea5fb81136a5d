"""Numbers in running text: digits with separators and scales, Chinese numerals, number words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from forms.values.problem import NotValid

CHINESE = "零〇○一二三四五六七八九十百千万亿两俩仨壹贰叁肆伍陆柒捌玖拾佰仟萬億廿卅半点貳參陸"
_SCALES = {
    "十": 1, "百": 2, "佰": 2, "千": 3, "仟": 3, "万": 4, "萬": 4, "w": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "億": 8,
    "十亿": 9, "百亿": 10, "千亿": 11, "万亿": 12, "k": 3, "thousand": 3, "tsd": 3, "tausend": 3, "grand": 3, "m": 6,
    "mm": 6, "mn": 6, "mio": 6, "mil": 6, "mill": 6, "million": 6, "millions": 6, "millionen": 6, "b": 9, "bn": 9,
    "billion": 9, "billions": 9, "mrd": 9, "milliarde": 9, "milliarden": 9, "hundred": 2, "dozen": -1, "lakh": 5, "crore": 7,
}  # fmt: skip
_DOZEN = -1
_SCALE = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_WORDS = {
    word: value
    for value, words in {
        0: "zero null", 1: "one ein eins eine einen einer", 2: "two zwei couple", 3: "three drei", 4: "four vier",
        5: "five fünf", 6: "six sechs", 7: "seven sieben", 8: "eight acht", 9: "nine neun", 10: "ten zehn",
        11: "eleven elf", 12: "twelve zwölf", 13: "thirteen dreizehn", 14: "fourteen vierzehn", 15: "fifteen fünfzehn",
        16: "sixteen sechzehn", 17: "seventeen siebzehn", 18: "eighteen achtzehn", 19: "nineteen neunzehn",
        20: "twenty zwanzig", 30: "thirty dreißig dreissig", 40: "forty vierzig", 50: "fifty fünfzig",
        60: "sixty sechzig", 70: "seventy siebzig", 80: "eighty achtzig", 90: "ninety neunzig",
    }.items()
    for word in words.split()
}  # fmt: skip
_WORDS.update(
    {
        f"{one}und{ten}": _WORDS["eins" if one == "ein" else one] + _WORDS[ten]
        for one in ("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
        for ten in ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
    }
)
_WORD = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_SPELLED = re.compile(
    rf"(?<![\w.-])(?P<head>half a|a|an|{_WORD})(?:[ -](?P<unit>{_WORD}))?(?P<tail>(?: (?:and )?(?:hundred|thousand|million|millionen|dozen|tausend|hundert|{_WORD}))*)(?![\w-])"
)
_DIGITS = re.compile(
    rf"(?P<sign>(?<![\w.)-])[-+−]\s?)?(?P<digits>\d+(?:[.,'’]\d+| \d{{3}}(?!\d))*|(?<![\w.,])\.\d+)"
    rf"(?:\s?(?P<scale>{_SCALE})(?:\.|(?![a-zäöü]))(?P<rest>\d)?)?"
)
_HAN = re.compile(rf"(?P<sign>负)?[{CHINESE}]+(?:又|$)?")
_HAN_DIGITS = {sign: value for value, signs in enumerate(("零〇○", "一壹", "二两贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")) for sign in signs}  # fmt: skip
_SPAN = re.compile(r"[~～至到]|[-–—−]|\bto\b|\bbis\b|\bor\b|或者?|\boder\b|和|\band\b")
_RANGE = re.compile(
    r"(?P<left>\d)\s*(?:[a-z万千百亿%个人名位元]{0,3})\s*(?:[-–—−~～至到]+|\bto\b|\bbis\b|\bor\b|或者?|\boder\b)\s*(?:[¥$€£]|us\$)?\s*(?P<right>\d)"
)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number with its place in the text; `spelled` for one that is not written in digits."""

    start: int
    end: int
    value: Decimal
    spelled: bool
    grouped: str = ""


def numerals(lowered: str, language: str) -> Iterator[Numeral]:
    """Every number of a plain lower-case text, left to right; NotValid("number_unclear") for 1.234 in doubt."""
    found: list[Numeral] = []
    for match in _DIGITS.finditer(lowered):
        value = _arabic(match, language)
        if value is not None:
            found.append(Numeral(match.start(), match.end(), value, False))
    for match in _HAN.finditer(lowered):
        if any(one.start < match.end() and match.start() < one.end for one in found):
            continue
        value = chinese(match[0])
        if value is not None:
            found.append(Numeral(match.start(), match.end(), value, True))
    for match in _SPELLED.finditer(lowered):
        value = _spelled(match)
        if value is not None:
            found.append(Numeral(match.start(), match.end(), value, True))
    yield from sorted(found, key=lambda one: one.start)


def number(value: Decimal) -> int | float:
    """A number as it is stored: whole ones as int."""
    return int(value) if value == value.to_integral_value() else float(value)


def chinese(text: str) -> Decimal | None:
    """The value of Chinese numerals ("三百万", "两万五", "一点五亿", "半"); None for what is none or only "about"."""
    sign = -1 if text.startswith("负") else 1
    text = text.removeprefix("负").replace("俩", "两").replace("仨", "三").replace("○", "〇")
    text = text.translate(str.maketrans("貳參陸廿卅", "贰叁陆廿卅"))
    if text == "半":
        return Decimal("0.5") * sign
    if "廿" in text or "卅" in text:
        text = text.replace("廿", "二十").replace("卅", "三十")
    tail = 0
    half = Decimal(0)
    if text.endswith("半"):
        text, half = text[:-1], Decimal("0.5")
    if not text or "半" in text or text[0] in "百佰千仟万萬亿億点" or text[-1] == "点":
        return None
    while text and text[-1] in "百佰千仟万萬亿億" and "点" in text:
        tail += _SCALES[text[-1]]
        text = text[:-1]
    if half and text[-1] in _SCALES:
        half *= Decimal(10) ** _SCALES[text[-1]]
    if all(sign_ in _HAN_DIGITS for sign_ in text):
        value = Decimal("".join(str(_HAN_DIGITS[sign_]) for sign_ in text))
    else:
        import cn2an

        try:
            value = Decimal(str(cn2an.cn2an(text, "smart")))
        except (ValueError, KeyError, TypeError, IndexError, OverflowError, InvalidOperation):
            return None
    return (value * Decimal(10) ** tail + half) * sign


def vague(lowered: str) -> bool:
    """Whether a number is only hinted at: "三五个", "十几人", "20多", "100+", "数百万", "3-5"."""
    if _RANGE.search(lowered) or re.search(
        r"[几数多]\s*[十百千万亿]|[十百千万亿\d]\s*[几多余]|\d\s*\+(?!\d)|(?<=\d)\s*(?:or more|or so many|plus)\b|"
        r"\b(?:between|several|dozens|hundreds|thousands|zwischen|mehrere|some|a few|few|einige)\b|若干|好几|介于",
        lowered,
    ):
        return True
    if re.search(
        r"(?:超过|不到|不足|不止|至少|最多|以上|以下|以内|\b(?:over|more than|less than|at least|at most|up to|under|mehr als|weniger als|mindestens|höchstens|über|unter)\b|[<>≥≤])",
        lowered,
    ):
        return True
    span = re.search(rf"[{CHINESE}]+[个名位万千百元]*\s*(?:至|到|~|-|或者?)\s*[{CHINESE}\d]", lowered)
    if span:
        return True
    words = re.search(rf"\b(?:{_WORD})\s*(?:to|or|-|bis|oder)\s*(?:{_WORD})\b", lowered)
    if words and not re.search(r"(?:ty)-", words[0]):
        return True
    pair = re.search(
        r"(?<![零〇一二三四五六七八九点年])([一两二三四五六七八九])([二三四五六七八九])(?![零〇一二三四五六七八九年点])",
        lowered,
    )
    if pair:
        first, second = _HAN_DIGITS[pair[1]], _HAN_DIGITS[pair[2]]
        return second - first == 1 or (first, second) == (3, 5)
    return False


def _arabic(match: re.Match[str], language: str) -> Decimal | None:
    digits = match["digits"].replace("’", "'")
    value = separated(digits, language, scaled=match["scale"] is not None)
    scale = match["scale"]
    if scale:
        power = _SCALES[scale]
        value = value * 12 if power == _DOZEN else value * Decimal(10) ** power
        if match["rest"]:
            value += Decimal(match["rest"]) * Decimal(10) ** (power - 1)
    return -value if (match["sign"] or "").strip() in ("-", "−") else value


def separated(digits: str, language: str, *, scaled: bool = False) -> Decimal:
    """The value of digits with separators; NotValid when they can be read in two ways."""
    marks = [sign for sign in digits if not sign.isdigit()]
    if not marks:
        return Decimal(digits)
    kinds = set(marks)
    if " " in kinds or "'" in kinds:
        digits = digits.replace(" ", "").replace("'", "")
        marks = [sign for sign in digits if not sign.isdigit()]
        kinds = set(marks)
        if not marks:
            return Decimal(digits)
    last = marks[-1]
    head, _, tail = digits.rpartition(last)
    if len(kinds) == 2:
        if last in head or not _grouped(head, (kinds - {last}).pop()):
            raise NotValid("number", word=digits)
        return Decimal(f"{_bare(head)}.{tail}")
    if len(marks) > 1:
        if not _grouped(digits, last):
            raise NotValid("number", word=digits)
        return Decimal(_bare(digits))
    if len(tail) == 3 and 1 <= len(head) <= 3 and head != "0" and not scaled:
        thousands, fraction = Decimal(head + tail), Decimal(f"{head}.{tail}")
        usual = "." if language == "de" else ","
        if last != usual:
            raise NotValid("number_unclear", word=digits, first=thousands, second=fraction)
        return thousands
    return Decimal(f"{head or 0}.{tail}")


def _grouped(digits: str, mark: str) -> bool:
    first, *others = digits.split(mark)
    groups = (len(other) == 3 for other in others)
    return 1 <= len(first) <= 3 and all(groups) and all(part.isdigit() for part in (first, *others))


def _bare(digits: str) -> str:
    return re.sub(r"\D", "", digits)


def _spelled(match: re.Match[str]) -> Decimal | None:
    head, unit, tail = match["head"], match["unit"], match["tail"].split()
    if head in ("a", "an", "half a"):
        if not tail or unit or tail[0] not in ("hundred", "thousand", "million", "dozen"):
            return None
        total = Decimal("0.5") if head == "half a" else Decimal(1)
    else:
        total = Decimal(_WORDS[head])
        if unit:
            if not (total >= 20 and total % 10 == 0 and 0 < _WORDS[unit] < 10):
                return None
            total += _WORDS[unit]
    done = Decimal(0)
    for word in tail:
        if word == "and":
            continue
        if word == "dozen":
            total *= 12
        elif word in ("hundred", "hundert"):
            total *= 100
        elif word in ("thousand", "tausend", "million", "millionen"):
            done += total * (1000 if word in ("thousand", "tausend") else 1_000_000)
            total = Decimal(0)
        else:
            total += _WORDS[word]
    return done + total
