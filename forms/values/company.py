"""The unified social credit code of a company in China, with its checksum."""

from __future__ import annotations

import re

from forms.model import Value
from forms.values.problem import NotValid
from forms.values.text import EDGES, excerpt, plain, wording
from forms.values.vocabulary import bare

_INSIDE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){17}(?![0-9A-Za-z])")
_LENGTH = 18
_OLD_LENGTH = 15


def read_company_code(text: str) -> Value:
    """Read a message that is one code; NotValid tells length, letters, checksum and old numbers apart."""
    written = bare("code", plain(text).strip(EDGES)).strip(EDGES)
    code = re.sub(r"[\s\-–—_.·]+", "", written).upper()
    if len(code) == _OLD_LENGTH and code.isascii() and code.isdigit():
        raise NotValid("company_code_old")
    if not re.fullmatch(r"[0-9A-Z]+", code) or not re.search(r"\d", code):
        raise NotValid("company_code", word=excerpt(text))
    if len(code) != _LENGTH:
        raise NotValid("company_code_length", count=len(code))
    check_company_code(code)
    return Value(data=code, wording=wording(text))


def check_company_code(code: str) -> None:
    """Raise NotValid for a code of the right length that is none."""
    from stdnum.cn import uscc
    from stdnum.exceptions import InvalidChecksum, ValidationError

    try:
        uscc.validate(code)
    except InvalidChecksum:
        raise NotValid("company_code_checksum", word=excerpt(code)) from None
    except ValidationError:
        raise NotValid("company_code", word=excerpt(code)) from None


def find_company_code(text: str) -> Value | None:
    """The one valid code inside a sentence."""
    codes = set()
    for match in _INSIDE.finditer(plain(text)):
        code = re.sub(r"[ -]", "", match[0]).upper()
        try:
            check_company_code(code)
        except NotValid:
            continue
        codes.add(code)
    return Value(data=codes.pop(), wording=wording(text)) if len(codes) == 1 else None
