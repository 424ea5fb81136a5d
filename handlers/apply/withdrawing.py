"""Taking an application back, after one question whether it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.apply.context import Desk, pressed_desk
from handlers.buttons import button
from handlers.messages import Reply
from handlers.turn import Result, Turn
from storage.application_records import ApplicationRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

WITHDRAWABLE = ("submitted", "in_review")


async def withdraw(turn: Turn) -> Result:
    """Ask whether the application is to be withdrawn; several are offered one by one."""
    if turn.services.form is None:
        return turn.reply("applied.no_form")
    async with turn.reading() as work:
        own = [item for item in await work.applications.of(turn.founder_id) if _own(turn, item)]
    open_ones = [item for item in own if item.status in WITHDRAWABLE]
    if len(open_ones) == 1:
        return Result.of(_question(turn, open_ones[0]))
    if not open_ones:
        draft = any(item.status == "draft" for item in own)
        return turn.reply("applied.withdraw.draft" if draft else "applied.withdraw.none")
    rows = tuple(
        (button(turn.say("applied.button.withdraw", number=item.number or "–"), "withdraw", item.id),)
        for item in open_ones
    )
    return Result.of(Reply(text=turn.say("applied.withdraw.which"), buttons=rows, language=turn.language))


async def asked(turn: Turn) -> Result:
    """Ask whether the application of the pressed button is to be withdrawn."""
    desk = await _desk(turn)
    if desk is None:
        return turn.toast("applied.stale")
    return Result.of(_question(desk.turn, desk.application))


async def confirmed(turn: Turn) -> Result:
    """Withdraw, once; a second tap or an old button changes nothing."""
    press = turn.pressed
    if press.number(1) == 0:
        return Result.of(_said(turn, "applied.withdraw.kept"))
    desk = await _desk(turn)
    if desk is None:
        return turn.toast("applied.stale")
    record = desk.application

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        if not await work.applications.withdraw(record.id):
            return turn.toast("applied.stale").replies
        if desk.entered:
            await work.conversations.set_interview(turn.conversation_id, None)
        number = record.number or "–"
        said = _said(desk.turn, "applied.withdraw.done", number=number)
        earlier = button(desk.say("applied.button.earlier", number=number), "earlier", record.id)
        return (replace(said, buttons=((earlier,),)),)

    return Result(write=write)


def _said(turn: Turn, key: str, **values: object) -> Reply:
    """Put the outcome where the question stood, so that its buttons are gone."""
    return Reply(text=turn.say(key, **values), edits=turn.message.button_message, language=turn.language)


def _question(turn: Turn, record: ApplicationRecord) -> Reply:
    yes = button(turn.say("applied.button.withdraw_yes"), "withdrawn", record.id, 1)
    no = button(turn.say("applied.button.withdraw_no"), "withdrawn", record.id, 0)
    text = turn.say("applied.withdraw.ask", number=record.number or "–", program=turn.program_name)
    return Reply(text=text, buttons=((yes,), (no,)), language=turn.language)


async def _desk(turn: Turn) -> Desk | None:
    desk = await pressed_desk(turn)
    if desk is None or not desk.owner or desk.application.status not in WITHDRAWABLE:
        return None
    return desk


def _own(turn: Turn, record: ApplicationRecord) -> bool:
    return record.founder_id == turn.founder_id
