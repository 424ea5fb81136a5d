"""Founders who wait for a person, and the talk with them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bot.console.api.frame import CONFLICT, NOT_FOUND, Caller, Id, needs, resource
from bot.console.errors import Conflict
from bot.console.pages.transcript import found
from handlers.attending import LONGEST_REPLY, Attending
from handlers.review.masking import Masker
from storage.records import QueuedHandover

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = resource("handovers")


class Handover(BaseModel):
    """A founder who waits for a person, or talks with one."""

    id: int
    conversation_id: int
    founder_id: int
    channel: str
    language: str | None
    question: str
    opened_at: datetime
    asked_at: datetime | None
    taken_at: datetime | None
    staff_id: int | None
    staff_name: str | None


class Words(BaseModel):
    """What a person writes to a founder."""

    text: str = Field(min_length=1, max_length=LONGEST_REPLY)


@router.get("/handovers")
async def list_handovers(caller: Annotated[Caller, needs("conversation.see")]) -> list[Handover]:
    """List open handovers, those who have waited longest for a person first."""
    async with caller.reading() as work:
        return [_handover(one) for one in await work.handovers.queue()]


@router.post("/conversations/{conversation_id}/take", responses=NOT_FOUND | CONFLICT)
async def take(caller: Annotated[Caller, needs("handover.take")], conversation_id: Id) -> Handover:
    """Take a conversation over from the bot; refused when a colleague has it."""
    async with caller.writing() as work:
        row = await found(work, conversation_id)
        opened = await work.handovers.open(conversation_id, row.summary.founder_id)
        taken = await _attending(caller, work).take(opened.id, caller.staff)
        if taken is None:
            raise Conflict
    caller.console.nudge()
    return _handover(taken)


@router.post("/conversations/{conversation_id}/reply", status_code=201, responses=NOT_FOUND | CONFLICT)
async def reply(
    caller: Annotated[Caller, needs("handover.take")], conversation_id: Id, words: Words
) -> dict[str, int]:
    """Write to the founder under one's name; returns the id of the message."""
    if not words.text.strip():
        raise HTTPException(422, "text: write at least one character that is no space")
    async with caller.writing() as work:
        number = await _mine(work, conversation_id)
        sent = await _attending(caller, work).answer(number, caller.staff, words.text.strip())
        if sent is None:
            raise Conflict
    caller.console.nudge()
    return {"message_id": sent}


@router.post("/conversations/{conversation_id}/release", status_code=204, responses=NOT_FOUND | CONFLICT)
async def release(caller: Annotated[Caller, needs("handover.take")], conversation_id: Id) -> None:
    """Give a conversation back to the bot."""
    async with caller.writing() as work:
        number = await _mine(work, conversation_id)
        if await _attending(caller, work).release(number, caller.staff) is None:
            raise Conflict
    caller.console.nudge()


def _attending(caller: Caller, work: UnitOfWork) -> Attending:
    return Attending(work, caller.console.services)


async def _mine(work: UnitOfWork, conversation_id: int) -> int:
    await found(work, conversation_id)
    record = await work.handovers.get_open(conversation_id)
    if record is None:
        raise Conflict
    return record.id


def _handover(one: QueuedHandover) -> Handover:
    record = one.handover
    return Handover(
        id=record.id,
        conversation_id=record.conversation_id,
        founder_id=record.founder_id,
        channel=one.channel,
        language=one.language,
        question=Masker((one.name, one.username))(one.question),
        opened_at=record.opened_at,
        asked_at=record.asked_at,
        taken_at=record.taken_at,
        staff_id=record.staff_id,
        staff_name=one.staff_name,
    )
