"""What founders want to hear about: /topics, one tap under an announcement, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.program import Topic
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_ON, _OFF = "on", "off"


async def show(turn: Turn) -> Result:
    """List the topics, each with a button that turns it on or off."""
    if not turn.services.program.topics:
        return turn.reply("announce.topics.none")
    async with turn.reading() as work:
        stopped = await work.subscriptions.stopped(turn.founder_id)
    return Result.of(_list(turn, stopped))


async def switch(turn: Turn) -> Result:
    """Turn one topic on or off; the list is edited in place."""
    topic, state = turn.services.program.topic(turn.pressed.word()), turn.pressed.word(1)
    if topic is None or state not in (_ON, _OFF):
        return turn.toast("announce.topics.gone")

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.subscriptions.choose(turn.founder_id, topic.id, state == _ON)
        stopped = await work.subscriptions.stopped(turn.founder_id)
        return (_list(turn, stopped, edits=turn.message.button_message),)

    return Result(write=write)


async def stop(turn: Turn) -> Result:
    """Stop the topic of the announcement that the button hangs under."""
    return await _choose(turn, subscribed=False)


async def undo(turn: Turn) -> Result:
    """Take the topic up again, in place of the message that confirmed its end."""
    return await _choose(turn, subscribed=True)


async def _choose(turn: Turn, *, subscribed: bool) -> Result:
    wanted = turn.pressed.number() or 0
    async with turn.reading() as work:
        announcement = await work.announcements.get(wanted)
        line = await work.recipients.of(wanted, turn.founder_id)
    if announcement is None or announcement.topic is None:
        return turn.toast("announce.topics.gone")
    if line is None:
        return turn.toast("announce.test_press")
    topic_id = announcement.topic
    known = turn.services.program.topic(topic_id)
    name = _name(turn, known) if known else topic_id

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.subscriptions.choose(turn.founder_id, topic_id, subscribed, announcement_id=wanted)
        if subscribed:
            text = turn.say("announce.topics.resumed", topic=name)
            return (Reply(text=text, edits=turn.message.button_message, language=turn.language),)
        rows = (
            (button(turn.say("announce.button.undo"), "retopic", wanted),),
            (button(turn.say("announce.button.all_topics"), "topics"),),
        )
        text = turn.say("announce.topics.stopped", topic=name)
        return (Reply(text=text, buttons=rows, language=turn.language),)

    return Result(write=write)


def _list(turn: Turn, stopped: set[str], *, edits: str | None = None) -> Reply:
    rows = tuple((_switch(turn, topic, topic.id not in stopped),) for topic in turn.services.program.topics)
    text = "\n\n".join((turn.say("announce.topics.choose"), turn.say("announce.topics.service")))
    return Reply(text=text, buttons=rows, edits=edits, language=turn.language)


def _switch(turn: Turn, topic: Topic, on: bool) -> Button:
    return button(f"{'✅' if on else '⬜'} {_name(turn, topic)}", "topicset", topic.id, _OFF if on else _ON)


def _name(turn: Turn, topic: Topic) -> str:
    return turn.services.program.text(topic.names, turn.language)
