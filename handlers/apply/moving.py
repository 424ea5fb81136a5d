"""Moving about in the interview: skip, back, edit, why, and a look at the draft."""

from __future__ import annotations

from forms.model import Question, Slot, Value
from forms.values.text import fold
from handlers.apply.asking import asked, heading, removal, reply, row_text, rows_of
from handlers.apply.context import Desk, Outcome, Rows, Step
from handlers.apply.going import ask_again
from handlers.apply.marks import mark
from handlers.apply.summary import answers_in_parts
from handlers.apply.taking import answering, removing_row
from handlers.apply.wording import rule_quote, rule_source
from handlers.buttons import button
from handlers.messages import Button, Reply, Source


def skipping(key: str | None) -> Step:
    """The step that passes over a question; a required one is explained and asked again."""

    def step(desk: Desk) -> Outcome:
        slot = desk.state.slot(key) if key else desk.pending
        if slot is None:
            return ask_again(desk)
        if slot.closing:
            return answering(slot.key, Value(data=False), confirm=False)(desk)
        if not slot.question.required:
            return answering(slot.key, _skipped(), confirm=False)(desk)
        if slot.group is not None and slot.row is not None:
            inner = [item for item in desk.state.slots if item.group is slot.group and item.row is not None]
            given = {item.row for item in inner if item.key in desk.answers}
            if not given and not slot.group.required:
                return answering(slot.group.id, _skipped(), confirm=False)(desk)
            if given and slot.row not in given:
                return removing_row(slot.group.id, slot.row)(desk)
        return asked(desk, slot, [desk.say("apply.required", label=heading(desk, slot))], again=True)

    return step


def going_back(desk: Desk) -> Outcome:
    """Ask the question before the one that the chat shows."""
    slots = desk.state.slots
    here = desk.pending
    at = slots.index(here) if here is not None else len(slots)
    if at == 0:
        return ask_again(desk, [desk.say("apply.at_first")])
    return asked(desk, slots[at - 1])


def editing(target: str) -> Step:
    """The step that asks a question anew; `target` is its key or the id of a group."""

    def step(desk: Desk) -> Outcome:
        slot = desk.state.slot(target)
        group = desk.form.question(target)
        if group is not None and group.type == "group":
            return _edit_group(desk, group)
        if slot is None:
            return ask_again(desk, [desk.say("apply.no_longer_asked")])
        return asked(desk, slot)

    return step


def editing_named(words: str) -> Step:
    """The step that finds the question to change by its number or name; without one the answers are shown."""

    def step(desk: Desk) -> Outcome:
        if not words:
            return Outcome(replies=_with_note(desk, desk.say("apply.edit_which")), interview=_stay(desk))
        found = find(desk, words)
        if not found:
            line = desk.say("apply.edit_unknown", words=words[:60])
            return Outcome(replies=_with_note(desk, line), interview=_stay(desk))
        if len(found) > 1:
            rows = tuple((_edit(desk, slot),) for slot in found[:8])
            return Outcome(
                replies=(reply(desk, [desk.say("apply.edit_which")], rows),), interview=_stay(desk)
            )
        slot = found[0]
        return editing(slot.group.id if slot.group is not None else slot.key)(desk)

    return step


def find(desk: Desk, words: str) -> list[Slot]:
    """The places that a number or a name means; of a group its first."""
    first: dict[str, Slot] = {}
    for slot in desk.state.slots:
        first.setdefault(slot.group.id if slot.group is not None else slot.key, slot)
    if words.isascii() and words.isdigit():
        return [slot for slot in first.values() if desk.state.position(slot.key) == int(words[:6])]
    wanted = fold(words)
    exact = [slot for slot in first.values() if wanted in _names(slot.group or slot.question)]
    if exact or not wanted:
        return exact
    return [
        slot
        for slot in first.values()
        if any(wanted in name or name in wanted for name in _names(slot.group or slot.question))
    ]


def explaining(key: str | None) -> Step:
    """The step that says why a question is asked and quotes the rule behind it."""

    def step(desk: Desk) -> Outcome:
        slot = desk.state.slot(key) if key else desk.pending
        if slot is None:
            return ask_again(desk)
        question = slot.group if slot.closing and slot.group is not None else slot.question
        why = desk.text(question.why)
        lines = [why] if why else []
        sources: tuple[Source, ...] = ()
        if question.rule is not None:
            quote = rule_quote(desk, question.rule)
            lines += [desk.say("apply.rule.quoted", quote=quote)] if quote else []
            sources = (rule_source(desk, question.rule),)
        if not lines and not sources:
            lines = [desk.say("apply.why_unknown")]
        told = Reply(
            text="\n\n".join(lines) or desk.say("apply.rule.behind"),
            sources=sources,
            language=desk.turn.texts.language,
        )
        again = asked(desk, slot, again=True)
        return Outcome(replies=(told, *again.replies), interview=again.interview)

    return step


def showing_draft(desk: Desk) -> Outcome:
    """All answers so far, how many there are, and how to go on."""
    id_ = desk.application.id
    line = desk.say("apply.so_far", done=desk.done, total=desk.state.total)
    rows: Rows = ((button(desk.say("apply.button.continue"), "continue", id_),),)
    if desk.state.complete and desk.owner:
        rows = (*rows, (button(desk.say("apply.button.review"), "review", id_),))
    return Outcome(replies=(*answers_in_parts(desk), reply(desk, [line], rows)))


def _edit_group(desk: Desk, group: Question) -> Outcome:
    rows = rows_of(desk, group)
    closing = next((slot for slot in desk.state.slots if slot.group is group and slot.closing), None)
    if not rows:
        return asked(desk, closing) if closing is not None else ask_again(desk)
    lines = [f"{number}. {row_text(desk, group, row)}" for number, row in enumerate(rows, start=1)]
    made: list[tuple[Button, ...]] = []
    for number, row in enumerate(rows, start=1):
        inner = [slot for slot in desk.state.slots if slot.group is group and slot.row == row]
        made += [(_edit(desk, slot),) for slot in inner]
        made.append((removal(desk, group, number, row),))
    if closing is not None:
        made.append((_edit(desk, closing, desk.say("apply.button.add_row")),))
    text = "\n".join([desk.say("apply.edit_group", group=desk.label(group)), *lines])
    return Outcome(replies=(reply(desk, [text], tuple(made)),), interview=_stay(desk))


def _edit(desk: Desk, slot: Slot, label: str = "") -> Button:
    text = label or f"✏️ {heading(desk, slot)}"
    return button(text[:60], "edit", desk.application.id, mark(slot.key))


def _names(question: Question) -> set[str]:
    texts = [*question.labels.values(), *(name for names in question.names.values() for name in names)]
    return {fold(text) for text in (*texts, question.id) if fold(text)}


def _skipped() -> Value:
    return Value(data=None, skipped=True)


def _stay(desk: Desk) -> dict[str, object]:
    return dict(desk.standing(desk.focus, desk.view))


def _with_note(desk: Desk, line: str) -> tuple[Reply, ...]:
    return (*answers_in_parts(desk), reply(desk, [line]))
