"""A message that its founder edited in the chat: the answer it gave is changed when they say so."""

from __future__ import annotations

from forms.model import Slot, Value
from forms.values import NotValid, show_value
from handlers.apply.asking import heading, reply, shown
from handlers.apply.context import Desk, Outcome, Step, open_desk
from handlers.apply.going import carry_out, gone, saying
from handlers.apply.interview import typed
from handlers.apply.marks import mark
from handlers.apply.taking import problem_text, value_in
from handlers.buttons import SELF, button
from handlers.turn import Result, Turn
from handlers.words import clip

_LOOK_BACK = 8
_LONGEST = 200


async def edited(turn: Turn) -> Result:
    """Offer to take what an answer was edited to; what is no answer yet is read like a new message."""
    desk = await open_desk(turn)
    if desk is None:
        return gone(turn)
    if not turn.text or not desk.editable:
        return await carry_out(desk, saying(desk.say("apply.edited")))
    key, before, newest = await _answered(turn, desk)
    if before is not None and before == turn.message.text:
        return Result()  # networks report an edit for a link preview too: nothing new to say
    slot = desk.state.slot(key) if key is not None else None
    if slot is None:
        return await typed(turn) if newest else await carry_out(desk, saying(desk.say("apply.edited")))
    value = value_in(desk, slot, turn.text)
    if isinstance(value, NotValid):
        return await carry_out(desk, saying(problem_text(desk, value), desk.say("apply.edited")))
    return await carry_out(desk, _offering(slot, value))


def _offering(slot: Slot, value: Value) -> Step:
    """The step that asks whether the answer is to be changed, and leaves everything as it is."""

    def step(desk: Desk) -> Outcome:
        id_ = desk.application.id
        new = clip(show_value(slot.question, value, desk.turn.language), _LONGEST)
        line = desk.say(
            "apply.edited_offer", label=heading(desk, slot), old=clip(shown(desk, slot), _LONGEST), new=new
        )
        rows = (
            (button(desk.say("apply.button.change"), "answer", id_, SELF, mark(slot.key), "edited"),),
            (button(desk.say("apply.button.keep_answer"), "continue", id_),),
        )
        return Outcome(replies=(reply(desk, [line], rows),))

    return step


async def _answered(turn: Turn, desk: Desk) -> tuple[str | None, str | None, bool]:
    """The answer that the message gave, what it said last, and whether it is the founder's newest one."""
    async with turn.reading() as work:
        versions = await work.messages.versions(turn.conversation_id, turn.message.external_id)
        recent = await work.messages.recent(turn.conversation_id, _LOOK_BACK)
        ids = [message.id for message in versions]
        key = await work.applications.answered_by(desk.application.id, ids) if ids else None
    own = [message for message in recent if message.direction == "in"]
    newest = bool(own) and own[-1].external_id == turn.message.external_id
    return key, versions[-1].text if versions else None, newest
