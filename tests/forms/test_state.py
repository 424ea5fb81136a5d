from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from forms.eligibility import assess
from forms.model import Form, Limits, Question, Section, Value, keys
from forms.state import State, drop_row, examine, put, settle, symbols
from tests.forms.conftest import TODAY
from tests.spent import spent

SKIP = Value(data=None, skipped=True)


def fill(form: Form, *pairs: tuple[str, Any], start: dict[str, Value] | None = None) -> dict[str, Value]:
    answers = start or {}
    for key, data in pairs:
        value = data if isinstance(data, Value) else Value(data=data)
        answers = put(form, answers, key, value, TODAY).answers
        assert key in answers, key
    return answers


def state(form: Form, answers: dict[str, Value], **values: bool) -> State:
    return examine(form, answers, TODAY, **values)


def test_an_empty_application_begins_with_the_track(harbor: Form) -> None:
    found = state(harbor, {})
    assert found.next
    assert found.next.key == "track"
    assert found.position("track") == 1
    assert found.position("nothing") == 0
    assert found.slot("needs") is None
    assert not found.complete
    assert found.minutes_left * 60 >= sum(slot.question.seconds for slot in found.open)


def test_a_correction_closes_what_depended_on_it_and_tells(harbor: Form) -> None:
    answers = fill(harbor, ("track", "berth"), ("team_size", 3), ("needs", ["crane"]), ("crane_weight", 12))
    change = put(harbor, answers, "track", Value(data="trial"), TODAY)
    assert keys(change.closed) == ["needs", "crane_weight", "move_in"]
    assert keys(change.opened) == ["stage", "solution"]
    assert set(change.answers) == {"track", "team_size"}
    assert not put(harbor, answers, "team_size", Value(data=2), TODAY).closed


def test_an_answer_for_what_does_not_apply_changes_nothing(harbor: Form) -> None:
    answers = fill(harbor, ("track", "berth"))
    for key in ("stage", "nothing", "founders", "founders/9/founder_name", "founders/1", ""):
        change = put(harbor, answers, key, Value(data="idea"), TODAY)
        assert (change.answers, change.opened, change.closed) == (answers, (), ())


def test_a_value_for_another_question_is_refused(harbor: Form) -> None:
    with pytest.raises(ValueError, match="team_size"):
        put(harbor, {}, "team_size", Value(data="seven"), TODAY)
    with pytest.raises(ValueError, match="team_size"):
        put(harbor, {}, "team_size", SKIP, TODAY)


def test_rows_open_close_and_keep_their_numbers(harbor: Form) -> None:
    row = [("founder_name", "Ada"), ("full_time", True), ("profile", SKIP)]
    answers = fill(harbor, *((f"founders/1/{sub}", data) for sub, data in row))
    more = state(harbor, answers).slot("founders/more")
    assert more
    assert more.closing
    answers = fill(harbor, ("founders/more", True), start=answers)
    found = state(harbor, answers)
    assert found.slot("founders/2/founder_name")
    assert found.position("founders/2/founder_name") == found.position("founders/1/founder_name")
    answers = fill(harbor, ("founders/2/founder_name", "Bo"), start=answers)
    assert "founders/more" not in answers
    answers = fill(harbor, ("founders/2/full_time", True), ("founders/2/profile", SKIP), start=answers)
    answers = fill(harbor, ("founders/more", True), ("founders/3/founder_name", "Cy"), start=answers)
    change = drop_row(harbor, answers, "founders", 2, TODAY)
    assert {key.split("/")[1] for key in change.answers} == {"1", "3"}
    assert not change.closed
    answers = fill(harbor, ("founders/3/full_time", True), ("founders/3/profile", SKIP), start=change.answers)
    answers = fill(harbor, ("founders/more", False), start=answers)
    assert "founders/more" not in keys(state(harbor, answers).open)


def test_a_row_opened_by_mistake_is_dropped_and_skipping_another_row_is_no(harbor: Form) -> None:
    answers = fill(
        harbor,
        ("founders/1/founder_name", "Ada"),
        ("founders/1/full_time", True),
        ("founders/1/profile", SKIP),
    )
    opened = fill(harbor, ("founders/more", True), start=answers)
    assert drop_row(harbor, opened, "founders", 2, TODAY).answers["founders/more"].data is False
    assert put(harbor, answers, "founders/more", SKIP, TODAY).answers["founders/more"] == Value(data=False)


