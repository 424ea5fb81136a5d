"""Answers that are dates or months."""

from __future__ import annotations

from datetime import date

from forms.model import Question, Value
from forms.values.problem import NotValid
from forms.values.text import excerpt


def read_date(question: Question, text: str, today: date) -> Value:
    """Read a message that is one date or month."""
    raise NotValid("date", word=excerpt(text))


def find_date(question: Question, text: str, today: date) -> Value | None:
    """The one date inside a sentence."""
    return None
