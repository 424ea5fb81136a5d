"""Whether an applicant meets the program's requirements, as far as the answers tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from forms.model import Answers, Form, Requirement
from forms.symbols import question_of
from forms.walk import walk

Outcome = Literal["met", "not_met", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One requirement and how it stands; `missing` are the questions whose answers would tell."""

    requirement: Requirement
    outcome: Outcome
    missing: tuple[str, ...] = ()


def assess(form: Form, answers: Answers, today: date) -> tuple[Finding, ...]:
    """The requirements that apply, in the form's order; one that lacks an answer is unknown, no miss."""
    values = walk(form, answers, today).symbols
    order = {question.id: question for question in form.questions}
    findings = []
    for requirement in form.requirements:
        condition = requirement.applies_when
        if condition is not None and condition.holds(values) is not True:
            continue
        holds = requirement.holds.holds(values)
        if holds is None:
            wanted = {question_of(symbol, order) for symbol in requirement.holds.missing(values)}
            missing = tuple(question_id for question_id in order if question_id in wanted)
            findings.append(Finding(requirement=requirement, outcome="unknown", missing=missing))
        else:
            findings.append(Finding(requirement=requirement, outcome="met" if holds else "not_met"))
    return tuple(findings)
