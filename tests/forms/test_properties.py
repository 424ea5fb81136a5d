"""Whatever founders and operators do, the state of an application is what its answers and its form say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from forms.model import Value, keys
from forms.state import Change, drop_row, examine, put, settle
from tests.forms.worlds import DATA, OPTIONS, TODAY, TYPES, Ask, Oracle, build, fitting, repaired

IDS = ("q1", "q2", "q3", "q4", "q5", "q6", "q7")
SUBS = ("s1", "s2", "s3")


@st.composite
def asks(draw: Any, name: str, before: tuple[Ask, ...], *, inside: bool = False) -> Ask:
    """A random question that may depend on those before it."""
    kind = draw(st.sampled_from(TYPES if inside else (*TYPES, "group", "group", "group", "group")))
    tests = [test for ask in before for test in fitting(ask)]
    chosen = draw(st.lists(st.sampled_from(tests), max_size=2)) if tests else []
    subs: tuple[Ask, ...] = ()
    if kind == "group":
        for sub in SUBS[: draw(st.integers(1, 3))]:
            subs = (*subs, draw(asks(sub, (*before, *subs), inside=True)))
    lowest = draw(st.integers(0, 2))
    return Ask(
        id=name,
        type=kind,
        required=draw(st.booleans()),
        own=not inside and draw(st.sampled_from((False, False, False, True))),
        tests=tuple(chosen),
        any_of=draw(st.booleans()),
        longest=draw(st.sampled_from((3, 9))),
        highest=draw(st.sampled_from((2, 9))),
        min_rows=lowest,
        max_rows=draw(st.integers(max(lowest, 1), 3)),
        subs=subs,
    )


@st.composite
def forms(draw: Any) -> tuple[Ask, ...]:
    """A random form of up to six questions."""
    found: tuple[Ask, ...] = ()
    for name in IDS[: draw(st.integers(1, 6))]:
        found = (*found, draw(asks(name, found)))
    return repaired(found)


values = st.one_of(
    st.sampled_from([Value(data=data) for group in DATA.values() for data in group]),
    st.just(Value(data=None, skipped=True)),
)


def lasting(found: tuple[Ask, ...], answers: Mapping[str, Value]) -> dict[str, Value]:
    """The answers that ought to stay."""
    return {key: answers[key] for key, answered, _ in Oracle(found, answers).slots() if answered}


class Application(RuleBasedStateMachine):
    """A draft, the founder who fills it from several devices, and the operator who changes its form."""

    @initialize(found=forms())
    def begin(self, found: tuple[Ask, ...]) -> None:
        self.asks = found
        self.form = build(found)
        self.answers: dict[str, Value] = {}
        self.seen: list[str] = []

    def oracle(self, answers: Mapping[str, Value] | None = None) -> Oracle:
        return Oracle(self.asks, self.answers if answers is None else answers)

    def keys(self, answers: Mapping[str, Value] | None = None) -> list[str]:
        return [key for key, _, _ in self.oracle(answers).slots()]

    def ask(self, key: str) -> Ask:
        name, _, rest = key.partition("/")
        top = next(ask for ask in self.asks if ask.id == name)
        if rest == "more":
            return Ask(id="more", type="yes_no", required=top.required)
        return next(sub for sub in top.subs if sub.id == rest.partition("/")[2]) if rest else top

    def expect(self, change: Change, raw: Mapping[str, Value], group: str) -> None:
        """`raw` settled, and told what began and ceased to apply outside the `group` that was meant."""
        before = self.keys()
        assert change.answers == lasting(self.asks, raw)
        after = self.keys(raw)

        def told(these: list[str], others: list[str]) -> list[str]:
            kept = [key for key in these if key not in others and not key.endswith("/more")]
            return [key for key in kept if not group or key.split("/")[0] != group]

        assert keys(change.opened) == told(after, before)
        assert keys(change.closed) == told(before, after)
        self.answers = change.answers

    @rule(data=st.data(), value=values)
    def answer(self, data: st.DataObject, value: Value) -> None:
        """A founder answers, edits or skips what applies, or presses a button that is long gone."""
        places = list(dict.fromkeys([*self.keys(), *self.seen]))
        if not places:
            return
        self.write(data.draw(st.sampled_from(places)), value)

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """A founder gives one of the answers that fit, to whatever applies, most often in a group."""
        places = self.keys()
        inner = [key for key in places if "/" in key]
        if places:
            key = data.draw(st.sampled_from(inner * 3 + places))
            self.write(key, data.draw(self.suitable(key)))

    @rule(data=st.data(), steps=st.integers(1, 8))
    def go_on(self, data: st.DataObject, steps: int) -> None:
        """A founder answers the next questions as they want to be answered, and likes to add rows."""
        for _ in range(steps):
            slot = examine(self.form, self.answers, TODAY).next
            if slot is None:
                return
            likes = slot.closing and data.draw(st.sampled_from((True, True, False)))
            self.write(slot.key, Value(data=True) if likes else data.draw(self.suitable(slot.key)))

    def suitable(self, key: str) -> st.SearchStrategy[Value]:
        """Values that fit what is asked at a key, or else any."""
        ask = self.ask(key)
        possible = [Value(data=one) for one in DATA.get(ask.type, ())] + [Value(data=None, skipped=True)]
        return st.sampled_from([value for value in possible if self.oracle().fits(ask, value)] or possible)

    def write(self, key: str, value: Value) -> None:
        name, _, rest = key.partition("/")
        raw = dict(self.answers)
        if rest:
            raw.pop(name, None)
        if key not in self.keys(raw) or self.ask(key).type == "group":
            change = put(self.form, self.answers, key, value, TODAY)
            assert change.answers == self.answers
            assert not change.opened
            assert not change.closed
            return
        given, value = value, Value(data=False) if rest == "more" and value.skipped else value
        if not self.oracle().fits(self.ask(key), value):
            with pytest.raises(ValueError, match=key):
                put(self.form, self.answers, key, value, TODAY)
            return
        oracle = self.oracle(raw)
        group = oracle.by_id[name]
        opened = (
            rest
            and oracle.more(group)
            and key.split("/")[1] == str(max(oracle.standing_rows(group), default=0) + 1)
        )
        if opened:
            del raw[f"{name}/more"]
        raw[key] = value
        change = put(self.form, self.answers, key, given, TODAY)
        assert change.answers[key] == value
        self.expect(change, raw, name if rest == "more" else "")

    @rule(data=st.data())
    def skip_group(self, data: st.DataObject) -> None:
        """A founder passes over a whole group, if that is possible."""
        groups = [ask for ask in self.asks if ask.type == "group"]
        if not groups:
            return
        ask = data.draw(st.sampled_from(groups))
        change = put(self.form, self.answers, ask.id, Value(data=None, skipped=True), TODAY)
        if ask.required or not self.oracle().true(ask):
            assert change.answers == self.answers
            return
        raw = {key: value for key, value in self.answers.items() if not key.startswith(f"{ask.id}/")}
        raw[ask.id] = Value(data=None, skipped=True)
        assert self.keys(raw).count(ask.id) == 1
        self.expect(change, raw, ask.id)

    @rule(data=st.data())
    def take_row_out(self, data: st.DataObject) -> None:
        """A founder drops a row; no other one changes its number."""
        rows = sorted({tuple(key.split("/")[:2]) for key in self.keys() if key.count("/") == 2})
        if not rows:
            return
        opened = [
            (name, row) for name, row in rows if not any(k.startswith(f"{name}/{row}/") for k in self.answers)
        ]
        name, row = data.draw(st.sampled_from(rows + opened * 3))
        ask = self.oracle().by_id[name]
        raw = {key: value for key, value in self.answers.items() if not key.startswith(f"{name}/{row}/")}
        if self.oracle().more(ask) and int(row) not in self.oracle().standing_rows(ask):
            raw[f"{name}/more"] = Value(data=False)
        self.expect(drop_row(self.form, self.answers, name, int(row), TODAY), raw, name)

    @rule(data=st.data())
    def arrive_from_elsewhere(self, data: st.DataObject) -> None:
        """Answers are found that this form may never have asked for, as after an upgrade."""
        names = [f"{name}/{row}/{sub}" for name in IDS[:4] for row in (1, 2, 4) for sub in SUBS]
        odd = ["q1/more", "q2/more", "q3/0/s1", "q3/01/s1", "q3/x/s1", "q9", "q1/1", "", "/", "q1/1/s1/s1"]
        found = data.draw(st.dictionaries(st.sampled_from([*IDS, *names, *odd]), values, max_size=6))
        groups = [ask for ask in self.asks if ask.type == "group"]
        for ask in groups:
            inner = [f"{ask.id}/{row}/{sub.id}" for row in range(1, 6) for sub in ask.subs]
            for key in data.draw(st.lists(st.sampled_from([*inner, f"{ask.id}/more"]), max_size=5)):
                found[key] = data.draw(self.suitable(key))
            if data.draw(st.booleans()):
                found[ask.id] = Value(data=None, skipped=True)
        raw = {**self.answers, **found}
        self.answers, gone = settle(self.form, raw, TODAY)
        assert self.answers == lasting(self.asks, raw)
        assert set(gone) == raw.keys() - self.answers.keys()

    def change_form(self, found: tuple[Ask, ...]) -> None:
        self.seen = list(dict.fromkeys([*self.seen, *self.keys()]))[-20:]
        self.asks = repaired(found)
        self.form = build(self.asks)
        known = {ask.id for ask in self.asks}
        raw = self.answers
        self.answers, gone = settle(self.form, raw, TODAY)
        assert self.answers == lasting(self.asks, raw)
        assert set(gone) == raw.keys() - self.answers.keys()
        self.seen = [key for key in self.seen if self.exists(key, known)]

    def exists(self, key: str, known: set[str]) -> bool:
        name, _, rest = key.partition("/")
        if name not in known:
            return False
        ask = next(ask for ask in self.asks if ask.id == name)
        if not rest:
            return True
        return ask.type == "group" and (rest == "more" or rest.partition("/")[2] in {s.id for s in ask.subs})

    @rule(data=st.data())
    def operator_changes_the_form(self, data: st.DataObject) -> None:
        """An operator edits application.toml while the draft is there."""
        kinds = (self.insert_question, self.remove_question, self.reorder)
        data.draw(st.sampled_from((*kinds, self.change_question, self.change_question, self.remove_option)))(
            data
        )

    def insert_question(self, data: st.DataObject) -> None:
        free = [name for name in IDS if name not in {ask.id for ask in self.asks}]
        if free:
            at = data.draw(st.integers(0, len(self.asks)))
            new = data.draw(asks(data.draw(st.sampled_from(free)), self.asks[:at]))
            self.change_form((*self.asks[:at], new, *self.asks[at:]))

    def remove_question(self, data: st.DataObject) -> None:
        if len(self.asks) > 1:
            at = data.draw(st.integers(0, len(self.asks) - 1))
            self.change_form((*self.asks[:at], *self.asks[at + 1 :]))

    def reorder(self, data: st.DataObject) -> None:
        self.change_form(tuple(data.draw(st.permutations(self.asks))))

    def change_question(self, data: st.DataObject) -> None:
        """A question gets another type, other limits, other rows, or is needed no more."""
        at = data.draw(st.integers(0, len(self.asks) - 1))
        new = data.draw(asks(self.asks[at].id, self.asks[:at]))
        part = data.draw(st.sampled_from(("all", "required", "limits", "tests", "subs")))
        old = self.asks[at]
        if part == "required":
            new = replace(old, required=not old.required)
        elif part == "limits":
            new = replace(
                old, longest=new.longest, highest=new.highest, min_rows=new.min_rows, max_rows=new.max_rows
            )
        elif part == "tests":
            new = replace(old, tests=new.tests, any_of=new.any_of)
        elif part == "subs" and old.type == new.type == "group":
            new = replace(old, subs=new.subs)
        self.change_form((*self.asks[:at], new, *self.asks[at + 1 :]))

    def remove_option(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.asks) - 1))
        gone = data.draw(st.sampled_from(OPTIONS))
        old = self.asks[at]
        left = tuple(option for option in old.options if option != gone)
        self.change_form((*self.asks[:at], replace(old, options=left), *self.asks[at + 1 :]))

    @rule()
    def answer_what_is_missing(self) -> None:
        """Whoever answers everything that is missing can submit in the end."""
        answers = dict(self.answers)
        for _ in range(200):
            state = examine(self.form, answers, TODAY)
            if state.complete:
                break
            slot = state.missing[0]
            ask = self.ask(slot.key)
            possible = [Value(data=data) for data in DATA[ask.type]]
            fits = [value for value in possible if self.oracle().fits(ask, value)]
            if not fits:
                return
            answers = put(self.form, answers, slot.key, fits[-1], TODAY).answers
        assert examine(self.form, answers, TODAY).complete
        assert not [key for key, answered, needed in self.oracle(answers).slots() if needed and not answered]

    @invariant()
    def everything_is_as_the_oracle_says(self) -> None:
        if not hasattr(self, "form"):
            return
        fresh = dict(self.answers)  # settled answers remember their walk, a copy is gone through again
        kept, gone = settle(self.form, fresh, TODAY)
        assert (kept, gone) == (self.answers, ())
        for owner in (True, False):
            state = examine(self.form, self.answers, TODAY, owner=owner)
            assert state == examine(self.form, fresh, TODAY, owner=owner)
            slots = list(self.oracle().slots(owner=owner))
            open_ = [key for key, answered, _ in slots if not answered]
            assert keys(state.slots) == [key for key, _, _ in slots]
            assert keys(state.open) == open_
            assert keys(state.missing) == [key for key, answered, needed in slots if needed and not answered]
            assert (state.next.key if state.next else None) == (open_[0] if open_ else None)
            assert state.complete == (not state.missing)
            assert state.minutes_left * 60 >= sum(slot.question.seconds for slot in state.open)
            names = list(dict.fromkeys(key.split("/")[0] for key, _, _ in slots))
            assert [state.position(key) for key, _, _ in slots] == [
                names.index(key.split("/")[0]) + 1 for key, _, _ in slots
            ]
            assert state.total == len(names)
        oracle = self.oracle()
        for key, value in self.answers.items():
            if not (value.skipped and self.ask(key).type == "group"):
                assert oracle.fits(self.ask(key), value)


Application.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    database=None,
)
TestApplication = Application.TestCase
