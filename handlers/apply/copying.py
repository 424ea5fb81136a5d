"""The answers of an application that was withdrawn, taken over into a new draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from forms.state import settle
from handlers.apply import asking
from handlers.apply.context import Desk, Outcome, change_of, read_desk
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork


async def offer(turn: Turn) -> Button | None:
    """The button that takes over earlier answers; None when no application was withdrawn."""
    async with turn.reading() as work:
        records = await work.applications.of(turn.founder_id)
    for record in records:
        if record.founder_id == turn.founder_id and record.status == "withdrawn":
            return button(
                turn.say("applied.button.earlier", number=record.number or "–"), "earlier", record.id
            )
    return None


async def copy(turn: Turn) -> Result:
    """Put the earlier answers that still fit into the draft, which is begun if there is none, and go on."""
    wanted, form = turn.pressed.number(), turn.services.form
    if wanted is None or form is None:
        return turn.toast("applied.stale")

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        source = await read_desk(turn, work, wanted)
        if source is None or not source.owner or source.application.status != "withdrawn":
            return turn.toast("applied.stale").replies
        language = source.application.language
        record = await work.applications.start(turn.founder_id, language=language, form_version=form.version)
        draft = await read_desk(turn, work, record.id, lock=True)
        assert draft is not None
        answers, _ = settle(form, {**source.answers, **draft.answers}, draft.today)
        desk = draft.with_answers(answers)
        new = (slot for slot in desk.state.slots if answers.get(slot.key) != draft.stored.get(slot.key))
        outcome = _asking_on(desk, draft.say("applied.copied", count=desk.state.questions(new)))
        await work.applications.change(change_of(draft, replace(outcome, answers=answers), message_id))
        return outcome.replies

    return Result(write=write)


def _asking_on(desk: Desk, said: str) -> Outcome:
    """Say what was taken over and ask what is still open; a button reads back what is complete."""
    if desk.state.next is not None:
        return asking.asked(desk, desk.state.next, [said])
    go_on = button(desk.say("applied.button.continue"), "continue", desk.application.id)
    return Outcome(replies=(asking.reply(desk, [said], ((go_on,),)),))
