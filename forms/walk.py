"""One pass over a form: a condition names only what is asked before it, so one pass settles everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from forms.model import Answers, Form, Question, Slot, Value
from forms.plan import Plan, Step, plan_of
from forms.symbols import TODAY, counts, midnight

_MAX_ROW = 9999


class Settled(dict[str, Value]):
    """The answers that stayed after a walk, which they remember: going through them again finds the same.

    Never changed, only copied.
    """

    __slots__ = ("form", "today", "walk")

    form: Form
    today: date
    walk: Walk


@dataclass(slots=True)
class Walk:
    """What one pass found: the slots by step, the answers that stay, and the symbols they give."""

    steps: list[tuple[Step, tuple[Slot, ...]]] = field(default_factory=list)
    kept: Settled = field(default_factory=Settled)
    required: set[str] = field(default_factory=set)
    symbols: dict[str, Any] = field(default_factory=dict)
    new_rows: dict[str, int] = field(default_factory=dict)
    """The row of each group that "another row: yes" has opened and that has no answer yet."""
    by_key: dict[str, Slot] = field(default_factory=dict)
    groups: dict[str, Question] = field(default_factory=dict)
    """The groups that apply."""


def walk(form: Form, answers: Answers, today: date) -> Walk:
    """Go through the form once; answers that have just been settled by it are not gone through again."""
    if isinstance(answers, Settled) and answers.form is form and answers.today == today:
        return answers.walk
    plan = plan_of(form)
    done = Walk(symbols={TODAY: midnight(today)})
    rows = _rows(plan, answers)
    for step in plan.steps:
        question = step.question
        condition = question.applies_when
        if condition is not None and condition.holds(done.symbols) is not True:
            continue
        if step.closing is None:
            value = answers.get(question.id)
            if value is not None and (symbols := plan.symbols(question, value, today)) is not None:
                done.kept[question.id] = value
                done.symbols.update(symbols)
            done.steps.append((step, step.alone))
            done.by_key[question.id] = step.slot
            if question.required:
                done.required.add(question.id)
        else:
            done.groups[question.id] = question
            slots = _group(plan, done, step, step.closing, answers, rows.get(question.id, {}), today)
            done.steps.append((step, slots))
            done.by_key.update((slot.key, slot) for slot in slots)
    done.kept.form, done.kept.today, done.kept.walk = form, today, done
    return done


def _rows(plan: Plan, answers: Answers) -> dict[str, dict[int, None]]:
    """The numbers of the rows that have an answer, by group."""
    found: dict[str, dict[int, None]] = {}
    for key in answers:
        parts = key.split("/")
        if len(parts) == 3 and parts[1].isascii() and parts[1].isdecimal() and parts[1][0] != "0":
            number = int(parts[1])
            if number <= _MAX_ROW:
                found.setdefault(parts[0], {})[number] = None
    return found


def _group(
    plan: Plan,
    done: Walk,
    step: Step,
    closing: Slot,
    answers: Answers,
    given: Mapping[int, None],
    today: date,
) -> tuple[Slot, ...]:
    """The slots of a group: its rows, then whether there is another; the group itself when it was skipped."""
    group = step.question
    limits = group.limits
    rows: dict[int, tuple[list[Slot], dict[str, Value]]] = {}
    for number in sorted(given):
        found = _row(plan, done, group, number, answers, today)
        if found[1] and len(rows) < limits.max_rows:
            rows[number] = found
    filled = len(rows)
    more = answers.get(closing.key)
    if more is not None and (more.skipped or not plan.valid(closing.question, more, today)):
        more = None
    skip = answers.get(group.id)
    if skip is not None and not filled and more is None and plan.valid(group, skip, today):
        done.kept[group.id] = skip
        return (step.slot,)
    number = 1
    while len(rows) < limits.min_rows:
        if number not in rows:
            rows[number] = _row(plan, done, group, number, answers, today)
        number += 1
    if len(rows) >= limits.max_rows:
        more = None
    elif more is not None and more.data:
        new = done.new_rows[group.id] = max(rows, default=0) + 1
        rows[new] = _row(plan, done, group, new, {}, today)
    return _arrange(done, group, closing, rows, filled, more)


def _row(
    plan: Plan, done: Walk, group: Question, number: int, answers: Answers, today: date
) -> tuple[list[Slot], dict[str, Value]]:
    """The slots of a row that apply, and the answers of them that stay."""
    seen = done.symbols
    for sub in group.questions:
        if sub.applies_when is not None:
            seen = dict(seen)
            break
    slots: list[Slot] = []
    kept: dict[str, Value] = {}
    for slot in plan.row(group, number):
        condition = slot.question.applies_when
        if condition is not None and condition.holds(seen) is not True:
            continue
        slots.append(slot)
        value = answers.get(slot.key)
        if value is not None and (symbols := plan.symbols(slot.question, value, today)) is not None:
            kept[slot.key] = value
            if seen is not done.symbols:
                seen.update(symbols)
    return slots, kept


def _arrange(
    done: Walk,
    group: Question,
    closing: Slot,
    rows: Mapping[int, tuple[list[Slot], dict[str, Value]]],
    filled: int,
    more: Value | None,
) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    finished = True
    for number in sorted(rows):
        inner, kept = rows[number]
        slots += inner
        done.kept.update(kept)
        finished = finished and len(kept) == len(inner)
        if group.required or kept:
            done.required.update(slot.key for slot in inner if slot.question.required)
    if more is not None:
        done.kept[closing.key] = more
    if more is not None or (finished and len(rows) < group.limits.max_rows):
        slots.append(closing)
        if group.required and not rows:
            done.required.add(closing.key)
    if filled or (more is not None and not more.data):
        done.symbols[group.id] = filled
    if finished and (len(rows) >= group.limits.max_rows or (more is not None and not more.data)):
        for name, symbol in counts(group):
            done.symbols[symbol] = sum(
                _says_yes(slot, done.kept) for slot in slots if slot.question.id == name
            )
    return tuple(slots)


def _says_yes(slot: Slot, kept: Mapping[str, Value]) -> bool:
    value = kept.get(slot.key)
    return value is not None and value.data is True
