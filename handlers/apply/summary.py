"""All answers so far, in parts that every channel can show, each with the buttons to change it."""

from __future__ import annotations

from dataclasses import dataclass, field

from forms.model import Slot
from handlers.apply.asking import rows_of, shown
from handlers.apply.context import Desk, Rows
from handlers.apply.marks import mark
from handlers.buttons import button
from handlers.messages import Button, Reply

_LONGEST_PART = 2800
_BUTTONS_IN_ROW = 6


@dataclass(slots=True)
class _Part:
    lines: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    length: int = 0


def answers_in_parts(desk: Desk) -> tuple[Reply, ...]:
    """Show every question that applies with its answer, by section, over as many replies as it needs."""
    parts: list[_Part] = [_Part()]
    section = ""
    for entry in _entries(desk):
        slot = entry[0]
        lines = []
        own = (slot.group or slot.question).section
        if own != section:
            section = own
            lines.append(f"\n【{desk.text(desk.form.section(own).titles)}】")
        lines += _lines(desk, entry)
        length = sum(map(len, lines)) + len(lines)
        if parts[-1].lines and parts[-1].length + length > _LONGEST_PART:
            parts.append(_Part())
        parts[-1].lines += lines
        parts[-1].length += length
        parts[-1].buttons.append(edit_button(desk, slot))
    return tuple(_reply(desk, part) for part in parts if part.lines)


def edit_button(desk: Desk, slot: Slot, label: str = "") -> Button:
    """The button that asks a question anew; a group is opened to choose what to change in it."""
    target = slot.group.id if slot.group is not None else slot.key
    text = label or f"✏️ {desk.state.position(slot.key)}"
    return button(text, "edit", desk.application.id, mark(target))


def _entries(desk: Desk) -> list[list[Slot]]:
    """The slots by question: those of a group together."""
    found: dict[str, list[Slot]] = {}
    for slot in desk.state.slots:
        found.setdefault(slot.group.id if slot.group is not None else slot.key, []).append(slot)
    return list(found.values())


def _lines(desk: Desk, slots: list[Slot]) -> list[str]:
    first = slots[0]
    number = desk.state.position(first.key)
    if first.group is None:
        return [f"{number}. {_line(desk, desk.label(first.question), _value(desk, first))}"]
    lines = [f"{number}. {desk.label(first.group)}"]
    rows = rows_of(desk, first.group)
    for place, row in enumerate(rows, start=1):
        inner = [slot for slot in slots if slot.row == row]
        told = [_line(desk, desk.label(slot.question), _value(desk, slot)) for slot in inner]
        lines.append(f"   {place}) {' · '.join(told)}")
    if not rows:
        lines[0] = f"{number}. {_line(desk, desk.label(first.group), desk.say('apply.none_given'))}"
    return lines


def _line(desk: Desk, label: str, value: str) -> str:
    return desk.say("apply.line", label=label, value=value)


def _value(desk: Desk, slot: Slot) -> str:
    answer = shown(desk, slot)
    if answer:
        return answer
    return desk.say("apply.to_answer" if slot in desk.state.missing else "apply.empty")


def _reply(desk: Desk, part: _Part) -> Reply:
    made = part.buttons
    rows: Rows = tuple(tuple(made[at : at + _BUTTONS_IN_ROW]) for at in range(0, len(made), _BUTTONS_IN_ROW))
    return Reply(text="\n".join(part.lines).strip(), buttons=rows, language=desk.turn.texts.language)
