"""The reply buttons under an announcement: the last press counts, and the button shows which it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.announce.rendering import buttons_of, reply_label, spoken_language
from handlers.messages import Reply
from handlers.texts import Texts
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork


async def press(turn: Turn) -> Result:
    """Store the pressed reply and mark its button."""
    wanted, choice = turn.pressed.number() or 0, turn.pressed.word(1)
    async with turn.reading() as work:
        announcement = await work.announcements.get(wanted)
        line = await work.recipients.of(wanted, turn.founder_id)
    item = (
        next((item for item in announcement.replies if item["id"] == choice), None) if announcement else None
    )
    if announcement is None or item is None:
        return turn.toast("announce.reply.gone")
    if line is None:
        return turn.toast("announce.test_press")
    texts = Texts(line.language or turn.language)
    spoken = spoken_language(announcement, texts.language, turn.services.program)
    label = reply_label(item["labels"], texts.language, spoken)
    marked = Reply(
        text="",
        toast=texts("announce.reply.noted", reply=label),
        buttons=buttons_of(announcement, texts, spoken, choice),
        edits=turn.message.button_message,
        language=texts.language,
    )

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.announcements.reply(wanted, turn.founder_id, choice)
        return (marked,)

    return Result(write=write)
