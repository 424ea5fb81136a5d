"""Answers that are amounts of money."""

from __future__ import annotations

from forms.model import Question, Value
from forms.values.problem import NotValid
from forms.values.text import excerpt


def read_amount(question: Question, text: str, language: str) -> Value:
    """Read a message that is one amount."""
    raise NotValid("amount", word=excerpt(text))


def find_amount(question: Question, text: str, language: str) -> Value | None:
    """The one amount inside a sentence."""
    return None
