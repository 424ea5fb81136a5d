"""Small random forms, and an oracle that says in its own words what ought to apply to a set of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from forms.conditions import Condition
from forms.model import Form, Limits, Option, Question, Section, Value

TODAY = date(2027, 5, 15)
OPTIONS = ("a", "b", "c")
DATES = ("2020-05-15", "2020-05-16", "2027-05-14")
DATA: Mapping[str, tuple[Any, ...]] = {
    "text": ("ab", "abcd", "abcdefgh"),
    "number": (0, 1, 3, 7),
    "yes_no": (True, False),
    "choice": OPTIONS,
    "choices": (["a"], ["b", "c"], ["a", "b", "c"]),
    "date": DATES,
}
TYPES = tuple(DATA)
_ROW_KEY = re.compile(r"([^/]+)/([1-9][0-9]{0,3})/[^/]+")


@dataclass(frozen=True)
class Test:
    """One comparison of a condition: `subject` is a question's id."""

    __test__ = False

    subject: str
    sign: str
    operand: Any

    def text(self) -> str:
        match self.sign:
            case "is":
                return self.subject
            case "not":
                return f"not {self.subject}"
            case "has":
                return f'"{self.operand}" in {self.subject}'
            case "months":
                return f"{self.subject}_months >= {self.operand}"
            case _:
                shown = f'"{self.operand}"' if isinstance(self.operand, str) else str(self.operand)
                return f"{self.subject} {self.sign} {shown}"

    def true(self, data: Any) -> bool:
        match self.sign:
            case "is":
                return data is True
            case "not":
                return data is False
            case "has":
                return self.operand in data
            case "months":
                born = date.fromisoformat(data)
                whole = 0
                while _later(born, whole + 1) <= TODAY:
                    whole += 1
                return whole >= self.operand
            case "==":
                return bool(data == self.operand)
            case "!=":
                return bool(data != self.operand)
            case "<=":
                return bool(data <= self.operand)
            case ">":
                return bool(data > self.operand)
        raise AssertionError(self.sign)


def _later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


@dataclass(frozen=True)
class Ask:
    """A question of a random form; all `tests` must be true, or with `any_of` one of them."""

    id: str
    type: str
    required: bool = True
    own: bool = False
    tests: tuple[Test, ...] = ()
    any_of: bool = False
    options: tuple[str, ...] = OPTIONS
    longest: int = 9
    highest: int = 9
    min_rows: int = 0
    max_rows: int = 3
    subs: tuple[Ask, ...] = ()

    def build(self) -> Question:
        limits = Limits(
            max_length=self.longest if self.type == "text" else None,
            maximum=self.highest if self.type == "number" else None,
            min_rows=self.min_rows,
            max_rows=self.max_rows,
        )
        glue = " or " if self.any_of else " and "
        text = glue.join(f"({test.text()})" for test in self.tests)
        chosen = self.options if self.type in ("choice", "choices") else ()
        return Question(
            id=self.id,
            type=self.type,  # type: ignore[arg-type]
            section="own" if self.own else "all",
            texts={"en": f"{self.id}?"},
            required=self.required,
            limits=limits,
            options=tuple(Option(id=one, labels={"en": one.upper()}) for one in chosen),
            applies_when=Condition(text) if text else None,
            questions=tuple(sub.build() for sub in self.subs),
        )


def build(asks: tuple[Ask, ...]) -> Form:
    """The form of the questions."""
    return Form(
        version="0",
        names={"en": "Form"},
        sections=(Section(id="all", titles={}), Section(id="own", titles={}, each_member=True)),
        questions=tuple(ask.build() for ask in asks),
    )


def repaired(asks: tuple[Ask, ...]) -> tuple[Ask, ...]:
    """The questions without conditions that could not be loaded, such as of what is asked later."""
    done: list[Ask] = []
    for ask in asks:
        seen = {one.id: one for one in done if ask.own or not one.own}
        subs: list[Ask] = []
        for sub in ask.subs:
            subs.append(_fitting(sub, {**seen, **{one.id: one for one in subs}}))
        done.append(replace(_fitting(ask, seen), subs=tuple(subs)))
    return tuple(done)


def _fitting(ask: Ask, seen: Mapping[str, Ask]) -> Ask:
    tests = tuple(test for test in ask.tests if test.subject in seen and test in fitting(seen[test.subject]))
    return replace(ask, tests=tests)


def fitting(ask: Ask) -> list[Test]:
    """The tests that a condition can make of a question."""
    match ask.type:
        case "yes_no":
            return [Test(ask.id, "is", None), Test(ask.id, "not", None)]
        case "number" | "group":
            return [Test(ask.id, sign, n) for sign in ("==", "!=", "<=", ">") for n in (0, 1, 3)]
        case "choice":
            return [Test(ask.id, sign, one) for sign in ("==", "!=") for one in OPTIONS]
        case "choices":
            return [Test(ask.id, "has", one) for one in OPTIONS]
        case "date":
            return [Test(ask.id, "months", n) for n in (0, 1, 84)]
        case _:
            return [Test(ask.id, sign, "ab") for sign in ("==", "!=")]


