"""One question as a reply: where the founder stands, the question itself, its limits and its buttons."""

from __future__ import annotations

from collections.abc import Sequence

from forms.model import TRACK, Question, Slot
from forms.values import show_value
from handlers.apply.context import Desk, Outcome, Rows
from handlers.apply.marks import NO, YES, mark
from handlers.buttons import SELF, button
from handlers.messages import DIGITS_TYPED, Button, Reply
from handlers.words import clip

_MOST_BUTTONS = 24
_LONGEST_LABEL = 48
_SHORT = 14
_PRESSED = frozenset({"choice", "choices", "yes_no"})
_TYPED = frozenset({"text", "long_text"})


def ask(desk: Desk, slot: Slot, before: Sequence[str] = (), *, again: bool = False) -> Reply:
    """Ask a question; `before` are lines said first, `again` leaves out what was just shown."""
    lines = [*before] if again else [*before, *_opening(desk, slot)]
    lines.append(_question(desk, slot))
    return Reply(
        text="\n\n".join(line for line in lines if line),
        buttons=_buttons(desk, slot),
        language=_language(desk),
        extra={} if slot.question.type in _PRESSED else {DIGITS_TYPED: "yes"},
    )


def asked(desk: Desk, slot: Slot, before: Sequence[str] = (), *, again: bool = False) -> Outcome:
    """Ask a question, and let the chat stand at it."""
    view = desk.view if desk.focus == slot.key else {}
    reply = ask(desk, slot, before, again=again)
    return Outcome(replies=(reply,), interview=desk.standing(slot.key, view))


def reply(desk: Desk, lines: Sequence[str], buttons: Rows = ()) -> Reply:
    """Say lines in the application's language."""
    return Reply(text="\n\n".join(line for line in lines if line), buttons=buttons, language=_language(desk))


def heading(desk: Desk, slot: Slot) -> str:
    """The short name of a place: of the question, within a group with the group and the row."""
    if slot.closing and slot.group is not None:
        return desk.label(slot.group)
    name = desk.label(slot.question)
    return name if slot.group is None else f"{desk.label(slot.group)} {_row(desk, slot)} · {name}"


def shown(desk: Desk, slot: Slot) -> str:
    """The answer at a place as people read it; "" for none."""
    value = desk.answers.get(slot.key)
    if value is None:
        return ""
    return (
        desk.say("apply.skipped") if value.skipped else show_value(slot.question, value, desk.turn.language)
    )


def rows_of(desk: Desk, group: Question) -> list[int]:
    """The numbers of a group's rows, in order."""
    rows = [slot.row for slot in desk.state.slots if slot.group is group and slot.row is not None]
    return list(dict.fromkeys(rows))


def row_text(desk: Desk, group: Question, row: int) -> str:
    """The answers of one row on one line."""
    slots = [slot for slot in desk.state.slots if slot.group is group and slot.row == row]
    known = [desk.answers.get(slot.key) for slot in slots]
    texts = [
        shown(desk, slot) for slot, value in zip(slots, known, strict=True) if value and not value.skipped
    ]
    return " · ".join(clip(text, 60) for text in texts) or desk.say("apply.empty")


def toggles(desk: Desk, slot: Slot, chosen: Sequence[str]) -> Rows:
    """The options of a multiple choice as buttons that tick and untick, and the one that is done."""
    if len(slot.question.options) > _MOST_BUTTONS:
        return _others(desk, slot)
    made = [
        button(
            f"{'☑' if option.id in chosen else '☐'} {clip(desk.text(option.labels), _LONGEST_LABEL)}",
            "toggle",
            desk.application.id,
            mark(slot.key, option.id),
            SELF,
        )
        for option in slot.question.options
    ]
    done = button(
        desk.say("apply.button.done", count=len(chosen)), "done", desk.application.id, mark(slot.key)
    )
    return (*_in_rows(made), (done,), *_others(desk, slot))


def ticked(desk: Desk, slot: Slot) -> tuple[str, ...]:
    """The options ticked under a multiple choice: in this chat so far, else those of the stored answer."""
    if desk.focus == slot.key and desk.chosen is not None:
        return desk.chosen
    value = desk.answers.get(slot.key)
    return tuple(value.data) if value is not None and isinstance(value.data, list) else ()


def _opening(desk: Desk, slot: Slot) -> list[str]:
    number, total, minutes = desk.state.position(slot.key), desk.state.total, desk.state.minutes_left
    key = "apply.progress" if minutes else "apply.progress_edited"
    progress = desk.say(key, number=number, total=total, minutes=minutes)
    section = (slot.group or slot.question).section
    if slot.key == TRACK and slot.key not in desk.answers:
        progress = ""  # how many questions there are depends on this one
    begun = any(
        (item.group or item.question).section == section and item.key in desk.answers
        for item in desk.state.slots
    )
    if begun:
        return [progress]
    found = desk.form.section(section)
    intro = desk.text(found.intro)
    title = f"【{desk.text(found.titles)}】"
    return [progress, f"{title}\n{intro}" if intro else title]


