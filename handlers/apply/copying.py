"""The answers of an application that was withdrawn, taken over into a new draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from forms.model import TRACK
from forms.state import settle
from handlers.apply import asking
from handlers.apply.context import personal, read_desk, to_stored
from handlers.buttons import Press, button
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
    wanted, form = (turn.press or Press(action="")).number(), turn.services.form
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
        new = {key: to_stored(value) for key, value in answers.items() if draft.stored.get(key) != value}
        await work.applications.take(record.id, draft.application.revision)
        track = answers.get(TRACK)
        for member in (None, turn.founder_id):
            await work.applications.save(
                record.id,
                {key: item for key, item in new.items() if personal(form, key) == (member is not None)},
                (),
                member_id=member,
                message_id=message_id,
                track=None if track is None else track.data,
                language=draft.application.language,
                form_version=form.version,
            )
        desk = await read_desk(turn, work, record.id)
        assert desk is not None
        said = desk.say("applied.copied", count=len(new))
        slot = desk.state.next
        if slot is None:
            go_on = button(desk.say("applied.button.continue"), "continue", record.id)
            return (asking.reply(desk, [said], ((go_on,),)),)
        outcome = asking.asked(desk, slot, [said])
        await work.conversations.set_interview(turn.conversation_id, outcome.interview)
        return outcome.replies

    return Result(write=write)
