"""Answers that are numbers, with or without a unit."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from forms.model import Limits, Question, Value
from forms.values.numerals import Numeral, number, numerals, vague
from forms.values.problem import NotValid
from forms.values.text import excerpt, plain, wording

_FAMILIES = tuple(
    frozenset(word.strip() for word in family.split("|"))
    for family in (
        "人|个人|名|位|个员工|名员工|个成员|名成员|位成员|个创始人|位创始人|名创始人|口人|人员|个小伙伴|个|person|persons|people|members|"
        "member|employees|employee|founders|founder|cofounders|co-founders|team members|team member|staff|heads|colleagues|"
        "engineers|developers|of us|personen|leute|mitarbeiter|mitarbeitende|köpfe|teammitglieder|gründer|mann",
        "年|周年|years|year|yrs|yr|jahre|jahr|jahren|y",
        "个月|月|months|month|mos|mo|monate|monat|monaten",
        "周|个星期|星期|个礼拜|weeks|week|wochen|woche",
        "天|日|days|day|tage|tag",
        "小时|个小时|hours|hour|stunden|stunde|h",
        "平方米|平米|平|平方|㎡|m2|m²|sqm|sq m|square meters|square metres|square meter|quadratmeter|qm",
        "%|percent|per cent|pct|个百分点|百分之|prozent|个点",
        "个工位|工位|个位置|个座位|desks|desk|seats|seat|workplaces|arbeitsplätze|schreibtische|个",
        "家|个客户|家客户|customers|clients|kunden|个",
        "项|件|个专利|项专利|件专利|patents|patent|patente|个",
        "台|辆|套|units|cars|vehicles|machines|fahrzeuge|stück|pieces|个",
        "次|轮|times|rounds|round|mal|runden|个",
        "个项目|projects|project|projekte|个",
        "岁|years old|jahre alt",
        "元|块|块钱|人民币|rmb|cny|yuan|美元|usd|dollars|eur|euro|euros|¥|$|€|£",
        "km|公里|kg|公斤|吨|mb|gb|tb|m|cm|米|kw|kwh|v|°c|℃",
    )
)
_ABOUT = re.compile(
    r"大约|大概|约|差不多|左右|上下|将近|接近|估计|应该|可能|目前|现在|一共|总共|共有|共|合计|加起来|就|只有|有|是|为|在|的|吧|了|哦|啊|呢|"
    r"我们|咱们|团队|公司|我|都|计划|准备|打算|需要|要|想要|"
    r"\b(?:about|around|roughly|approximately|approx|nearly|almost|ca|circa|some|currently|now|right now|at the moment|in total|total|"
    r"altogether|all together|exactly|just|only|we are|we're|we have|we've|we|there are|there is|it is|it's|i think|i guess|maybe|"
    r"a team of|team of|our team is|our team has|our|team|of|the|at|in|i|are|is|have|has|full time|full-time|plus me|including me|"
    r"etwa|ungefähr|rund|zirka|insgesamt|derzeit|aktuell|momentan|zurzeit|wir sind|wir haben|wir|es sind|sind|haben|zu|"
    r"please|thanks|thank you|danke|bitte)\b"
)
_BEFORE_REFUSED = re.compile(
    r"(?:第|no\.?|nr\.?|#|q|h|v|version|phase|stage|level|series|tier|top|\d[:/.])\s*$"
)
_TIME = re.compile(r"^\s*(?:[:/]\s?\d|月|号|日|年|点|am\b|pm\b|uhr\b|º|°)")
_ARTICLE = re.compile(r"^\s*个")
_IDIOM = re.compile(r"^(?:起|些|般|直|定|样|下|致|律|旦|边|方|流|分|点|步|体|线|同|家)")
_GROWTH = re.compile(
    r"^\s*(?:now|in total|total|in all|altogether|right now|at the moment|currently|and|but|all|plus|so|including|as of|"
    r"insgesamt|und|aber|derzeit|thanks|thank you|谢谢|目前|左右|吧|了|的|都)"
)
_END = re.compile(r"^\s*(?:$|[,.;!)。,;!、\n])")


def read_number(question: Question, text: str, language: str) -> Value:
    """Read a message that is one number with its unit; NotValid for ranges, several, or none."""
    lowered = plain(text).casefold()
    if vague(lowered):
        raise NotValid("one_number")
    found = list(numerals(lowered, language))
    if not found:
        raise NotValid("number", word=excerpt(text))
    if len({one.value for one in found}) > 1:
        raise NotValid("one_number")
    rest = lowered
    for one in reversed(found):
        rest = f"{rest[: one.start]} {rest[one.end :]}"
    own = _own_units(question)
    if own is not None:
        rest = own.sub(" ", rest)
    rest = _ABOUT.sub(" ", rest)
    if re.search(r"[\w%$€¥£]", rest):
        raise NotValid("number", word=excerpt(text))
    return _value(question, found[0].value, text)


def find_number(question: Question, text: str, language: str) -> Value | None:
    """The one number of a sentence that stands with the question's unit, or else the only number at all."""
    lowered = plain(text).casefold()
    try:
        found = list(numerals(lowered, language))
    except NotValid:
        return None
    own = _own_units(question)
    strong: list[Numeral] = []
    bare: list[Numeral] = []
    for one in found:
        before, after = lowered[: one.start], lowered[one.end :]
        if re.search(r"[a-z_]$", before) or _BEFORE_REFUSED.search(before):
            continue
        with_unit = own is not None and own.match(after.lstrip(" -"))
        if with_unit and not (one.spelled and one.value == 1 and with_unit[0] == "个"):
            strong.append(one)
        elif _bare(one, after, has_unit=own is not None):
            bare.append(one)
    candidates = strong or bare
    if not candidates or len({one.value for one in candidates}) > 1:
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


