"""Whether an answer helped, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from handlers.buttons import SELF, button
from handlers.messages import Reply
from handlers.turn import Result, Turn
from handlers.words import clip, looks_like_question
from storage.records import Rating

if TYPE_CHECKING:
    from storage.database import UnitOfWork

REASONS = ("wrong", "outdated", "incomplete", "misunderstood")
_AWAITED = "feedback_reason"
_PATIENCE = timedelta(minutes=10)
_LONGEST_REASON = 1_000


async def helpful(turn: Turn) -> Result:
    """Store that an answer helped."""
    return await _rate(turn, "helpful")


async def unhelpful(turn: Turn) -> Result:
    """Store that an answer did not help, and ask why."""
    return await _rate(turn, "not_helpful")


async def reason_pressed(turn: Turn) -> Result:
    """Store a reason that was chosen from the list, and put the thanks in place of the list."""
    press = turn.pressed
    answer_id, reason = press.number(0), press.word(1)
    if answer_id is None or reason not in REASONS:
        return turn.toast("feedback.stale")
    label = turn.say(f"feedback.reason.{reason}")
    thanks = Reply(
        text=turn.say("feedback.noted", reason=label),
        edits=turn.message.button_message,
        language=turn.language,
        buttons=((button(turn.say("button.human"), "human", answer_id),),),
    )
    return await _give_reason(turn, answer_id, reason, thanks)


async def reason_typed(turn: Turn) -> Result:
    """Store a reason in the founder's words; a button undoes the guess that it was one."""
    answer_id = turn.pending.get("answer")
    if not isinstance(answer_id, int):
        return turn.toast("feedback.stale")
    thanks = Reply(
        text=turn.say("feedback.noted_text"),
        language=turn.language,
        buttons=(
            (button(turn.say("button.as_question"), "again", SELF),),
            (button(turn.say("button.human"), "human", answer_id),),
        ),
    )
    return await _give_reason(turn, answer_id, clip(turn.text, _LONGEST_REASON), thanks)


def awaits_reason(turn: Turn) -> bool:
    """Tell whether this typed message is the reason that was asked for, and not the next question."""
    return turn.typed and turn.awaits(_AWAITED) and not looks_like_question(turn.text)


async def _rate(turn: Turn, rating: Rating) -> Result:
    answer_id = turn.pressed.number()
    if answer_id is None:
        return turn.toast("feedback.stale")

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.feedback.set(answer_id, turn.founder_id, rating)
        if record is None:
            return turn.toast("feedback.stale").replies
        if rating == "helpful":
            first = record.created_at == record.updated_at
            return turn.toast("feedback.thanks" if first else "feedback.already").replies
        if record.reason is not None or turn.pending.get("answer") == answer_id:
            await work.conversations.set_pending(turn.conversation_id, turn.pending or None)
            return turn.toast("feedback.already").replies
        until = (turn.now + _PATIENCE).isoformat()
        pending = {"await": _AWAITED, "answer": answer_id, "until": until}
        await work.conversations.set_pending(turn.conversation_id, pending)
        return (_why(turn, answer_id),)

    return Result(write=write)


def _why(turn: Turn, answer_id: int) -> Reply:
    rows = tuple(
        (button(turn.say(f"feedback.reason.{reason}"), "reason", answer_id, reason),) for reason in REASONS
    )
    return Reply(text=turn.say("feedback.why"), buttons=rows, language=turn.language)


async def _give_reason(turn: Turn, answer_id: int, reason: str, thanks: Reply) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.feedback.set(answer_id, turn.founder_id, "not_helpful")
        if record is None:
            return turn.toast("feedback.stale").replies
        if record.reason == reason:
            return turn.toast("feedback.already").replies
        await work.feedback.set_reason(record.id, reason)
        return (thanks,)

    return Result(write=write)
