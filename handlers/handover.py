"""A founder who wants to talk to a person, and one whom a person talks to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.attending import Attending
from handlers.buttons import button
from handlers.messages import Reply
from handlers.small_talk import recognize
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork
    from storage.records import HandoverRecord

_LOOK_BACK = 12
_WORDS = frozenset({"text", "file", "unsupported", "edited"})
_OWN_RIGHTS = frozenset({"forget", "privacy", "mydata", "language", "human", "unhuman"})

SPOKEN_ANYWAY = frozenset({"forget", "privacy", "mydata", "human", "human_cancel", "with_person"})
"""Routes whose replies go out although a person has taken over while the handler was at work."""


def is_with_person(turn: Turn) -> bool:
    """Tell whether a person has this conversation and the message is not about the founder's own rights."""
    if turn.person.handover is None:
        return False
    message = turn.message
    asked = message.command if message.kind == "command" else turn.press.action if turn.press else None
    return asked not in _OWN_RIGHTS


async def listen(turn: Turn) -> Result:
    """Leave the answer to the person; what is meant for the bot hears that it is silent."""
    handover_id = turn.person.handover or 0
    meant_for_person = turn.message.kind in _WORDS

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        if not meant_for_person:
            return ()
        record = await work.handovers.heard(handover_id)
        if record is not None and record.relay_id is not None:
            await Attending(work, turn.services).forward(record.relay_id, f"💬 {_shown(turn)}")
        return ()

    if turn.message.kind == "button":
        return turn.toast("human.bot_is_silent")
    told = () if meant_for_person else turn.reply("human.bot_is_silent").replies
    return Result(replies=told, write=write, pending=turn.person.conversation.pending)


def _shown(turn: Turn) -> str:
    files = ", ".join(file.name for file in turn.message.attachments)
    return "\n".join(filter(None, (turn.text, files))) or f"({turn.message.unsupported or turn.message.kind})"


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
    answer = await turn.stored(turn.pressed.number())
    return _open(turn, answer.in_reply_to if answer is not None else None)


async def cancel(turn: Turn) -> Result:
    """Take an open handover back, also one that a person has taken."""
    wanted = turn.pressed.number()

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.handovers.get_open(turn.conversation_id)
        # The id in the button comes from outside: only this chat's own request can be cancelled here.
        if record is None or record.id != wanted or not await work.handovers.cancel(record.id):
            return turn.toast("human.gone").replies
        if record.relay_id is not None:
            await Attending(work, turn.services).forward(record.relay_id, turn.say("human.left"))
        text = turn.say("human.cancelled")
        return (Reply(text=text, edits=turn.message.button_message, language=turn.language),)

    return Result(write=write)


def _open(turn: Turn, question_id: int | None) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.handovers.get_open(turn.conversation_id)
        if record is not None and record.taken:
            member = await work.staff.get(record.staff_id or 0)
            name = member.name if member is not None else turn.program_name
            return (_told(turn, record, turn.say("human.talking", name=name)),)
        if record is not None:
            text = turn.say("human.already", contact=turn.contact)
            return (_told(turn, record, "\n\n".join(filter(None, (text, hours_sentence(turn))))),)
        record = await work.handovers.open(turn.conversation_id, turn.founder_id, question_id)
        queued = await work.handovers.queued(record.id)
        if queued is not None:
            await Attending(work, turn.services).ping(queued)
        opened = turn.say("human.opened", contact=turn.contact)
        parts = (opened, hours_sentence(turn), turn.say("human.meanwhile"))
        return (_told(turn, record, "\n\n".join(filter(None, parts))),)

    return Result(write=write)


def hours_sentence(turn: Turn) -> str:
    """Say when somebody is there again, when nobody is now; "" in office hours, or when they are unknown."""
    hours = turn.services.program.office_hours
    if hours is None or hours.is_open(turn.now):
        return ""
    opening = hours.next_opening(turn.now)
    if opening is None:
        return turn.say("human.closed_long")
    day = turn.say(f"human.day.{opening.weekday()}")
    return turn.say(
        "human.closed",
        day=day,
        date=f"{opening:%Y-%m-%d}",
        time=f"{opening:%H:%M}",
        zone=opening.tzname() or "UTC",
    )


def _told(turn: Turn, record: HandoverRecord, text: str) -> Reply:
    label = turn.say("human.button.leave" if record.taken else "button.cancel_human")
    return Reply(text=text, buttons=((button(label, "unhuman", record.id),),), language=turn.language)