@dataclass
class Oracle:
    """What ought to apply: each question looked up for itself in the whole set of answers, by definition."""

    asks: tuple[Ask, ...]
    answers: Mapping[str, Value]
    by_id: dict[str, Ask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {ask.id: ask for ask in self.asks}

    def fits(self, ask: Ask, value: Value) -> bool:
        """Whether a value is of the type and within the limits of a question."""
        data = value.data
        if value.skipped:
            return not ask.required
        match ask.type:
            case "text":
                return isinstance(data, str) and 1 <= len(data) <= ask.longest
            case "number":
                return type(data) in (int, float) and data <= ask.highest
            case "yes_no":
                return type(data) is bool
            case "choice":
                return isinstance(data, str) and data in ask.options
            case "choices":
                return isinstance(data, list) and set(data) <= set(ask.options)
            case "date":
                return isinstance(data, str) and data in DATES
        return False

    def true(self, ask: Ask, group: str = "", row: int = 0) -> bool:
        """Whether a question applies, by looking up each thing that its condition names."""
        if not ask.tests:
            return True
        found = []
        for test in ask.tests:
            data = self.data(test.subject, group, row)
            if data is None:
                return False
            found.append(test.true(data))
        return any(found) if ask.any_of else all(found)

    def data(self, name: str, group: str, row: int) -> Any:
        """What a condition sees of a question, in a row of the same group or at the top level."""
        if name in self.by_id:
            ask = self.by_id[name]
            if not self.true(ask):
                return None
            if ask.type == "group":
                filled = self.filled(ask)
                closed = self.more(ask) is False
                return len(filled) if filled or closed else None
            value = self.answers.get(name)
            return value.data if value and not value.skipped and self.fits(ask, value) else None
        sub = next(sub for sub in self.by_id[group].subs if sub.id == name)
        value = self.answers.get(f"{group}/{row}/{name}")
        if not value or value.skipped or not self.fits(sub, value) or not self.true(sub, group, row):
            return None
        return value.data

    def inner(self, ask: Ask, row: int) -> list[tuple[str, Ask]]:
        """The keys of a row with their questions."""
        return [(f"{ask.id}/{row}/{sub.id}", sub) for sub in ask.subs if self.true(sub, ask.id, row)]

    def held(self, key: str, ask: Ask) -> bool:
        """Whether there is an answer that fits."""
        return key in self.answers and self.fits(ask, self.answers[key])

    def filled(self, ask: Ask) -> list[int]:
        """The rows that count: with an answer that fits, the first ones as far as rows are allowed."""
        found = (_ROW_KEY.fullmatch(key) for key in self.answers)
        rows = {int(match[2]) for match in found if match and match[1] == ask.id}
        used = [n for n in sorted(rows) if any(self.held(key, sub) for key, sub in self.inner(ask, n))]
        return used[: ask.max_rows]

    def standing_rows(self, ask: Ask) -> list[int]:
        """The rows that there are, before another one was asked for."""
        rows = self.filled(ask)
        free = [n for n in range(1, 50) if n not in rows]
        return sorted(rows + free[: max(0, ask.min_rows - len(rows))])

    def more(self, ask: Ask) -> bool | None:
        """The answer whether there is another row, where it counts."""
        value = self.answers.get(f"{ask.id}/more")
        if value is None or type(value.data) is not bool or len(self.standing_rows(ask)) >= ask.max_rows:
            return None
        return value.data

    def passed_over(self, ask: Ask) -> bool:
        """Whether a group was skipped whole."""
        value = self.answers.get(ask.id)
        asked = self.answers.get(f"{ask.id}/more")
        untouched = not self.filled(ask) and (asked is None or type(asked.data) is not bool)
        return value is not None and value.skipped and not ask.required and untouched

    def slots(self, *, owner: bool = True) -> Iterator[tuple[str, bool, bool]]:
        """Every slot that applies: its key, whether it is answered, whether it must be."""
        for ask in self.asks:
            if not self.true(ask) or not (owner or ask.own):
                continue
            if ask.type != "group":
                yield ask.id, self.held(ask.id, ask), ask.required
            elif self.passed_over(ask):
                yield ask.id, True, False
            else:
                yield from self.group(ask)

    def group(self, ask: Ask) -> Iterator[tuple[str, bool, bool]]:
        """The slots of a group that was not skipped."""
        rows = self.standing_rows(ask)
        more = self.more(ask)
        if more:
            rows = [*rows, max(rows, default=0) + 1]
        used = self.filled(ask)
        done = True
        for row in rows:
            for key, sub in self.inner(ask, row):
                held = row in used and self.held(key, sub)
                done = done and held
                yield key, held, sub.required and (ask.required or row in used)
        if more is not None or (done and len(rows) < ask.max_rows):
            yield f"{ask.id}/more", more is not None, ask.required and not rows
