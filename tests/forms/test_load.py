from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from forms.load import FormInvalid, load_form, rules
from forms.model import Form
from tests.forms.conftest import HARBOR, SHANGHAI

Load = Callable[..., Form]

HEAD = '[form]\nname.en = "Form"\n[[section]]\nid = "all"\ntitle.en = "All"\n'


def question(id: str = "size", type: str = "number", more: str = "") -> str:
    return f'[[section.question]]\nid = "{id}"\ntype = "{type}"\ntext.en = "What?"\n{more}\n'


def problems(load: Load, text: str, **values: Any) -> tuple[str, ...]:
    with pytest.raises(FormInvalid) as error:
        load(text, **values)
    return error.value.problems


def test_the_form_of_the_boat_yard_is_read_whole(harbor: Form) -> None:
    assert {question.type for question in harbor.questions} == {
        *("text", "long_text", "number", "amount", "date", "month", "choice", "choices", "yes_no"),
        *("email", "phone", "url", "company_code", "file", "group"),
    }
    assert harbor.sample
    assert harbor.default_language == "zh"
    assert harbor.section("about_you").each_member
    assert harbor.tracks[0].windows[0].closes == datetime(2027, 3, 31, 12, tzinfo=UTC)
    founders = harbor.question("founders")
    assert founders
    assert [sub.id for sub in founders.questions] == ["founder_name", "full_time", "hours", "profile"]
    assert [where for where, _ in rules(harbor)] == ["question team_size", "requirement team_limit"]