def _question(desk: Desk, slot: Slot) -> str:
    question = slot.question
    if slot.closing and slot.group is not None:
        return _closing(desk, slot.group)
    text = desk.text(question.texts)
    if slot.group is not None:
        text = f"{desk.label(slot.group)} {_row(desk, slot)} · {text}"
    lines = [text]
    if not question.required:
        lines[0] += f" {desk.say('apply.optional')}"
    hints = [desk.text(question.help), limits(desk, question)]
    lines += [hint for hint in hints if hint]
    example = desk.text(question.example)
    if example:
        lines.append(desk.say("apply.for_example", example=example))
    if question.options and not _fits(desk, question):
        lines.append(_listed(desk, question))
    current = shown(desk, slot)
    if current:
        lines.append(desk.say("apply.current", value=clip(current, 600)))
    return "\n".join(lines)


def _closing(desk: Desk, group: Question) -> str:
    rows = rows_of(desk, group)
    lines = [f"{number}. {row_text(desk, group, row)}" for number, row in enumerate(rows, start=1)]
    helped = "" if rows else desk.text(group.help)
    if rows:
        asked = desk.say("apply.another_row", group=desk.label(group))
    else:
        asked = desk.say("apply.first_row", group=desk.text(group.texts))
    return "\n".join(part for part in (*lines, asked, helped) if part)


def limits(desk: Desk, question: Question) -> str:
    """The limits of an answer in words, unless the question's own help names them."""
    bounds, told = question.limits, desk.text(question.help)
    if question.type in _TYPED and bounds.max_length and str(bounds.max_length) not in told:
        return desk.say("apply.limit.length", limit=bounds.max_length)
    if question.type == "choices" and bounds.max_choices and bounds.max_choices < len(question.options):
        return desk.say("apply.limit.choices", limit=bounds.max_choices)
    if question.type == "choices":
        return desk.say("apply.limit.several")
    if question.type == "file" and bounds.file_types:
        types = ", ".join(kind.upper() for kind in bounds.file_types)
        return desk.say("apply.limit.file", types=types, size=f"{bounds.max_bytes / 1_000_000:g}")
    return ""


def _buttons(desk: Desk, slot: Slot) -> Rows:
    question = slot.question
    if question.type == "choices":
        return toggles(desk, slot, ticked(desk, slot))
    if question.type == "yes_no":
        labels = {YES: desk.say("apply.button.yes"), NO: desk.say("apply.button.no")}
        made = [_pick(desk, slot, option, label) for option, label in labels.items()]
        return (tuple(made), *_row_removals(desk, slot), *_others(desk, slot))
    if question.type == "choice" and len(question.options) <= _MOST_BUTTONS:
        made = [_pick(desk, slot, option.id, desk.text(option.labels)) for option in question.options]
        return (*_in_rows(made), *_others(desk, slot))
    return _others(desk, slot)


def _pick(desk: Desk, slot: Slot, option: str, label: str) -> Button:
    return button(clip(label, _LONGEST_LABEL), "pick", desk.application.id, mark(slot.key, option))


def _row_removals(desk: Desk, slot: Slot) -> Rows:
    if not slot.closing or slot.group is None:
        return ()
    rows = rows_of(desk, slot.group)
    made = [removal(desk, slot.group, number, row) for number, row in enumerate(rows, start=1)]
    return (tuple(made),) if made else ()


def removal(desk: Desk, group: Question, number: int, row: int) -> Button:
    """The button that removes one row of a group; `number` is what the founder sees."""
    label = desk.say("apply.button.remove_row", number=number)
    return button(label, "row", desk.application.id, mark(group.id), row)


def _others(desk: Desk, slot: Slot) -> Rows:
    made: list[Button] = []
    if skippable(slot) and not slot.closing:
        made.append(button(desk.say("apply.button.skip"), "skip", desk.application.id, mark(slot.key)))
    asked_about = slot.group if slot.closing and slot.group is not None else slot.question
    if asked_about.why or asked_about.rule is not None:
        made.append(button(desk.say("apply.button.why"), "why", desk.application.id, mark(slot.key)))
    return (tuple(made),) if made else ()


def skippable(slot: Slot) -> bool:
    """Whether a place may be passed over: only an optional question, also within a group."""
    return not slot.question.required


def _in_rows(made: Sequence[Button]) -> Rows:
    if any(len(item.label) > _SHORT for item in made):
        return tuple((item,) for item in made)
    return tuple(tuple(made[at : at + 2]) for at in range(0, len(made), 2))


def _fits(desk: Desk, question: Question) -> bool:
    labels = [desk.text(option.labels) for option in question.options]
    return len(labels) <= _MOST_BUTTONS and all(len(label) <= _LONGEST_LABEL for label in labels)


def _listed(desk: Desk, question: Question) -> str:
    """The options as a numbered list, for those that do not fit on buttons."""
    labels = [desk.text(option.labels) for option in question.options]
    return "\n".join(f"{number}. {label}" for number, label in enumerate(labels, start=1))


def _row(desk: Desk, slot: Slot) -> int:
    """The number of a row as a founder counts them."""
    if slot.group is None or slot.row is None:
        return 0
    rows = rows_of(desk, slot.group)
    return rows.index(slot.row) + 1 if slot.row in rows else slot.row


def _language(desk: Desk) -> str:
    return desk.turn.texts.language
