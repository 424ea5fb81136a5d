"""Who waits for a person, and the talk with them: taking over, answering, giving back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.errors import Conflict, NotFound
from bot.console.guard import allows
from bot.console.pages.transcript import found
from bot.console.view import Text, View
from handlers.attending import LONGEST_REPLY, Attending
from handlers.review.masking import Masker

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = APIRouter(include_in_schema=False)


@router.get("/handovers")
async def queue(view: Annotated[View, allows("conversation.see")]) -> Response:
    """List open handovers, those who have waited longest for a person first."""
    async with view.reading() as work:
        queued = await work.handovers.queue()
    lines = [
        {
            "queued": one,
            "question": Masker((one.name, one.username))(one.question),
            "since": one.handover.asked_at,
        }
        for one in queued
    ]
    hours = view.console.services.program.office_hours
    return view.page(
        "handovers.html",
        block="queue",
        lines=lines,
        is_open=None if hours is None else hours.is_open(view.now),
        opening=None if hours is None else hours.next_opening(view.now),
    )


@router.post("/conversations/{conversation_id}/take")
async def take(
    view: Annotated[View, allows("handover.take")],
    conversation_id: int,
    instead_of: Text = "",
) -> Response:
    """Take a conversation over, asked for or not; from a colleague only by naming them."""
    colleague = (
        int(instead_of) if instead_of.isascii() and instead_of.isdigit() and len(instead_of) < 19 else None
    )
    async with view.writing() as work:
        row = await found(work, conversation_id)
        attending = Attending(work, view.console.services)
        opened = await work.handovers.open(conversation_id, row.summary.founder_id)
        taken = await attending.take(opened.id, view.staff, instead_of=colleague)
        holder = None if taken is not None else await _holder(work, conversation_id)
    if taken is None:
        return view.go(_here(conversation_id), "handovers.taken_by", kind="bad", name=holder or "")
    view.console.nudge()
    return view.go(_here(conversation_id))


@router.post("/conversations/{conversation_id}/reply")
async def reply(
    view: Annotated[View, allows("handover.take")],
    conversation_id: int,
    text: Text = "",
    handover: Text = "",
) -> Response:
    """Send a person's words to the founder; kept and shown again when a colleague has taken over."""
    words = text.strip()
    if not words:
        return view.go(_here(conversation_id))
    if len(words) > LONGEST_REPLY:
        raise Conflict(words)
    async with view.writing() as work:
        await found(work, conversation_id)
        sent = await Attending(work, view.console.services).answer(
            await _open_id(work, conversation_id, handover), view.staff, words
        )
    if sent is None:
        raise Conflict(words)
    view.console.nudge()
    return view.go(_here(conversation_id))


@router.post("/conversations/{conversation_id}/release")
async def release(
    view: Annotated[View, allows("handover.take")],
    conversation_id: int,
    handover: Text = "",
    to: Text = "",
) -> Response:
    """Give the conversation back to the bot, or let it wait for a colleague (`to` is "colleague")."""
    async with view.writing() as work:
        await found(work, conversation_id)
        attending, number = (
            Attending(work, view.console.services),
            await _open_id(work, conversation_id, handover),
        )
        end = attending.put_back if to == "colleague" else attending.release
        done = await end(number, view.staff)
    if done is None:
        raise Conflict
    view.console.nudge()
    return view.go(
        _here(conversation_id), "handovers.put_back" if to == "colleague" else "handovers.released"
    )


async def _open_id(work: UnitOfWork, conversation_id: int, handover: str) -> int:
    """Return the open handover that the form was made for; a form of an earlier one is refused."""
    record = await work.handovers.get_open(conversation_id)
    if record is None or str(record.id) != handover:
        return 0
    return record.id


async def _holder(work: UnitOfWork, conversation_id: int) -> str | None:
    queued = await work.handovers.of_conversation(conversation_id)
    if queued is None:
        raise NotFound
    return queued.staff_name


def _here(conversation_id: int) -> str:
    return f"/conversations/{conversation_id}#end"
