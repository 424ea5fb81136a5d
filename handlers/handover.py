"""A founder who wants to talk to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.buttons import Press, button
from handlers.messages import Reply
from handlers.small_talk import recognize
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork
    from storage.records import HandoverRecord

_LOOK_BACK = 12


def wishes_person(turn: Turn) -> bool:
    """Tell whether the whole message is the wish for a person, such as "转人工"."""
    found = recognize(turn.text) if turn.typed else None
    return found is not None and found[0] == "human"


async def wish(turn: Turn) -> Result:
    """Take up a wish in the founder's words, in the language of the words."""
    found = recognize(turn.text)
    return await command(turn.speaking(found[1]) if found else turn)


async def command(turn: Turn) -> Result:
    """Open a handover about the last question of this chat."""
    async with turn.reading() as work:
        recent = await work.messages.recent(turn.conversation_id, _LOOK_BACK)
    asked = [item.id for item in recent if item.direction == "in" and item.kind == "text"]
    return _open(turn, asked[-1] if asked else None)


async def pressed(turn: Turn) -> Result:
    """Open a handover about the question whose answer the button hangs under."""
    answer = await turn.stored((turn.press or Press(action="")).number())
    return _open(turn, answer.in_reply_to if answer is not None else None)


async def cancel(turn: Turn) -> Result:
    """Take an open handover back."""
    wanted = (turn.press or Press(action="")).number()

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.handovers.get_open(turn.conversation_id)
        # The id in the button comes from outside: only this chat's own request can be cancelled here.
        if record is None or record.id != wanted or not await work.handovers.cancel(record.id):
            return turn.toast("human.gone").replies
        text = turn.say("human.cancelled")
        return (Reply(text=text, edits=turn.message.button_message, language=turn.language),)

    return Result(write=write)


def _open(turn: Turn, question_id: int | None) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.handovers.get_open(turn.conversation_id)
        if record is not None:
            return (_told(turn, record, turn.say("human.already", contact=turn.contact)),)
        record = await work.handovers.open(turn.conversation_id, turn.founder_id, question_id)
        opened = turn.say("human.opened", contact=turn.contact)
        return (_told(turn, record, f"{opened}\n\n{turn.say('human.meanwhile')}"),)

    return Result(write=write)


def _told(turn: Turn, record: HandoverRecord, text: str) -> Reply:
    cancel_button = button(turn.say("button.cancel_human"), "unhuman", record.id)
    return Reply(text=text, buttons=((cancel_button,),), language=turn.language)
