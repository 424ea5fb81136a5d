"""Presses of the interview's buttons; every id in them comes from outside and is looked up again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps

from forms.model import Value
from forms.values import NotValid, check, read_option
from handlers.apply.asking import reply, ticked, toggles
from handlers.apply.context import Desk, Outcome, open_desk, pressed_desk
from handlers.apply.going import ask_again, carry_out, followed, gone
from handlers.apply.marks import YES, find_group, find_option, find_slot
from handlers.apply.moving import editing, explaining, showing_draft, skipping
from handlers.apply.submitting import closed, confirming, read_back
from handlers.apply.taking import answering, refusing, removing_row
from handlers.language import chosen
from handlers.messages import Reply
from handlers.texts import LANGUAGES
from handlers.turn import Result, Turn


def _at_desk(handle: Callable[[Desk], Awaitable[Result]]) -> Callable[[Turn], Awaitable[Result]]:
    """Look up the application that the button names first."""

    @wraps(handle)
    async def handled(turn: Turn) -> Result:
        desk = await pressed_desk(turn)
        return gone(turn) if desk is None else await handle(desk)

    return handled


@_at_desk
async def pick(desk: Desk) -> Result:
    """Take the pressed option as the answer; an earlier question's button changes that answer."""
    found = find_option(desk, desk.turn.pressed.word(1))
    if found is None or not desk.editable:
        return _stale(desk)
    slot, option = found
    if slot.question.type == "yes_no":
        value = Value(data=option == YES, wording=option)
    else:
        value = read_option(slot.question, option)
    known = desk.answers.get(slot.key)
    if known is not None and known.data == value.data and slot.key != desk.focus:
        return desk.turn.toast("apply.noted_already")
    return await carry_out(desk, answering(slot.key, value, confirm=True))


@_at_desk
async def toggle(desk: Desk) -> Result:
    """Tick or untick one option of a multiple choice; the message with the buttons is edited in place."""
    turn = desk.turn
    found = find_option(desk, turn.pressed.word(1))
    if found is None or not desk.editable:
        return _stale(desk)
    slot, option = found
    before = ticked(desk, slot)
    after = [item.id for item in slot.question.options if (item.id in before) != (item.id == option)]
    shown = await turn.stored(turn.pressed.number(2))
    told = Reply(
        text=shown.text if shown is not None and shown.text else desk.text(slot.question.texts),
        buttons=toggles(desk, slot, after),
        edits=turn.message.button_message,
        language=turn.texts.language,
    )
    interview = desk.standing(slot.key, {"of": slot.key, "chosen": after})
    return await carry_out(desk, lambda _: Outcome(replies=(told,), interview=interview))


@_at_desk
async def done(desk: Desk) -> Result:
    """Take the ticked options as the answer."""
    slot = find_slot(desk, desk.turn.pressed.word(1))
    if slot is None or not desk.editable:
        return _stale(desk)
    if slot.key in desk.answers and slot.key != desk.focus:
        return desk.turn.toast("apply.noted_already")
    value = Value(data=list(ticked(desk, slot)))
    try:
        check(slot.question, value, desk.today)
    except NotValid as problem:
        return await carry_out(desk, refusing(slot, problem))
    return await carry_out(desk, answering(slot.key, value, confirm=True))


@_at_desk
async def skip(desk: Desk) -> Result:
    """Pass over the question the button hangs under."""
    slot = find_slot(desk, desk.turn.pressed.word(1))
    if slot is None or not desk.editable:
        return _stale(desk)
    if slot.key in desk.answers and slot.key != desk.focus:
        return desk.turn.toast("apply.noted_already")
    return await carry_out(desk, skipping(slot.key))


@_at_desk
async def why(desk: Desk) -> Result:
    """Explain the question the button hangs under."""
    slot = find_slot(desk, desk.turn.pressed.word(1))
    if slot is None or not desk.editable:
        return _stale(desk)
    return await carry_out(desk, explaining(slot.key))


@_at_desk
async def edit(desk: Desk) -> Result:
    """Ask a question anew, or open a group to choose from."""
    digest = desk.turn.pressed.word(1)
    slot, group = find_slot(desk, digest), find_group(desk, digest)
    target = slot.key if slot is not None else group.id if group is not None else None
    if target is None or not desk.editable:
        return _stale(desk)
    return await carry_out(desk, editing(target))


@_at_desk
async def row(desk: Desk) -> Result:
    """Take a row out of a group."""
    group, number = find_group(desk, desk.turn.pressed.word(1)), desk.turn.pressed.number(2)
    if group is None or number is None or not desk.editable:
        return _stale(desk)
    if not any(slot.group is group and slot.row == number for slot in desk.state.slots):
        return desk.turn.toast("apply.row_gone")
    return await carry_out(desk, removing_row(group.id, number))


@_at_desk
async def draft(desk: Desk) -> Result:
    """Show all answers so far."""
    return await carry_out(desk, showing_draft)


@_at_desk
async def review(desk: Desk) -> Result:
    """Read the whole application back."""
    return await carry_out(desk, read_back)


@_at_desk
async def send(desk: Desk) -> Result:
    """Hand the application in, if it still is what was read back."""
    if not desk.editable:
        return _stale(desk)
    return await carry_out(desk, confirming(desk.turn.pressed.number(1)))


@_at_desk
async def speak(desk: Desk) -> Result:
    """Go on in another language."""
    wanted = desk.turn.pressed.word(1)
    if wanted not in LANGUAGES or not desk.editable:
        return _stale(desk)

    def step(here: Desk) -> Outcome:
        other = replace(here, turn=replace(here.turn, language=wanted))
        return replace(ask_again(other), language=wanted)

    return await carry_out(desk, step)


async def language(turn: Turn) -> Result:
    """Remember the language chosen by hand, and ask the pending question in it."""
    confirmed = await chosen(turn)
    wanted = turn.pressed.word() if turn.pressed.word() in LANGUAGES else None
    founder = replace(turn.person.founder, language=wanted)
    speaking = replace(turn, language=wanted or turn.language, person=replace(turn.person, founder=founder))
    desk = await open_desk(speaking)
    return confirmed if desk is None or not desk.editable else followed(confirmed, desk)


def _stale(desk: Desk) -> Result:
    """Say that the button is of no use any more: its question is gone, or the application is handed in."""
    return desk.turn.toast("apply.stale") if desk.editable else Result.of(reply(desk, [closed(desk)]))
