"""What a founder typed, read as the answer to a question, or refused with a reason.

The types have modules of their own; a library behind one is loaded with the first answer that needs it.
"""

from __future__ import annotations

from datetime import date

from forms.model import Question, Value
from forms.values import addresses, amounts, choices, company, contact, dates, files, numbers, yes_no
from forms.values.checks import check
from forms.values.problem import NotValid
from forms.values.show import show_value
from forms.values.text import clean, count_characters, excerpt, read_text

__all__ = [
    "NotValid",
    "check",
    "count_characters",
    "find_value",
    "read_file",
    "read_option",
    "read_value",
    "show_value",
]

LONGEST = 1000
"""Characters of the longest message in which a value that is no text is looked for."""

read_file = files.read_file
read_option = choices.read_option

_UNREADABLE = {"choices": "option_unknown"}


def read_value(question: Question, text: str, *, language: str, today: date) -> Value:
    """Read a whole message as the answer to a question; NotValid says what is wrong with it."""
    kind = question.type
    if kind in ("text", "long_text"):
        return read_text(question, text)
    text = clean(text)
    if not text:
        raise NotValid("empty")
    if len(text) > LONGEST:
        raise NotValid(_UNREADABLE.get(kind, kind), word=excerpt(text))
    match kind:
        case "number":
            return numbers.read_number(question, text, language)
        case "amount":
            return amounts.read_amount(question, text, language)
        case "date" | "month":
            return dates.read_date(question, text, today)
        case "choice":
            return choices.read_choice(question, text, language)
        case "choices":
            return choices.read_choices(question, text, language)
        case "yes_no":
            return yes_no.read_yes_no(question, text)
        case "email":
            return contact.read_email(text)
        case "phone":
            return contact.read_phone(text)
        case "url":
            return addresses.read_url(text)
        case "company_code":
            return company.read_company_code(text)
        case "file":
            return files.read_link(text)
        case _:
            raise NotValid("group")


def find_value(question: Question, text: str, *, language: str, today: date) -> Value | None:
    """The one clear value inside a sentence; None when there is none, or several that differ."""
    text = clean(text)
    if not text or len(text) > LONGEST:
        return None
    match question.type:
        case "number":
            return numbers.find_number(question, text, language)
        case "amount":
            return amounts.find_amount(question, text, language)
        case "date" | "month":
            return dates.find_date(question, text, today)
        case "choice":
            return choices.find_choice(question, text)
        case "choices":
            return choices.find_choices(question, text)
        case "yes_no":
            return yes_no.find_yes_no(question, text)
        case "email":
            return contact.find_email(text)
        case "phone":
            return contact.find_phone(text)
        case "url":
            return addresses.find_url(text)
        case "company_code":
            return company.find_company_code(text)
        case "file":
            return files.find_link(text)
        case _:
            return None
