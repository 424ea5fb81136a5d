"""Personal data in what staff read: hidden unless somebody who may has asked for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from handlers.staff import may
from storage.announcement_records import Role

EMAIL, PHONE, NUMBER, NAME = "‹email›", "‹phone›", "‹id›", "‹name›"
MARKS = (EMAIL, PHONE, NUMBER, NAME)
"""What stands in the place of what is hidden."""

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_HANDLE = re.compile(r"(?<![\w/])@[A-Za-z]\w{3,31}\b|(?<=t\.me/)\w{4,32}|(?i:(?<=wechat[:：]))\s*[\w-]{5,20}")
_IDENTITY = re.compile(
    r"(?<![A-Za-z0-9])(?:\d{17}[\dXx]|[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10})(?![A-Za-z0-9])"
)
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d[\d ().\-–]{6,20}\d(?![\w,])")
_NO_PHONE = re.compile(
    r"\d{4}-\d{4}|\d{4}\s?[-./–]\s?\d{1,2}\s?[-./–]\s?\d{1,2}.*|\d{1,2}[./]\d{1,2}[./]\d{4}.*"
)
_FEWEST_DIGITS, _MOST_DIGITS = 8, 15
_SHORTEST_PART = 3
_HAN = re.compile("[㐀-䶿一-鿿豈-﫿]")


class Masker:
    """Hides mail addresses, phone numbers, user names, numbers of papers, and the names it is told."""

    def __init__(self, names: Iterable[str | None] = ()) -> None:
        parts = {part for name in names if name for part in _parts(name)}
        wanted = sorted(parts, key=len, reverse=True)
        self._names = (
            re.compile("|".join(_pattern(part) for part in wanted), re.IGNORECASE) if wanted else None
        )

    def __call__(self, text: str) -> str:
        """Return a text without what could tell who somebody is."""
        text = _EMAIL.sub(EMAIL, text)
        text = _HANDLE.sub(NAME, text)
        text = _IDENTITY.sub(NUMBER, text)
        text = _PHONE.sub(_phone, text)
        return self._names.sub(NAME, text) if self._names is not None else text

    def all_in(self, value: Any) -> Any:
        """Return a JSON value with all its texts masked."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {key: self.all_in(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.all_in(item) for item in value]
        return value


class Open(Masker):
    """Hides nothing, for those who may and have asked."""

    def __call__(self, text: str) -> str:
        """Return the text as it is."""
        return text


def readable(text: str, role: Role) -> str:
    """Return a founder's words as staff of a role may read them in a chat."""
    return text if may(role, "conversation.unmask") else Masker()(text)


def _phone(match: re.Match[str]) -> str:
    found = match.group()
    digits = sum(character.isdigit() for character in found)
    if not _FEWEST_DIGITS <= digits <= _MOST_DIGITS or _NO_PHONE.fullmatch(found):
        return found
    return PHONE


def _parts(name: str) -> Iterable[str]:
    whole = name.strip()
    if len(whole) >= (2 if _HAN.search(whole) else _SHORTEST_PART):
        yield whole
    for part in re.split(r"[\s,.·•]+", whole):
        if len(part) >= (2 if _HAN.search(part) else _SHORTEST_PART):
            yield part


def _pattern(part: str) -> str:
    escaped = re.escape(part)
    return escaped if _HAN.search(part) else rf"(?<!\w){escaped}(?!\w)"
