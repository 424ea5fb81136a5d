"""A question about an announcement: typed in reply to it, or right after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from handlers.announce.knowledge import is_document_of, title_of
from handlers.turn import Turn
from storage.records import Payload

if TYPE_CHECKING:
    from knowledge.model import Answer
    from storage.announcement_records import AnnouncementRecord

_ABOUT = "about_announcement"
_STILL_MEANT = timedelta(hours=1)
"""How long after an announcement, or after an answer about it, the next question may be about it."""


async def announcement_meant(turn: Turn) -> AnnouncementRecord | None:
    """Find the announcement this question may be about: the one replied to, asked about, or just read."""
    about, until = turn.pending.get(_ABOUT), turn.pending.get("until")
    async with turn.reading() as work:
        number: int | None = None
        if turn.message.reply_to is not None:
            number = await work.recipients.announcement_at(
                turn.founder_id, turn.conversation_id, turn.message.reply_to
            )
        elif isinstance(about, int) and turn.now <= datetime.fromisoformat(str(until)):
            number = about
        else:
            last = await work.messages.recent(turn.conversation_id, 1)
            if last and last[0].direction == "out" and turn.now - last[0].created_at <= _STILL_MEANT:
                number = await work.recipients.announcement_of(last[0].id)
        return None if number is None else await work.announcements.get(number)


async def ask_about_it(turn: Turn, announcement: AnnouncementRecord) -> Answer | None:
    """Ask with the announcement as context; None when the answer does not rest on it."""
    language = turn.chosen or turn.written or turn.language
    question = f"{turn.text} ({title_of(announcement, language)})"
    answer = await turn.services.knowledge.ask(question, language=language)
    cited = any(is_document_of(item.document_id, announcement.id) for item in answer.citations)
    return replace(answer, question=turn.text) if answer.answered and cited else None


def still_about(turn: Turn, announcement: AnnouncementRecord) -> Payload:
    """What the conversation remembers, so that the next question may be about it too."""
    return {_ABOUT: announcement.id, "until": (turn.now + _STILL_MEANT).isoformat()}
