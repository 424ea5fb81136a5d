"""Reminders stopped or wanted again, at one tap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.apply.context import pressed_desk
from handlers.buttons import button
from handlers.messages import Reply
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork


async def stop(turn: Turn) -> Result:
    """Send no more reminders of this draft."""
    return await _set(turn, stopped=True)


async def again(turn: Turn) -> Result:
    """Send reminders of this draft after all."""
    return await _set(turn, stopped=False)


async def _set(turn: Turn, *, stopped: bool) -> Result:
    desk = await pressed_desk(turn)
    if desk is None or not desk.owner or desk.application.status != "draft":
        return turn.toast("applied.stale")

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.applications.stop_reminders(desk.application.id, stopped=stopped)
        key, action = ("off", "remindon") if stopped else ("on", "remindoff")
        other = button(desk.say(f"applied.button.{action}"), action, desk.application.id)
        text = desk.say(f"applied.reminders.{key}")
        return (Reply(text=text, buttons=((other,),), language=desk.turn.texts.language),)

    return Result(write=write)
