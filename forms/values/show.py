"""Answers as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from forms.model import Question, Texts, Value
from forms.values.files import show_size
from forms.values.numbers import show_number

_YES_NO = {"zh": ("是", "否"), "en": ("Yes", "No"), "de": ("Ja", "Nein")}
_SKIPPED = {"zh": "（跳过）", "en": "(skipped)", "de": "(übersprungen)"}
_JOIN = {"zh": "、", "en": ", ", "de": ", "}
_CURRENCIES = {
    "zh": {
        "CNY": "元",
        "USD": "美元",
        "EUR": "欧元",
        "GBP": "英镑",
        "JPY": "日元",
        "HKD": "港元",
        "SGD": "新加坡元",
    },
}
_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),  # noqa: SIM905
}
_WAN, _YI = Decimal(10_000), Decimal(100_000_000)


def show_value(question: Question, value: Value, language: str) -> str:
    """The answer for people, in Chinese, English or German; in English for any other language."""
    language = language if language in _YES_NO else "en"
    if value.skipped or value.data is None:
        return _SKIPPED[language]
    data = value.data
    match question.type:
        case "number" if _is_number(data):
            return _number(question, data, language)
        case "amount" if isinstance(data, dict) and _is_number(data.get("value")):
            return show_amount(data["value"], str(data.get("currency")), language)
        case "date" | "month" if isinstance(data, str):
            return _date(data, language)
        case "choice" | "choices":
            ids = data if isinstance(data, list) else [data]
            labels = {option.id: _text(option.labels, language) for option in question.options}
            return _JOIN[language].join(labels.get(one) or str(one) for one in ids) or _YES_NO[language][1]
        case "phone" if isinstance(data, str):
            return _phone(data)
        case "file" if isinstance(data, dict):
            return str(data.get("link") or f"{data.get('name')} ({show_size(int(data.get('size') or 0))})")
        case _ if isinstance(data, bool):
            return _YES_NO[language][0 if data else 1]
        case _:
            return str(data)


def show_amount(value: float, currency: str, language: str) -> str:
    """An amount as the language says it, with the plain figure and ISO code when that is another thing."""
    plain = f"{currency} {show_number(value, language)}"
    names = _CURRENCIES.get(language, {})
    if language != "zh" or currency not in names:
        return plain
    exact, sign = abs(Decimal(str(value))), "-" if value < 0 else ""
    for scale, word in ((_YI, "亿"), (_WAN, "万")):
        if exact >= scale and exact % (scale / 100) == 0:
            return f"{sign}{show_number(exact / scale)} {word}{names[currency]} ({plain})"
    return f"{sign}{show_number(exact)} {names[currency]}"


def _number(question: Question, data: float, language: str) -> str:
    unit = _text(question.unit, language)
    shown = show_number(data, language)
    return f"{shown}{'' if unit == '%' else ' '}{unit}" if unit else shown


def _date(written: str, language: str) -> str:
    try:
        day = date.fromisoformat(written if len(written) > 7 else f"{written}-01")
    except ValueError:
        return written
    whole = len(written) > 7
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日" if whole else f"{day.year}年{day.month}月"
    month = f"{_MONTHS[language][day.month - 1]} {day.year}"
    if not whole:
        return month
    return f"{day.day}. {month}" if language == "de" else f"{day.day} {month}"


def _phone(number: str) -> str:
    """A number with gaps: mainland mobile ones by rule, others by phonenumbers."""
    if number.startswith("+861") and len(number) == 14:
        return f"+86 {number[3:6]} {number[6:10]} {number[10:]}"
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _text(texts: Texts, language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _is_number(data: object) -> bool:
    return isinstance(data, int | float) and not isinstance(data, bool)
