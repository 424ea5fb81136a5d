"""Answers by which a person is reached: email and phone."""

from __future__ import annotations

import re

from forms.model import Value
from forms.values.problem import NotValid
from forms.values.text import EDGES, excerpt, plain, wording
from forms.values.vocabulary import bare

_EMAIL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@(?:[\w-]+\.)+[\w-]{2,}")
_ASCII_EMAIL = re.compile(r"[a-z0-9!#$%&*+/=^_~.-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_TWO_NUMBERS = re.compile(r"\d{7,}\D*(?:[/、,;|\n或]|or|and|oder|und)\D*\d{7,}")
_WORD = re.compile(r"[^\W\d_]{2,}")


def read_email(text: str) -> Value:
    """Read one email address; its full stop, brackets and full-width @ are mended."""
    written = bare("email", plain(text).strip(EDGES)).strip(EDGES).replace("。", ".")
    if written.count("@") == 1:
        written = re.sub(r"\s*@\s*", "@", written)
    elif len(set(_EMAIL.findall(written))) > 1:
        raise NotValid("one_email")
    return Value(data=_email(written, text), wording=wording(text))


def find_email(text: str) -> Value | None:
    """The one email address inside a sentence."""
    found = set()
    for match in _ASCII_EMAIL.finditer(plain(text)):
        try:
            found.add(_email(match[0].strip("."), text))
        except NotValid:
            continue
    return Value(data=found.pop(), wording=wording(text)) if len(found) == 1 else None


def check_email(address: str) -> None:
    """Raise NotValid unless a stored address is one still."""
    _email(address, address)


def read_phone(text: str) -> Value:
    """Read one phone number; without a country code it is taken as Chinese."""
    written = bare("phone", plain(text).strip(EDGES.replace("(", ""))).strip()
    if _TWO_NUMBERS.search(re.sub(r"[ -]", "", written)):
        raise NotValid("one_phone")
    return Value(data=_phone(written, text), wording=wording(text))


def find_phone(text: str) -> Value | None:
    """The one valid phone number inside a sentence."""
    import phonenumbers

    found = {
        phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        for match in phonenumbers.PhoneNumberMatcher(plain(text), "CN")
    }
    return Value(data=found.pop(), wording=wording(text)) if len(found) == 1 else None


def check_phone(number: str) -> None:
    """Raise NotValid unless a stored number is one still."""
    if _phone(number, number) != number:
        raise NotValid("changed")


def _email(address: str, text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise NotValid("email", word=excerpt(text)) from None


def _phone(written: str, text: str) -> str:
    import phonenumbers

    refused = NotValid("phone", word=excerpt(text))
    written = re.sub(r"转|分机|\bext(?:ension)?\b\.?|\bdurchwahl\b", " x ", written, flags=re.IGNORECASE)
    if not re.search(r"\d", written) or _WORD.search(written):
        raise refused
    try:
        number = phonenumbers.parse(re.sub(r"^00", "+", written), "CN")
    except phonenumbers.NumberParseException:
        raise refused from None
    if not phonenumbers.is_valid_number(number):
        raise refused
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
