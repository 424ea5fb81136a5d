"""Whether stored answers still fit their questions, which may have changed since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from forms.model import Question, Value
from forms.values.addresses import check_url
from forms.values.amounts import check_amount
from forms.values.choices import check_choices
from forms.values.company import check_company_code
from forms.values.contact import check_email, check_phone
from forms.values.dates import check_date
from forms.values.files import check_file
from forms.values.numbers import check_number
from forms.values.problem import NotValid
from forms.values.text import check_text


def check(question: Question, value: Value, today: date) -> None:
    """Raise NotValid when stored data no longer fits the question: "changed" when even its type does not."""
    if value.skipped:
        if question.required and question.type != "group":
            raise NotValid("empty")
        return
    if question.type in ("date", "month"):
        check_date(question, _of(str, value.data), today)
    else:
        _CHECKS[question.type](question, value.data)


def _number(question: Question, data: Any) -> None:
    check_number(question.limits, _decimal(data))


def _amount(question: Question, data: Any) -> None:
    amount = _of(dict, data)
    check_amount(question, _decimal(amount.get("value")), _of(str, amount.get("currency")))


def _choice(question: Question, data: Any) -> None:
    if _of(str, data) not in {option.id for option in question.options}:
        raise NotValid("option_gone")


def _choices(question: Question, data: Any) -> None:
    chosen = _of(list, data)
    if not all(isinstance(one, str) for one in chosen):
        raise NotValid("changed")
    check_choices(question, chosen)


def _file(question: Question, data: Any) -> None:
    file = _of(dict, data)
    if "link" in file:
        check_url(_of(str, file["link"]))
    elif {"sha256", "name", "media_type", "size"} <= file.keys():
        _of(int, file["size"])
        check_file(question, file)
    else:
        raise NotValid("changed")


def _company_code(question: Question, data: Any) -> None:
    check_company_code(_of(str, data))


def _yes_no(question: Question, data: Any) -> None:
    _of(bool, data)


def _none(question: Question, data: Any) -> None:
    raise NotValid("group")


def _of(kind: type[Any], data: Any) -> Any:
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise NotValid("changed")
    return data


def _decimal(data: Any) -> Decimal:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise NotValid("changed")
    number = Decimal(str(data))
    if not number.is_finite():
        raise NotValid("changed")
    return number


_CHECKS: dict[str, Callable[[Question, Any], None]] = {
    "text": lambda question, data: check_text(question, _of(str, data)),
    "long_text": lambda question, data: check_text(question, _of(str, data)),
    "number": _number,
    "amount": _amount,
    "choice": _choice,
    "choices": _choices,
    "yes_no": _yes_no,
    "email": lambda question, data: check_email(_of(str, data)),
    "phone": lambda question, data: check_phone(_of(str, data)),
    "url": lambda question, data: check_url(_of(str, data)),
    "company_code": _company_code,
    "file": _file,
    "group": _none,
}
