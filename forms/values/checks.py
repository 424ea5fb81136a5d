"""Whether stored answers still fit their questions."""

from __future__ import annotations

from datetime import date

from forms.model import Question, Value


def check(question: Question, value: Value, today: date) -> None:
    """Raise NotValid when stored data no longer fits the question."""
