"""An answer comes in: checked, stored, confirmed briefly, and followed by the next question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from forms.model import TRACK, Slot, Value
from forms.schedule import standing
from forms.state import drop_row, put
from forms.values import NotValid, find_value, read_value
from handlers.apply.asking import asked, heading, reply
from handlers.apply.context import Desk, Outcome, Step
from handlers.apply.going import ask_again, go_on
from handlers.apply.marks import mark
from handlers.apply.submitting import dates, track_of
from handlers.apply.wording import consequences, joined, news, noted
from handlers.buttons import SELF, button
from handlers.messages import Reply
from handlers.texts import Texts

if TYPE_CHECKING:
    from storage.database import UnitOfWork


def answering(key: str, value: Value, *, confirm: bool, before: tuple[str, ...] = ()) -> Step:
    """The step that stores an answer (or a skip) and goes on."""

    def step(desk: Desk) -> Outcome:
        slot = desk.state.slot(key) or _group_slot(desk, key)
        if slot is None:
            return ask_again(desk, [desk.say("apply.no_longer_asked")])
        earlier = desk.answers.get(key)
        try:
            change = put(desk.form, desk.answers, key, value, desk.today)
        except ValueError:
            return asked(desk, slot, [desk.say("apply.no_longer_fits")])
        after = desk.with_answers(change.answers)
        correction = earlier is not None and not earlier.skipped
        lines = joined(
            before,
            [noted(after, slot)] if (confirm or correction) and key in after.answers else [],
            consequences(desk, change, after, correction=correction),
            news(desk, after),
            _dates(after, slot),
            [desk.say("apply.saved")] if _first(desk) else [],
        )
        then = partial(_note_first, desk) if _first(desk) else None
        return replace(go_on(after, lines), answers=change.answers, then=then)

    return step


def removing_row(group_id: str, row: int) -> Step:
    """The step that takes one row out of a group."""

    def step(desk: Desk) -> Outcome:
        group = desk.form.question(group_id)
        if group is None or not any(slot.group is group and slot.row == row for slot in desk.state.slots):
            return ask_again(desk, [desk.say("apply.row_gone")])
        change = drop_row(desk.form, desk.answers, group_id, row, desk.today)
        after = desk.with_answers(change.answers)
        said = desk.say("apply.row_removed", group=desk.label(group))
        closing = next((slot for slot in after.state.slots if slot.group is group and slot.closing), None)
        stays = desk.focus is not None and desk.focus.partition("/")[0] == group_id
        outcome = asked(after, closing, [said]) if closing and stays else go_on(after, [said])
        return replace(outcome, answers=change.answers)

    return step


def refusing(slot: Slot, problem: NotValid) -> Step:
    """The step that says what is wrong with an answer, shows an example, and asks again."""

    def step(desk: Desk) -> Outcome:
        lines = [problem_text(desk, problem)]
        example = desk.text(slot.question.example)
        if not example and f"apply.example.{slot.question.type}" in desk.turn.texts:
            example = desk.say(f"apply.example.{slot.question.type}")
            lines.append(desk.say("apply.for_example", example=example))
        return asked(desk, slot, ["\n".join(lines)], again=True)

    return step


def wondering(slot: Slot, problem: NotValid | None = None) -> Step:
    """The step that asks whether a message was the answer or a question; the message itself is kept.

    What cannot be the answer, because of `problem`, is refused as one; a press still makes it a question.
    """

    def step(desk: Desk) -> Outcome:
        id_ = desk.application.id
        if problem is not None:
            outcome = refusing(slot, problem)(desk)
            (refused,) = outcome.replies
            row = (button(desk.say("button.as_question"), "question", id_, SELF),)
            return replace(outcome, replies=(replace(refused, buttons=(*refused.buttons, row)),))
        rows = (
            (button(desk.say("apply.button.is_answer"), "answer", id_, SELF, mark(slot.key)),),
            (button(desk.say("apply.button.is_question"), "question", id_, SELF),),
        )
        line = desk.say("apply.unsure", label=heading(desk, slot))
        return Outcome(replies=(reply(desk, [line], rows),), interview=desk.standing(slot.key, desk.view))

    return step


def value_in(desk: Desk, slot: Slot, text: str) -> Value | NotValid:
    """The answer that a whole text is, or else the one inside it; what is wrong when there is none."""
    language = desk.turn.language
    try:
        return read_value(slot.question, text, language=language, today=desk.today)
    except NotValid as problem:
        return find_value(slot.question, text, language=language, today=desk.today) or problem


def problem_text(desk: Desk, problem: NotValid) -> str:
    """The sentence for what is wrong with an answer."""
    key = f"apply.invalid.{problem.code}"
    texts: Texts = desk.turn.texts
    return texts(key, **problem.values) if key in texts else texts("apply.no_longer_fits")


def _group_slot(desk: Desk, key: str) -> Slot | None:
    """A whole group as a place, which it is only while it is skipped."""
    question = desk.form.question(key)
    if question is None or question.type != "group":
        return None
    return Slot(key=key, question=question)


def _dates(after: Desk, slot: Slot) -> list[str]:
    """The dates of a track as soon as it is chosen, and again when a window has opened or closed since."""
    track = track_of(after)
    if track is None:
        return []
    before = standing(track, after.application.updated_at).phase
    changed = before != standing(track, after.turn.now).phase
    return [dates(after, track)] if changed or slot.key == TRACK else []


def _first(desk: Desk) -> bool:
    """Whether the founder is still to be told that answers are kept without being handed in."""
    return desk.owner and desk.application.status == "draft" and desk.application.saved_receipt_at is None


async def _note_first(desk: Desk, work: UnitOfWork, _: int) -> Sequence[Reply]:
    await work.applications.note_saved_receipt(desk.application.id)
    return ()
