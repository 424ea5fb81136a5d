"""Conditions of a form, compiled against the questions that they may name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from forms.conditions import Condition, ConditionInvalid, Kind
from forms.model import Question, Requirement, Rule, Section
from forms.problems import Problems
from forms.symbols import MONTHS, TODAY, kinds

if TYPE_CHECKING:
    from forms.schema import RequirementTable


@dataclass(slots=True)
class _Known:
    """The symbols that a condition at some place may use."""

    kinds: dict[str, Kind] = field(default_factory=lambda: {TODAY: "datetime"})
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, question: Question) -> None:
        self.kinds.update(kinds(question))
        if question.type in ("choice", "choices"):
            self.options[question.id] = tuple(option.id for option in question.options)

    def copy(self) -> _Known:
        return _Known(dict(self.kinds), dict(self.options))

    def compile(self, text: str) -> Condition:
        return Condition(text, self.kinds, self.options)


def _begin(broken: Collection[str]) -> _Known:
    """What is known before the first question: today, and what could not be read, which may be anything."""
    known = _Known()
    known.kinds.update(dict.fromkeys(broken, "unknown"))
    known.kinds.update({name + MONTHS: "unknown" for name in broken})
    return known


def compile_conditions(
    questions: Sequence[Question], sections: Sequence[Section], broken: Collection[str], problems: Problems
) -> list[Question]:
    """The questions with their `applies_when`; each may use only what is asked before it."""
    own = {section.id for section in sections if section.each_member}
    everyone = {id: question.section in own for question in questions for id, _ in kinds(question)}
    known, members = _begin(broken), _begin(broken)
    later = {id for question in questions for id, _ in kinds(question)}
    done = []
    for question in questions:
        each = question.section in own
        scope = members if each else known
        place = f"question {question.id}"
        condition = _compile(question, scope, place, later, everyone, problems)
        inner_scope = scope.copy()
        inner = []
        for sub in question.questions:
            own_condition = _compile(sub, inner_scope, f"{place}/{sub.id}", later, everyone, problems)
            inner.append(replace(sub, applies_when=own_condition))
            inner_scope.add(sub)
        done.append(replace(question, applies_when=condition, questions=tuple(inner)))
        members.add(question)
        if not each:
            known.add(question)
    return done


def _compile(
    question: Question,
    known: _Known,
    place: str,
    later: Collection[str],
    everyone: Mapping[str, bool],
    problems: Problems,
) -> Condition | None:
    text = problems.conditions.get(id(question))
    if text is None:
        return None
    try:
        return known.compile(text)
    except ConditionInvalid as error:
        unknown = error.symbol
        if unknown in later:
            reason = (
                f"every member answers {unknown} separately, so only their own questions can depend on it"
                if everyone[unknown] and unknown not in known.kinds and not everyone.get(question.id, False)
                else f"{unknown} is not asked before this question: move it up, or use another one"
            )
            problems.add(place, f"applies_when: {reason}")
        else:
            problems.add(place, f"applies_when: {error}")
        return None


def compile_requirements(
    drafts: Sequence[tuple[RequirementTable, Rule | None]],
    questions: Sequence[Question],
    broken: Collection[str],
    problems: Problems,
) -> list[Requirement]:
    """The requirements, whose conditions may use every question outside groups."""
    known = _begin(broken)
    for question in questions:
        known.add(question)
    done = []
    for table, rule in drafts:
        conditions: dict[str, Condition | None] = {"holds": None, "applies_when": None}
        for name, text in (("holds", table.holds), ("applies_when", table.applies_when)):
            if text is None:
                continue
            try:
                conditions[name] = known.compile(text)
            except ConditionInvalid as error:
                problems.add(f"requirement {table.id}", f"{name}: {error}")
        if (holds := conditions["holds"]) is not None:
            done.append(
                Requirement(
                    id=table.id,
                    texts=dict(table.text),
                    holds=holds,
                    applies_when=conditions["applies_when"],
                    change=dict(table.change),
                    rule=rule,
                    hard=table.hard,
                )
            )
    return done
