"""What a form must be beside its shape: ids, limits, options and tracks that fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from forms.conditions import RESERVED
from forms.model import TRACK, Form, Question, Rule, Type
from forms.problems import Problems
from forms.symbols import MONTHS, MORE, TODAY, counts

if TYPE_CHECKING:
    from forms.schema import QuestionTable

_LENGTH = frozenset({"min_length", "max_length"})
_LIMITS: Mapping[Type, frozenset[str]] = {
    "text": _LENGTH,
    "long_text": _LENGTH,
    "url": frozenset({"max_length"}),
    "number": frozenset({"minimum", "maximum", "whole"}),
    "amount": frozenset({"minimum", "maximum"}),
    "date": frozenset({"earliest", "latest"}),
    "month": frozenset({"earliest", "latest"}),
    "choices": frozenset({"min_choices", "max_choices"}),
    "file": frozenset({"max_bytes", "file_types"}),
    "group": frozenset({"min_rows", "max_rows"}),
}
_PAIRS = (
    ("min_length", "max_length"),
    ("minimum", "maximum"),
    ("min_choices", "max_choices"),
    ("min_rows", "max_rows"),
)


def check_question(
    question: Question, table: QuestionTable, place: str, problems: Problems, *, inside: bool
) -> None:
    """Note what does not fit within one question; `inside` a group it may be no group itself."""
    if question.id in RESERVED or question.id in (TODAY, MORE):
        problems.add(place, f"id {question.id} has a meaning of its own: choose another one")
    given = table.limits.model_fields_set
    possible = _LIMITS.get(question.type, frozenset())
    for name in sorted(given - possible):
        fitting = f"; its limits are {', '.join(sorted(possible))}" if possible else ""
        problems.add(place, f"limits.{name} does not fit the type {question.type}: take it out{fitting}")
    for low, high in _PAIRS:
        lowest, highest = getattr(question.limits, low), getattr(question.limits, high)
        if lowest is not None and highest is not None and lowest > highest and {low, high} & given:
            problems.add(place, f"limits.{low} is more than {high}: turn them round")
    _check_days(question, place, problems)
    _check_options(question, place, problems)
    if question.unit and question.type != "number":
        problems.add(place, "unit is for numbers only: take it out")
    if "currency" in table.model_fields_set and question.type != "amount":
        problems.add(place, "currency is for amounts only: take it out")
    if question.type == "group":
        if inside:
            problems.add(place, "a group cannot hold another group: ask its questions one level up")
        elif not question.questions:
            problems.add(place, "asks nothing in its rows: add [[section.question.question]]")
        elif all(sub.type == "group" for sub in question.questions):
            return
        _check_unique([sub.id for sub in question.questions], place, "question", problems)
    elif question.questions:
        problems.add(place, 'has questions of its own: give it type = "group", or take them out')
    if inside and question.private:
        problems.add(place, "private belongs to the group, not to a question of its rows: move it there")


def _check_days(question: Question, place: str, problems: Problems) -> None:
    from datetime import date

    limits = question.limits
    length = {"date": 10, "month": 7}.get(question.type)
    bounds = [(name, getattr(limits, name)) for name in ("earliest", "latest")]
    days = []
    for name, bound in bounds:
        if bound is None or bound == "today" or length is None:
            continue
        try:
            days.append(date.fromisoformat(bound if len(bound) == 10 else f"{bound}-01"))
        except ValueError:
            problems.add(place, f"limits.{name}: {bound} is not in the calendar")
            continue
        if len(bound) != length:
            form = "2027-03-01" if length == 10 else "2027-03"
            problems.add(place, f'limits.{name}: write it as the type {question.type} has it, "{form}"')
    if len(days) == 2 and days[0] > days[1]:
        problems.add(place, "limits.earliest is after latest: turn them round")


def _check_options(question: Question, place: str, problems: Problems) -> None:
    if question.type not in ("choice", "choices"):
        if question.options:
            problems.add(place, f"has options, but a {question.type} has none: take them out")
        return
    if not question.options or (len(question.options) < 2 and question.id != TRACK):
        problems.add(place, "needs two options at least: add [[section.question.option]]")
    _check_unique([option.id for option in question.options], place, "option", problems)
    count = len(question.options)
    for name in ("min_choices", "max_choices"):
        if (getattr(question.limits, name) or 0) > count > 0:
            problems.add(place, f"limits.{name} is more than its {count} options: lower it")
    for language in question.texts:
        names: list[str] = []
        for option in question.options:
            own = {option.labels.get(language, ""), *option.also} - {""}
            names += {name.casefold() for name in own}
        for name, times in Counter(names).items():
            if times > 1:
                problems.add(place, f'two options are called "{name}": a founder could not tell them apart')


def check_form(form: Form, broken: Collection[str], problems: Problems, *, tracks_read: bool) -> None:
    """Note what does not fit between the parts of a form."""
    if not form.questions and not broken:
        problems.add("", "asks nothing: add a [[section]] with a [[section.question]]")
    _check_unique([section.id for section in form.sections], "", "section", problems)
    _check_unique([track.id for track in form.tracks], "", "track", problems)
    _check_unique([requirement.id for requirement in form.requirements], "", "requirement", problems)
    _check_unique([question.id for question in form.questions], "", "question", problems)
    top = {question.id: question for question in form.questions}
    for question in form.questions:
        for sub in question.questions:
            if sub.id in top:
                reason = "is also the id of a question outside the group: rename one of them"
                problems.add(f"question {question.id}/{sub.id}", reason)
    everyone = [*top.values(), *(sub for question in top.values() for sub in question.questions)]
    days = {question.id for question in everyone if question.type in ("date", "month")}
    for question in everyone:
        if question.id.endswith(MONTHS) and question.id.removesuffix(MONTHS) in days:
            place = f"question {question.id}"
            problems.add(
                place, f"conditions call the age of {question.id.removesuffix(MONTHS)} so: rename it"
            )
    for group in top.values():
        for name, symbol in counts(group):
            if symbol in top:
                problems.add(
                    f"question {symbol}", f"conditions call the yeses to {name} in {group.id} so: rename it"
                )
    if tracks_read and TRACK not in broken:
        _check_tracks(form, problems)


def _check_tracks(form: Form, problems: Problems) -> None:
    question = form.question(TRACK)
    if not form.tracks:
        if question is not None:
            problems.add("question track", "there is no [[track]]: add one for each option")
        return
    if question is None or form.questions[0] is not question:
        problems.add(
            "", "the first question must be track, a choice of the tracks: move it there, or write it"
        )
        return
    place = "question track"
    if question.type != "choice":
        problems.add(place, 'must have type = "choice"')
        return
    if not question.required or question.applies_when is not None:
        problems.add(place, "is asked of everybody: take required = false and applies_when out")
    if form.section(question.section).each_member:
        problems.add(place, "cannot be in a section with each_member: an application has one track")
    options, tracks = {x.id for x in question.options}, {x.id for x in form.tracks}
    for missing in sorted(tracks - options):
        problems.add(place, f"track {missing} is no option: add it to the options")
    for missing in sorted(options - tracks):
        problems.add(place, f"option {missing} is no track: add a [[track]] with this id")


def _check_unique(ids: list[str], place: str, kind: str, problems: Problems) -> None:
    for one, times in Counter(ids).items():
        if times > 1:
            problems.add(
                place or f"{kind} {one}", f"the id {one} is used {times} times: rename all but one {kind}"
            )


def rules(form: Form) -> list[tuple[str, Rule]]:
    """Every rule with the place that names it, such as "question team_size"."""
    return [*_rules_of_questions(form), *_rules_of_requirements(form)]


def _rules_of_questions(form: Form) -> Iterator[tuple[str, Rule]]:
    for question in form.questions:
        if question.rule is not None:
            yield f"question {question.id}", question.rule
        for sub in question.questions:
            if sub.rule is not None:
                yield f"question {question.id}/{sub.id}", sub.rule


def _rules_of_requirements(form: Form) -> Iterator[tuple[str, Rule]]:
    for requirement in form.requirements:
        if requirement.rule is not None:
            yield f"requirement {requirement.id}", requirement.rule
