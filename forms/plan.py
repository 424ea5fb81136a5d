"""What depends on a form alone, worked out once a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from forms.model import Form, Question, Slot, Value
from forms.symbols import MORE, worth

_FORMS = 8
_CHECKS = 20_000
_PLANS: dict[int, Plan] = {}


@dataclass(frozen=True, slots=True)
class Step:
    """A question of the top level in its place; `own` for one that every member answers separately."""

    question: Question
    own: bool
    slot: Slot
    closing: Slot | None = None
    """For a group: whether there is another row."""
    alone: tuple[Slot, ...] = ()
    """The slot by itself, as what a question that is no group comes to."""


@dataclass(slots=True)
class Plan:
    """The steps of a form, and what answers that were looked at already are worth."""

    form: Form
    steps: tuple[Step, ...]
    rows: dict[str, tuple[Slot, ...]] = field(default_factory=dict)
    checked: dict[int, tuple[tuple[str, Any], ...] | None] = field(default_factory=dict)

    def row(self, group: Question, number: int) -> tuple[Slot, ...]:
        """The slots of one row of a group, applicable or not."""
        prefix = f"{group.id}/{number}"
        found = self.rows.get(prefix)
        if found is None:
            found = tuple(
                Slot(key=f"{prefix}/{sub.id}", question=sub, group=group, row=number)
                for sub in group.questions
            )
            self.rows[prefix] = found
        return found

    def valid(self, question: Question, value: Value, today: date) -> bool:
        """Whether an answer still fits its question."""
        return self.symbols(question, value, today) is not None

    def symbols(self, question: Question, value: Value, today: date) -> tuple[tuple[str, Any], ...] | None:
        """What conditions see of an answer; None for one that does not fit its question (any more).

        What was found is kept, by hash only.
        """
        if value.skipped:
            return None if question.required or value.data is not None else ()
        if question.type == "group":
            return None
        key = hash((id(question), today, repr(value.data)))
        if key in self.checked:
            return self.checked[key]
        found = tuple(worth(question, value, today)) if _check(question, value, today) else None
        if len(self.checked) >= _CHECKS:
            self.checked.clear()
        self.checked[key] = found
        return found


def plan_of(form: Form) -> Plan:
    """The plan of a form; the last few are kept, by identity."""
    found = _PLANS.get(id(form))
    if found is None or found.form is not form:
        while len(_PLANS) >= _FORMS:
            _PLANS.pop(next(iter(_PLANS)))
        found = _PLANS[id(form)] = _make(form)
    return found


def _make(form: Form) -> Plan:
    own: Mapping[str, bool] = {section.id: section.each_member for section in form.sections}
    return Plan(form, tuple(_step(question, own.get(question.section, False)) for question in form.questions))


def _step(question: Question, own: bool) -> Step:
    slot = Slot(key=question.id, question=question)
    if question.type != "group":
        return Step(question, own, slot, alone=(slot,))
    more = Question(
        id=MORE, type="yes_no", section=question.section, texts={}, required=question.required, seconds=5
    )
    return Step(question, own, slot, Slot(key=f"{question.id}/{MORE}", question=more, group=question))


def _check(question: Question, value: Value, today: date) -> bool:
    """Whether data fits; what was stored for a question of another type may be of any shape."""
    from forms.values import NotValid, check

    try:
        check(question, value, today)
    except (NotValid, ArithmeticError, LookupError, TypeError, ValueError):
        return False
    return True