def test_the_version_is_that_of_the_content(harbor: Form, load: Load) -> None:
    text = HARBOR.read_text(encoding="utf-8")
    assert load(text).version == harbor.version
    assert load(text + "\n").version != harbor.version


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (question(more="requird = true"), "question size: requird is not known here: did you mean required?"),
        (question(type="nummer"), "question size: type is 'nummer': it must be 'text'"),
        (question("Size"), "question Size: id is 'Size': it may hold only small letters"),
        (question("x" * 25), "it should have at most 24"),
        (question("and"), "question and: id and has a meaning of its own"),
        (question("more"), "question more: id more has a meaning of its own"),
        (question() + question(), "question size: the id size is used 2 times"),
        (question(more='help.de = "Hilfe"'), "question size: help lacks en: add help.en"),
        (question(more='help.de = "Hilfe"'), "help.de: de is no language of [form].name"),
        (question(more='help.en = ""'), "question size: help.en is empty"),
        (question(more="limits = { max_length = 3 }"), "limits.max_length does not fit the type number"),
        (question(more="limits = { minimum = 5, maximum = 3 }"), "limits.minimum is more than maximum"),
        (question(type="date", more='limits = { latest = "2027-02-31" }'), "is not in the calendar"),
        (question(type="month", more="limits = { latest = 2027-02-01 }"), 'the type month has it, "2027-03"'),
        (question(type="date", more='limits = { latest = "soon" }'), 'a month "2027-03", or "today"'),
        (question(type="choice"), "needs two options at least"),
        (question(type="group"), "asks nothing in its rows"),
        (question(more='currency = "CNY"'), "currency is for amounts only"),
        (question(type="amount", more='unit.en = "x"'), "unit is for numbers only"),
        (question(more='applies_when = "other > 1"'), "applies_when: other is not known here"),
        (question(more='applies_when = "size > 1"'), "size is not asked before this question: move it up"),
        (question(more='applies_when = "today"'), "today is no condition"),
        (
            question() + question("b", more='applies_when = "size > \\"a\\""'),
            "question b: applies_when: size > \"a\" does not fit together",
        ),
        (question(more="seconds = 0"), "question size: seconds is 0"),
        (question(more='[[requirement]]\nid = "r"\ntext.en = "R"\nholds = "sizze > 1"'), "mean size?"),
        (question(more='[[track]]\nid = "a"'), "the first question must be track"),
        (question(more="[sections]"), "[sections] is not known here"),
        ("", "section all: has no question"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_to_do(load: Load, body: str, problem: str) -> None:
    found = problems(load, HEAD + body)
    assert any(problem in one for one in found), found
    assert all(one.startswith("application.toml") for one in found)


def test_all_mistakes_are_told_at_once(load: Load) -> None:
    text = HEAD + question(more="requird = 1") + question("b", "nummer") + question("c", more='help.de = "x"')
    found = problems(load, text)
    assert {one.split(":")[0] for one in found} == {
        f"application.toml, question {name}" for name in ("size", "b", "c")
    }


def test_a_condition_is_not_blamed_for_a_question_that_cannot_be_read(load: Load) -> None:
    text = HEAD + question(more="requird = 1") + question("b", more='applies_when = "size > 1"')
    assert len(problems(load, text)) == 1


def test_what_all_answer_cannot_depend_on_what_each_member_answers(load: Load) -> None:
    own = '[[section]]\nid = "own"\ntitle.en = "Own"\neach_member = true\n'
    shared = '[[section]]\nid = "shared"\ntitle.en = "Shared"\n'
    text = HEAD + question() + own + question("age") + shared + question("b", more='applies_when = "age > 1"')
    assert "every member answers age separately" in problems(load, text)[0]
    load(HEAD + question() + own + question("age") + question("b", more='applies_when = "age > size"'))


TRACKS = (
    '[form]\nname.en = "Form"\n[[track]]\nid = "a"\nwindows = [WINDOWS]\n[[section]]\nid = "all"\n'
    'title.en = "All"\n'
    + question("track", "choice", '[[section.question.option]]\nid = "a"\nlabel.en = "A"')
)


@pytest.mark.parametrize(
    ("windows", "problem"),
    [
        ("{ opens = 2027-03-02T00:00:00, closes = 2027-03-01T00:00:00 }", "closes must be later than opens"),
        ("{ closes = 2027-03-01 }", "must be a date and a time"),
        (
            "{ closes = 2027-03-02T00:00:00 }, { opens = 2027-03-01T00:00:00 }",
            "windows overlap",
        ),
        ("{ closes = 2027-03-28T02:30:00 }", "does not exist in Europe/Berlin, clocks go forward"),
    ],
)
def test_windows_that_cannot_be_are_told(load: Load, windows: str, problem: str) -> None:
    found = problems(load, TRACKS.replace("WINDOWS", windows),
                     timezone="Europe/Berlin")  # fmt: skip
    assert len(found) == 1
    assert "track a: " in found[0]
    assert problem in found[0]


def test_times_are_local_and_the_longer_one_in_the_repeated_hour(load: Load) -> None:
    text = TRACKS.replace("WINDOWS", "{ opens = 2027-03-01T10:00:00, closes = 2027-10-31T02:30:00 }")
    window = load(text, timezone="Europe/Berlin").tracks[0].windows[0]
    assert window.opens == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert window.closes == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_tracks_and_the_options_of_the_first_question_are_the_same(load: Load) -> None:
    found = problems(
        load, TRACKS.replace("WINDOWS", "").replace('[[track]]\nid = "a"', '[[track]]\nid = "b"')
    )
    assert "track b is no option" in found[0]
    assert "option a is no track" in found[1]


@pytest.mark.parametrize(("content", "problem"), [(b"[form", "is not TOML"), (b"\xff", "is not UTF-8")])
def test_a_file_that_is_no_form(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "application.toml"
    path.write_bytes(content)
    with pytest.raises(FormInvalid, match=problem):
        load_form(path, timezone=ZoneInfo("UTC"))


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FormInvalid, match="does not exist: write it"):
        load_form(tmp_path / "application.toml", timezone=SHANGHAI)


def test_the_form_in_the_documentation_is_read(load: Load) -> None:
    page = Path(__file__).resolve().parent.parent.parent / "docs" / "forms.md"
    example = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert [one.id for one in load(example).questions] == ["track", "team_size"]