def test_an_optional_group_is_skipped_whole_and_opened_again(harbor: Form) -> None:
    answers = fill(harbor, ("funding/more", True), ("funding/1/round", "A"))
    answers = put(harbor, answers, "funding", SKIP, TODAY).answers
    assert set(answers) == {"funding"}
    assert state(harbor, answers).slot("funding")
    assert fill(harbor, ("funding/more", True), start=answers).keys() == {"funding/more"}
    assert put(harbor, {}, "founders", SKIP, TODAY).answers == {}


def test_a_question_in_a_row_depends_on_its_own_row(harbor: Form) -> None:
    answers = fill(
        harbor, ("track", "berth"), ("founders/1/founder_name", "Ada"), ("founders/1/full_time", False)
    )
    assert state(harbor, answers).slot("founders/1/hours")
    change = put(harbor, answers, "founders/1/full_time", Value(data=True), TODAY)
    assert keys(change.closed) == ["founders/1/hours"]


def test_a_member_has_only_the_members_sections(harbor: Form) -> None:
    found = state(harbor, {}, owner=False)
    assert keys(found.slots) == ["motivation", "can_swim"]
    assert found.total == 2


def test_what_a_form_dropped_or_changed_is_told(harbor: Form) -> None:
    answers = fill(harbor, ("track", "berth"), ("team_size", 3), ("website", "https://harbor.example"))
    smaller = replace(
        harbor,
        questions=tuple(
            replace(question, type="yes_no", limits=Limits()) if question.id == "team_size" else question
            for question in harbor.questions
            if question.id != "website"
        ),
    )
    kept, gone = settle(smaller, answers, TODAY)
    assert set(kept) == {"track"}
    assert set(gone) == {"team_size", "website"}


def test_symbols_are_what_conditions_compare(harbor: Form) -> None:
    answers = fill(harbor, ("registered", True), ("founded", "2026-03-11"), ("website", SKIP))
    answers = fill(harbor, ("raised", {"value": 5, "currency": "USD"}), start=answers)
    found = symbols(harbor, answers, TODAY)
    assert found["founded_months"] == 11
    assert found["registered"] is True
    assert not {"website", "raised", "founders", "track"} & found.keys()


def test_yeses_in_a_group_are_counted_once_there_is_no_other_row(harbor: Form) -> None:
    def count(*pairs: tuple[str, Any]) -> Any:
        return symbols(harbor, fill(harbor, *pairs), TODAY).get("founders_full_time")

    ann = (("founders/1/founder_name", "Ann"), ("founders/1/full_time", True), ("founders/1/profile", SKIP))
    bob = (("founders/2/founder_name", "Bob"), ("founders/2/full_time", False), ("founders/2/profile", SKIP))
    assert count(*ann) is None
    assert count(*ann, ("founders/more", True), *bob) is None
    assert count(*ann, ("founders/more", False)) == 1
    assert count(*ann, ("founders/more", True), *bob, ("founders/more", False)) == 1


def test_requirements_are_met_not_met_or_unknown(harbor: Form) -> None:
    def outcomes(*pairs: tuple[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
        found = assess(harbor, fill(harbor, *pairs), TODAY)
        return {finding.requirement.id: (finding.outcome, finding.missing) for finding in found}

    assert outcomes() == {}
    assert outcomes(("track", "berth")) == {"team_limit": ("unknown", ("team_size",))}
    assert outcomes(("track", "berth"), ("team_size", 13)) == {"team_limit": ("not_met", ())}
    assert outcomes(("track", "berth"), ("team_size", 12)) == {"team_limit": ("met", ())}
    assert outcomes(("registered", True)) == {"company_age": ("unknown", ("founded",))}
    assert outcomes(("track", "trial"), ("stage", "idea")) == {"boat_floats": ("not_met", ())}


def test_a_form_of_sixty_questions_is_examined_far_below_a_millisecond(harbor: Form) -> None:
    condition = next(one.applies_when for one in harbor.questions if one.id == "company_code")
    questions = [question for question in harbor.questions if question.id in ("track", "registered")]
    for number in range(58):
        questions.append(
            Question(
                id=f"q{number}", type="text", section="all", texts={"en": "?"}, applies_when=condition,
                limits=Limits(max_length=200),
            )
        )  # fmt: skip
    form = replace(
        harbor, sections=(*harbor.sections, Section(id="all", titles={})), questions=tuple(questions)
    )
    answers = fill(form, ("registered", True), *((f"q{n}", "十个字的回答一共十个字") for n in range(50)))

    assert min(spent(lambda: examine(form, dict(answers), TODAY), 20) for _ in range(4)) < 0.0005
