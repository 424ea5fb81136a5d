"""Answers as people read them."""

from __future__ import annotations

from forms.model import Question, Value


def show_value(question: Question, value: Value, language: str) -> str:
    """The answer for people, in their language."""
    return str(value.data)