def show_number(value: Decimal | float | int, language: str = "en") -> str:
    """A number with separated thousands as the language writes it."""
    exact = Decimal(str(value))
    shown = f"{exact:,f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return shown.translate(str.maketrans(",.", ".,")) if language == "de" else shown


def _value(question: Question, value: Decimal, text: str) -> Value:
    if abs(value) > Decimal(10) ** 15:
        raise NotValid("too_large", value=excerpt(text), limit=show_number(question.limits.maximum or 10**15))
    check_number(question.limits, value)
    return Value(data=number(value), wording=wording(text))


def _bare(one: Numeral, after: str, *, has_unit: bool) -> bool:
    """Whether a number without the question's unit can still be what was asked."""
    if _TIME.match(after) or (
        one.spelled and (one.value == 1 or _IDIOM.match(after) or _ARTICLE.match(after))
    ):
        return False
    return (
        bool(_END.match(after) or _GROWTH.match(after)) if has_unit or one.spelled else not _other_unit(after)
    )


def _other_unit(after: str) -> bool:
    return bool(_any_unit().match(after.lstrip()))


def _own_units(question: Question) -> re.Pattern[str] | None:
    """A pattern of the words for the question's unit, in every language; None when it has none."""
    units = frozenset(plain(unit).casefold() for unit in question.unit.values())
    return _pattern(units) if units else None


@lru_cache(maxsize=64)
def _pattern(units: frozenset[str]) -> re.Pattern[str]:
    words = set(units)
    for family in _FAMILIES:
        if units & family - {"个"}:
            words |= family
    return _alternatives(frozenset(words))


@lru_cache(maxsize=1)
def _any_unit() -> re.Pattern[str]:
    return _alternatives(frozenset().union(*_FAMILIES) - {"个"})


def _alternatives(words: frozenset[str]) -> re.Pattern[str]:
    ordered = sorted((re.escape(plain(word).casefold()) for word in words), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(ordered)})(?![a-zäöüß])")
