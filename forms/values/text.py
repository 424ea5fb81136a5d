"""Cleaning of typed text, and answers that are text."""

from __future__ import annotations

import re
import unicodedata

from forms.model import Question, Value
from forms.values.problem import NotValid

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_EDGES = "​‌‍⁠﻿‎‏­"
_LETTER_OR_PICTURE = re.compile(r"[^\W_]|[\u2600-\u27bf\U0001f000-\U0001faff]")
_WORDING = 4000
EDGES = " \t\n.,;:!?。、<>()[]{}\"'“”‘’「」『』《》【】"
"""What may stand around an address without being a part of it."""


def clean(text: str) -> str:
    """Take away what no database keeps and what no eye sees: control characters, blank edges."""
    if _UNSTORABLE.search(text):
        text = _UNSTORABLE.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    before = None
    while before != text:
        before, text = text, text.strip().strip(_EDGES)
    return text


def plain(text: str) -> str:
    """The cleaned text with full-width and compatibility forms made ordinary (NFKC), for parsing only."""
    text = clean(text)
    return text if text.isascii() else clean(unicodedata.normalize("NFKC", text))


def fold(text: str) -> str:
    """The text as it is compared: ordinary forms, no case, no punctuation, single spaces."""
    return " ".join(re.sub(r"[\W_]+", " ", plain(text).casefold()).split())


def wording(text: str) -> str:
    """The founder's own words to keep beside a parsed value."""
    return clean(text)[:_WORDING]


def count_characters(text: str) -> int:
    """Count the characters that people see (grapheme clusters); one 字 is one."""
    if text.isascii() and "\r" not in text:
        return len(text)
    import regex

    return sum(1 for _ in regex.finditer(r"\X", text))


def excerpt(text: str, limit: int = 40) -> str:
    """A short piece of what was written, to be shown back."""
    text = " ".join(clean(text).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def read_text(question: Question, text: str) -> Value:
    """Read a short or long text: trimmed, counted as people count, not mere punctuation."""
    answer = clean(text)
    if question.type == "text":
        answer = " ".join(answer.split())
    check_text(question, answer)
    return Value(data=answer, wording=answer)


def check_text(question: Question, answer: str) -> None:
    """Raise NotValid when a text is empty, noise, too short or too long."""
    limits = question.limits
    if not answer:
        raise NotValid("empty")
    least, most = limits.min_length, limits.max_length
    if least and is_noise(answer):
        raise NotValid("noise")
    if least is None and most is None:
        return
    count = count_characters(answer)
    if least is not None and count < least:
        raise NotValid("too_short", count=count, limit=least)
    if most is not None and count > most:
        raise NotValid("too_long", count=count, limit=most, over=count - most)


def is_noise(answer: str) -> bool:
    """Whether there is no word in it: "???", ".", "aaaa"."""
    if not _LETTER_OR_PICTURE.search(answer):
        return True
    letters = set(answer.casefold()) - set(" .!?,。!?,")
    return len(letters) == 1 and len(answer) >= 3
