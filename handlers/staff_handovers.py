"""Staff take handovers over in a chat of their own and talk to the founder from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.attending import LONGEST_REPLY, Attending, not_kept
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.review.masking import readable
from handlers.route import Route, command, press
from handlers.staff_rights import at_desk, for_staff, still_allowed
from handlers.turn import Result, Turn
from handlers.words import clip

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_SHOWN = 8
_LONGEST_QUESTION = 160
_EXCERPT = 300


def _is_relaying(turn: Turn) -> bool:
    return turn.person.relay is not None and turn.typed


@at_desk
async def take(turn: Turn) -> Result:
    """Take the handover of the pressed button over and talk from this chat."""
    wanted = turn.pressed.number() or 0

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        member = await still_allowed(work, turn, "handover.take")
        if member is None:
            return turn.toast("unsupported.stale").replies
        handover = await work.handovers.get(wanted)
        if handover is not None and handover.founder_id == turn.founder_id:
            return turn.reply("human.own").replies
        if turn.person.relay not in (None, wanted):
            return turn.reply("human.one_at_a_time").replies
        attending = Attending(work, turn.services)
        queued = await attending.take(wanted, member, relay_id=turn.conversation_id)
        if queued is None:
            return turn.reply("human.taken_by_other" if handover and handover.taken else "human.over").replies
        recent = await work.messages.recent(queued.handover.conversation_id, 6)
        lines = [
            f"{'💬' if item.direction == 'in' else '🤖'} {clip(readable(item.text, member.role), _EXCERPT)}"
            for item in recent
            if item.text
        ]
        said = "\n".join(lines)
        text = "\n\n".join((turn.say("human.yours", number=wanted), said))
        return (Reply(text=text, language=turn.language, extra=not_kept(said)),)

    return Result(write=write)


@at_desk
async def relay(turn: Turn) -> Result:
    """Send what staff typed to the founder they talk to; silence says that it is on its way."""
    if len(turn.text) > LONGEST_REPLY:
        return turn.reply("human.too_long", limit=LONGEST_REPLY)

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        member = await still_allowed(work, turn, "handover.take")
        sent = None
        if member is not None:
            sent = await Attending(work, turn.services).answer(turn.person.relay or 0, member, turn.text)
        return turn.reply("human.over").replies if sent is None else ()

    return Result(write=write)


@at_desk
async def release(turn: Turn) -> Result:
    """Give the founder back to the bot."""

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        member = await still_allowed(work, turn, "handover.take")
        done = None
        if member is not None and turn.person.relay is not None:
            done = await Attending(work, turn.services).release(turn.person.relay, member)
        return turn.reply("human.over" if done is None else "human.given_back").replies

    return Result(write=write)


@at_desk
async def queue(turn: Turn) -> Result:
    """List who waits for a person, each with a button to take it."""
    assert turn.staff is not None  # the route is for staff
    async with turn.reading() as work:
        waiting = [item for item in await work.handovers.queue() if not item.handover.taken]
    if not waiting:
        return turn.reply("human.nobody_waits")
    lines = [turn.say("human.queue", count=len(waiting))]
    rows: list[tuple[Button, ...]] = []
    for item in waiting[:_SHOWN]:
        minutes = int((turn.now - item.handover.opened_at).total_seconds() // 60)
        question = clip(readable(item.question, turn.staff.role), _LONGEST_QUESTION) or turn.say(
            "human.no_question"
        )
        lines.append(
            turn.say("human.queue_line", number=item.handover.id, minutes=minutes, question=question)
        )
        label = turn.say("human.button.take_number", number=item.handover.id)
        rows.append((button(label, "take", item.handover.id),))
    hide = not_kept("\n".join(lines[1:]))
    text = "\n".join(lines)
    return Result.of(Reply(text=text, buttons=tuple(rows), language=turn.language, extra=hide))


STAFF_HANDOVER_ROUTES: tuple[Route, ...] = (
    Route(name="staff_take", matches=for_staff("handover.take", press("take")), handle=take),
    Route(name="staff_release", matches=for_staff("handover.take", command("release")), handle=release),
    Route(name="staff_queue", matches=for_staff("handover.take", command("handovers")), handle=queue),
    Route(name="staff_relay", matches=for_staff("handover.take", _is_relaying), handle=relay),
)
