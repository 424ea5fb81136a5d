"""Where an application stands: which questions apply, what is answered and what is next, from the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from forms.model import Answers, Form, Slot, Value
from forms.plan import plan_of
from forms.symbols import MORE
from forms.walk import Walk, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The slots that apply now, in order; `open` are not answered, `missing` must be before submission.

    `total` counts questions as a founder does: a group is one, however many rows it has.
    """

    slots: tuple[Slot, ...]
    open: tuple[Slot, ...]
    missing: tuple[Slot, ...]
    total: int
    minutes_left: int
    _by_key: Mapping[str, tuple[int, Slot]] = field(repr=False)

    @property
    def next(self) -> Slot | None:
        """The first open slot."""
        return self.open[0] if self.open else None

    @property
    def complete(self) -> bool:
        """Whether nothing that is required is missing."""
        return not self.missing

    def questions(self, slots: Iterable[Slot]) -> int:
        """How many questions some slots are, counted as `total` counts."""
        return len({self.position(slot.key) for slot in slots})

    def slot(self, key: str) -> Slot | None:
        """The slot at a key, if it applies now."""
        found = self._by_key.get(key)
        return found[1] if found else None

    def position(self, key: str) -> int:
        """The number of a slot's question, from 1; all slots of a group have the group's. 0 for none."""
        found = self._by_key.get(key)
        return found[0] if found else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The answers after a change, and the slots that began or ceased to apply through it."""

    answers: Answers
    opened: tuple[Slot, ...] = ()
    closed: tuple[Slot, ...] = ()


def symbols(form: Form, answers: Answers, today: date) -> dict[str, Any]:
    """What conditions see of the answers; a question that is not answered has no symbol."""
    return walk(form, answers, today).symbols


def settle(form: Form, answers: Answers, today: date) -> tuple[Answers, tuple[str, ...]]:
    """The answers that still apply and are valid, and the keys of those that do not."""
    kept = walk(form, answers, today).kept
    return kept, tuple(key for key in answers if key not in kept)


def examine(form: Form, answers: Answers, today: date, *, owner: bool = True) -> State:
    """Where the application stands for its owner, or for a co-founder, who has only the members' sections."""
    done = walk(form, answers, today)
    slots: list[Slot] = []
    open_: list[Slot] = []
    missing: list[Slot] = []
    by_key: dict[str, tuple[int, Slot]] = {}
    total = 0
    for step, inner in done.steps:
        if not (owner or step.own) or not inner:
            continue
        total += 1
        for slot in inner:
            slots.append(slot)
            by_key[slot.key] = (total, slot)
            if slot.key not in done.kept:
                open_.append(slot)
                if slot.key in done.required:
                    missing.append(slot)
    seconds = sum(slot.question.seconds for slot in open_)
    return State(
        slots=tuple(slots),
        open=tuple(open_),
        missing=tuple(missing),
        total=total,
        minutes_left=-(-seconds // 60),
        _by_key=by_key,
    )


def put(form: Form, answers: Answers, key: str, value: Value, today: date) -> Change:
    """Answer or skip one slot and settle; what is for a slot that does not apply changes nothing.

    A group that is not required is skipped whole at its own key; any answer inside it takes that back. To
    skip "another row?" is to say no. A value that was read for another question raises ValueError.
    """
    before = walk(form, answers, today)
    now: dict[str, Value] = dict(before.kept)
    group_id, _, rest = key.partition("/")
    if not rest and value.skipped and (group := before.groups.get(key)) is not None:
        if group.required:
            return Change(answers=now)
        now = {at: one for at, one in now.items() if not at.startswith(f"{key}/")}
        now[key] = value
        return _change(before, walk(form, now, today), but=key)
    open_again = before
    if rest and now.pop(group_id, None) is not None:
        open_again = walk(form, now, today)
    slot = open_again.by_key.get(key)
    if slot is None or slot.question.type == "group":
        return Change(answers=before.kept)
    if slot.closing and value.skipped:
        value = Value(data=False, wording=value.wording)
    if not plan_of(form).valid(slot.question, value, today):
        raise ValueError(f"{key}: this value does not fit the question")
    if slot.row is not None and slot.row == open_again.new_rows.get(group_id):
        del now[f"{group_id}/{MORE}"]
    now[key] = value
    return _change(before, walk(form, now, today), but=group_id if slot.closing else "")


def drop_row(form: Form, answers: Answers, group_id: str, row: int, today: date) -> Change:
    """Take one row out of a group; the others keep their numbers. A row only just opened closes the group."""
    before = walk(form, answers, today)
    prefix = f"{group_id}/{row}/"
    now = {key: value for key, value in before.kept.items() if not key.startswith(prefix)}
    if before.new_rows.get(group_id) == row:
        now[f"{group_id}/{MORE}"] = Value(data=False)
    return _change(before, walk(form, now, today), but=group_id)


def _change(before: Walk, after: Walk, *, but: str) -> Change:
    """What began and ceased to apply, without the group `but` that was changed on purpose."""

    def new(these: Mapping[str, Slot], others: Mapping[str, Slot]) -> tuple[Slot, ...]:
        return tuple(
            slot
            for key, slot in these.items()
            if key not in others and not slot.closing and (not but or key.partition("/")[0] != but)
        )

    return Change(
        answers=after.kept,
        opened=new(after.by_key, before.by_key),
        closed=new(before.by_key, after.by_key),
    )
