"""Presses of the interview's buttons; every id in them comes from outside and is looked up again."""

from __future__ import annotations

from dataclasses import replace

from forms.model import Slot, Value
from forms.values import NotValid, check, read_option
from handlers.apply.asking import ticked, toggles
from handlers.apply.context import Desk, Outcome, Step, open_desk
from handlers.apply.going import ask_again, carry_out, followed, gone
from handlers.apply.marks import YES, find_option, find_slot, mark
from handlers.apply.moving import editing, explaining, showing_draft, skipping
from handlers.apply.submitting import closed, confirming, read_back
from handlers.apply.taking import answering, refusing, removing_row
from handlers.buttons import Press
from handlers.language import chosen
from handlers.messages import Reply
from handlers.texts import LANGUAGES
from handlers.turn import Result, Turn


async def pick(turn: Turn) -> Result:
    """Take the pressed option as the answer; an earlier question's button changes that answer."""
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    found = find_option(desk, _argument(turn, 1))
    if found is None or not desk.editable:
        return _stale(desk)
    slot, option = found
    if slot.question.type == "yes_no":
        value = Value(data=option == YES, wording=option)
    else:
        value = read_option(slot.question, option)
    known = desk.answers.get(slot.key)
    if known is not None and known.data == value.data and slot.key != desk.focus:
        return _toast(desk, "apply.noted_already")
    return await carry_out(desk, answering(slot.key, value, confirm=True))


async def toggle(turn: Turn) -> Result:
    """Tick or untick one option of a multiple choice; the message with the buttons is edited in place."""
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    found = find_option(desk, _argument(turn, 1))
    if found is None or not desk.editable:
        return _stale(desk)
    slot, option = found
    before = ticked(desk, slot)
    after = [item.id for item in slot.question.options if (item.id in before) != (item.id == option)]
    shown = await turn.stored((turn.press or Press(action="")).number(2))
    text = shown.text if shown is not None and shown.text else desk.text(slot.question.texts)
    told = Reply(
        text=text,
        buttons=toggles(desk, slot, after),
        edits=turn.message.button_message,
        language=desk.turn.texts.language,
    )
    interview = desk.standing(slot.key, {"of": slot.key, "chosen": after})
    return await carry_out(desk, lambda _: Outcome(replies=(told,), interview=interview))


async def done(turn: Turn) -> Result:
    """Take the ticked options as the answer."""
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    slot = find_slot(desk, _argument(turn, 1))
    if slot is None or not desk.editable:
        return _stale(desk)
    if desk.focus != slot.key and slot.key in desk.answers:
        return _toast(desk, "apply.noted_already")
    value = Value(data=list(ticked(desk, slot)))
    try:
        check(slot.question, value, desk.today)
    except NotValid as problem:
        return await carry_out(desk, refusing(slot, problem))
    return await carry_out(desk, answering(slot.key, value, confirm=True))


async def skip(turn: Turn) -> Result:
    """Pass over the question the button hangs under."""
    return await _at_slot(turn, _skip)


async def why(turn: Turn) -> Result:
    """Explain the question the button hangs under."""
    return await _at_slot(turn, lambda desk, slot: explaining(slot.key))


async def edit(turn: Turn) -> Result:
    """Ask a question anew, or open a group to choose from."""
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    digest = _argument(turn, 1)
    slot = find_slot(desk, digest)
    group = next(
        (item for item in desk.form.questions if item.type == "group" and mark(item.id) == digest), None
    )
    if not desk.editable or (slot is None and group is None):
        return _stale(desk)
    return await carry_out(desk, editing(slot.key if slot is not None else group.id if group else ""))


async def row(turn: Turn) -> Result:
    """Take a row out of a group."""
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    digest, number = _argument(turn, 1), (turn.press or Press(action="")).number(2)
    group = next(
        (item for item in desk.form.questions if item.type == "group" and mark(item.id) == digest), None
    )
    if group is None or number is None or not desk.editable:
        return _stale(desk)
    if not any(
        slot.group is not None and slot.group.id == group.id and slot.row == number
        for slot in desk.state.slots
    ):
        return _toast(desk, "apply.row_gone")
    return await carry_out(desk, removing_row(group.id, number))


async def draft(turn: Turn) -> Result:
    """Show all answers so far."""
    return await _anyway(turn, showing_draft)


async def review(turn: Turn) -> Result:
    """Read the whole application back."""
    return await _anyway(turn, read_back)


async def send(turn: Turn) -> Result:
    """Hand the application in, if it still is what was read back."""
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    if not desk.editable:
        return _said(desk, closed(desk))
    return await carry_out(desk, confirming((turn.press or Press(action="")).number(1)))


async def speak(turn: Turn) -> Result:
    """Go on in another language."""
    desk = await _desk(turn)
    language = _argument(turn, 1)
    if desk is None:
        return gone(turn)
    if language not in LANGUAGES or not desk.editable:
        return _stale(desk)

    def step(here: Desk) -> Outcome:
        other = replace(here, turn=replace(here.turn, language=language))
        return replace(ask_again(other), language=language)

    return await carry_out(desk, step)


async def language(turn: Turn) -> Result:
    """Remember the language chosen by hand, and ask the pending question in it."""
    confirmed = await chosen(turn)
    wanted = _argument(turn, 0) if _argument(turn, 0) in LANGUAGES else None
    founder = replace(turn.person.founder, language=wanted)
    speaking = replace(turn, language=wanted or turn.language, person=replace(turn.person, founder=founder))
    desk = await open_desk(speaking)
    return confirmed if desk is None or not desk.editable else followed(confirmed, desk)


async def _anyway(turn: Turn, step: Step) -> Result:
    desk = await _desk(turn)
    return gone(turn) if desk is None else await carry_out(desk, step)


async def _at_slot(turn: Turn, chosen: object) -> Result:
    desk = await _desk(turn)
    if desk is None:
        return gone(turn)
    slot = find_slot(desk, _argument(turn, 1))
    if slot is None or not desk.editable:
        return _stale(desk)
    assert callable(chosen)
    step: Step | None = chosen(desk, slot)
    return _toast(desk, "apply.noted_already") if step is None else await carry_out(desk, step)


def _skip(desk: Desk, slot: Slot) -> Step | None:
    return None if slot.key in desk.answers and slot.key != desk.focus else skipping(slot.key)


async def _desk(turn: Turn) -> Desk | None:
    wanted = (turn.press or Press(action="")).number(0)
    return None if wanted is None else await open_desk(turn, wanted)


def _argument(turn: Turn, position: int) -> str:
    arguments = (turn.press or Press(action="")).arguments
    return arguments[position] if position < len(arguments) else ""


def _stale(desk: Desk) -> Result:
    return _toast(desk, "apply.stale") if desk.editable else _said(desk, closed(desk))


def _toast(desk: Desk, key: str) -> Result:
    return desk.turn.toast(key)


def _said(desk: Desk, text: str) -> Result:
    return Result.of(Reply(text=text, language=desk.turn.texts.language))
