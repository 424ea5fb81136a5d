"""Questions of reviewers: answered with words or a file, after a press or by replying to the message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from handlers.apply.context import open_desk
from handlers.buttons import button, parse_press
from handlers.files import FileRefused, StoredFile, note_file
from handlers.messages import Button, Reply
from handlers.turn import Result, Turn
from handlers.words import clip
from storage.application_records import ApplicationRecord, FollowUpRecord
from storage.records import MessageRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_AWAITED = "followup"
_PATIENCE = timedelta(hours=24)
_LONGEST_ANSWER = 4000
_LOOK_BACK = 60


async def pressed(turn: Turn) -> Result:
    """Ask for the answer to one question; the next typed message is it."""
    wanted = turn.pressed.number()
    found = await _find(turn, wanted)
    if found is None:
        return turn.toast("applied.followup.gone")
    _, question = found
    if question.answer is not None:
        return turn.reply("applied.followup.already", answer=question.answer)
    pending = {"await": _AWAITED, "id": question.id, "until": (turn.now + _PATIENCE).isoformat()}
    text = turn.say("applied.followup.write", question=question.question)
    return Result(replies=(Reply(text=text, language=turn.language),), pending=pending)


def awaits_answer(turn: Turn) -> bool:
    """Tell whether this typed message answers a reviewer's question."""
    return turn.typed and turn.awaits(_AWAITED)


def sends_file(turn: Turn) -> bool:
    """Tell whether a file or a voice message comes where a reviewer's question is to be answered."""
    return turn.pending.get("await") == _AWAITED and turn.message.kind in ("file", "unsupported")


async def answered(turn: Turn) -> Result:
    """Store words or a file as the answer to the question whose button was pressed."""
    return await _answer(turn, int(turn.pending["id"]))


def replies_to_something(turn: Turn) -> bool:
    """Tell whether a text or a file replies to another message, which may be a reviewer's question."""
    message = turn.message
    return (
        message.kind in ("text", "file") and message.reply_to is not None and turn.services.form is not None
    )


async def replied(turn: Turn) -> Result:
    """Store a reply to a reviewer's question as its answer; any other reply goes where it would have gone."""
    from handlers.routes import ROUTES, find_route

    async with turn.reading() as work:
        recent = await work.messages.recent(turn.conversation_id, _LOOK_BACK)
        asked = {item.id: number for item in recent if (number := _asks(item)) is not None}
        hit = await work.outbox.sent_as(list(asked), turn.message.reply_to or "") if asked else None
    if hit is not None:
        return await _answer(turn, asked[hit])
    others = [route for route in ROUTES if route.handle is not replied]
    return await find_route(turn, others).handle(turn)


def _asks(message: MessageRecord) -> int | None:
    """The number of the question that a message of ours handed on; None for any other message."""
    for row in message.payload.get("buttons", ()):
        for item in row:
            press = parse_press(item.get("payload"))
            if message.direction == "out" and press is not None and press.action == "followup":
                return press.number()
    return None


async def _answer(turn: Turn, wanted: int) -> Result:
    """Store an answer and say so; what is asked next is the next open question, if any."""
    found = await _find(turn, wanted)
    if found is None:
        return turn.reply("applied.followup.gone")
    record, question = found
    if question.answer is not None:
        return turn.reply("applied.followup.already", answer=question.answer)
    if not turn.typed:
        return await _with_file(turn, record, question)
    if len(turn.text) > _LONGEST_ANSWER:
        return _still_open(turn, "applied.followup.too_long", length=len(turn.text), limit=_LONGEST_ANSWER)
    return _storing(turn, record, question, turn.text, None)


async def _with_file(turn: Turn, record: ApplicationRecord, question: FollowUpRecord) -> Result:
    """Fetch, check and store a file as the answer; of anything else say that words or a file are needed."""
    files = turn.services.files
    if files is None or not turn.message.attachments:
        return _still_open(turn, "applied.followup.in_words")
    try:
        kept = await files.fetch(turn.message.channel, turn.message.attachments[0])
    except FileRefused as refused:
        return _still_open(turn, refused.key, **refused.values)
    caption = turn.text[:_LONGEST_ANSWER]
    return _storing(turn, record, question, f"{kept.name}\n{caption}".strip(), kept)


def _still_open(turn: Turn, key: str, **values: object) -> Result:
    """Say what is wrong with an answer, and wait for another one."""
    text = turn.say(key, **values)
    return Result(replies=(Reply(text=text, language=turn.language),), pending=turn.pending)


def _storing(
    turn: Turn, record: ApplicationRecord, question: FollowUpRecord, answer: str, kept: StoredFile | None
) -> Result:
    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        sha256 = None if kept is None else kept.sha256
        if not await work.applications.answer_follow_up(
            question.id, answer, message_id=message_id, sha256=sha256
        ):
            return turn.reply("applied.followup.gone").replies
        if kept is not None:
            await note_file(work, turn.founder_id, kept)
        others = [item for item in await work.applications.follow_ups(record.id) if item.answer is None]
        got = [] if kept is None else [turn.say("applied.followup.got_file", name=kept.name)]
        lines = [*got, turn.say("applied.followup.thanks", number=record.number or "–")]
        if others:
            lines.append(turn.say("applied.followup.more", count=len(others)))
        rows = tuple((answer_button(turn, item),) for item in others)
        return (Reply(text="\n\n".join(lines), buttons=rows, language=turn.language),)

    return Result(write=write)


def answer_button(turn: Turn, question: FollowUpRecord) -> Button:
    """The button that answers one question, with the beginning of it."""
    label = turn.say("applied.button.answer_this", question=clip(question.question, 30))
    return button(label, "followup", question.id)


async def _find(turn: Turn, wanted: int | None) -> tuple[ApplicationRecord, FollowUpRecord] | None:
    """A question about an application of this founder's own; the ids of buttons come from outside."""
    if wanted is None:
        return None
    async with turn.reading() as work:
        question = await work.applications.follow_up(wanted)
    if question is None:
        return None
    desk = await open_desk(turn, question.application_id)
    if desk is None or not desk.owner:
        return None
    return desk.application, question
