"""Out of the interview: for a while, or for good."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from handlers.apply.asking import reply
from handlers.apply.context import Desk, Outcome, commit, open_desk
from handlers.apply.going import ask_again, carry_out, gone
from handlers.buttons import button
from handlers.messages import Reply
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork


def pausing(desk: Desk) -> Outcome:
    """Leave the interview; everything stays, and other messages are questions again."""
    line = desk.say("apply.paused", done=desk.done, total=desk.state.total)
    rows = ((button(desk.say("apply.button.continue"), "continue", desk.application.id),),)
    return Outcome(replies=(reply(desk, [line], rows),), leaves=desk.entered)


async def pause(turn: Turn) -> Result:
    """Leave the interview by a button."""
    desk = await open_desk(turn, turn.pressed.number())
    return gone(turn) if desk is None else await carry_out(desk, pausing)


def asking_to_cancel(desk: Desk) -> Outcome:
    """Ask before a draft is deleted, because it cannot be brought back."""
    if not desk.owner or desk.application.status != "draft":
        return ask_again(desk, [desk.say("apply.cancel_not_here")])
    id_, revision = desk.application.id, desk.application.revision
    rows = (
        (button(desk.say("apply.button.discard"), "discard", id_, "yes", revision),),
        (button(desk.say("apply.button.keep"), "discard", id_, "no"),),
    )
    count = sum(1 for value in desk.answers.values() if not value.skipped)
    return Outcome(replies=(reply(desk, [desk.say("apply.cancel_ask", count=count)], rows),))


async def discard(turn: Turn) -> Result:
    """Delete the draft after the yes; a no goes on."""
    press = turn.pressed
    desk = await open_desk(turn, press.number())
    if desk is None:
        return gone(turn)
    if not desk.owner or desk.application.status != "draft":
        return desk.turn.toast("apply.stale")
    if press.word(1) != "yes":
        return await carry_out(desk, lambda here: ask_again(here, [here.say("apply.cancel_kept")]))
    step = partial(_discarding, press.number(2))
    return commit(desk, step, step(desk))


def _discarding(revision: int | None, desk: Desk) -> Outcome:
    if desk.application.status != "draft":
        return Outcome(leaves=desk.entered, replies=(reply(desk, [desk.say("apply.gone")]),))
    if revision != desk.application.revision:
        return asking_to_cancel(desk)
    return Outcome(leaves=desk.entered, then=partial(_delete, desk))


async def _delete(desk: Desk, work: UnitOfWork, _: int) -> Sequence[Reply]:
    await work.applications.delete(desk.application.id)
    return (reply(desk, [desk.say("apply.cancelled")]),)
