"""Answers that are amounts of money, in the currency that is named or else in the question's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from forms.model import Question, Value
from forms.values.numbers import check_number, show_number
from forms.values.numerals import number, numerals
from forms.values.problem import NotValid
from forms.values.spelled import vague
from forms.values.text import excerpt, fold, plain, wording
from forms.values.vocabulary import alternatives, pattern, vocabulary, words

_DOLLARS = frozenset({"USD", "HKD", "SGD", "AUD", "CAD", "TWD"})
_PERIOD = re.compile(r"每?一(?:个月|年)")
_NEAR = 30
_END = re.compile(r"\s*(?:$|[,.;!?)\n。、])")
_MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class _Money:
    """An amount with its place in the text; `named` when it has a currency, `scaled` when it has a scale."""

    start: int
    end: int
    value: Decimal
    currency: str
    named: bool
    scaled: bool


def read_amount(question: Question, text: str, language: str) -> Value:
    """Read a message that is one amount; NotValid for ranges, several, or none."""
    lowered = _PERIOD.sub(" ", plain(text).casefold())
    if fold(text) in words("amounts", "zero"):
        return _value(question, Decimal(0), question.currency, text)
    if vague(lowered):
        raise NotValid("one_amount")
    found = _moneys(question, lowered, language)
    if not found:
        raise NotValid("amount", word=excerpt(text))
    if len({(one.value, one.currency) for one in found}) > 1:
        raise NotValid("one_amount")
    rest = lowered
    for one in reversed(found):
        rest = f"{rest[: one.start]} {rest[one.end :]}"
    rest = pattern("about", "words").sub(" ", pattern("amounts", "fillers").sub(" ", rest))
    if re.search(r"[\w%]", rest):
        raise NotValid("amount", word=excerpt(text))
    return _value(question, found[0].value, found[0].currency, text)


def find_amount(question: Question, text: str, language: str) -> Value | None:
    """The one amount of a sentence that names its currency, or else the only one with a scale (万)."""
    lowered = _PERIOD.sub(" ", plain(text).casefold())
    try:
        found = _moneys(question, lowered, language)
    except NotValid:
        return None
    named = [one for one in found if one.named]
    candidates = named or [one for one in found if one.scaled and _alone(lowered[one.end :])]
    if len({(one.value, one.currency) for one in candidates}) != 1:
        return None
    one = candidates[0]
    if vague(lowered[max(0, one.start - 14) : one.end + 10]):
        return None
    try:
        return _value(question, one.value, one.currency, text)
    except NotValid:
        return None


def check_amount(question: Question, value: Decimal, currency: str) -> None:
    """Raise NotValid for an amount outside the limits, which are in the question's currency."""
    limits = question.limits
    if currency == question.currency:
        check_number(limits, value)
    elif limits.minimum is not None and limits.minimum >= 0 > value:
        raise NotValid("too_small", value=show_number(value), limit=show_number(limits.minimum))


def _value(question: Question, value: Decimal, currency: str, text: str) -> Value:
    if abs(value) > _MOST:
        raise NotValid("too_large", value=excerpt(text), limit=show_number(_MOST))
    check_amount(question, value, currency)
    return Value(data={"value": number(value), "currency": currency}, wording=wording(text))


def _moneys(question: Question, lowered: str, language: str) -> list[_Money]:
    """Every number of a text with the currency that stands beside it; NotValid when two of them do."""
    found: list[_Money] = []
    for one in numerals(lowered, language):
        nearest = max(found[-1].end if found else 0, one.start - _NEAR)
        before = _currency_before().search(lowered[nearest : one.start])
        after = _currency_after().match(lowered[one.end : one.end + _NEAR])
        codes = {_code(match[1], question) for match in (before, after) if match}
        if len(codes) > 1:
            raise NotValid("currency_unclear", word=excerpt(lowered))
        value = one.value
        if before and before.group(0).lstrip().startswith(("-", "−")):
            value = -value
        found.append(
            _Money(
                start=nearest + before.start() if before else one.start,
                end=one.end + (after.end() if after else 0),
                value=value,
                currency=codes.pop() if codes else question.currency,
                named=bool(before or after),
                scaled=one.scale >= 3,
            )
        )
    return found


def _alone(after: str) -> bool:
    return bool(
        _END.match(after)
        or pattern("about", "after").match(after.lstrip())
        or pattern("amounts", "fillers").match(after.lstrip())
    )


def _code(word: str, question: Question) -> str:
    if word == "$" and question.currency in _DOLLARS:
        return question.currency
    return _codes()[word]


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    currencies = vocabulary()["amounts"]["currencies"]
    return {word: code for code, names in currencies.items() for word in names}


@lru_cache(maxsize=1)
def _currency_before() -> re.Pattern[str]:
    return re.compile(rf"(?:[-−]\s*)?({alternatives(_codes())})\s*$")


@lru_cache(maxsize=1)
def _currency_after() -> re.Pattern[str]:
    return re.compile(rf"\s*({alternatives(_codes())})[整正]?")
