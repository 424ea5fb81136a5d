"""Shows staff how far an announcement is: one message that changes, and a last one when everybody has it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.base import Channel
from bot.patience import until_stored
from handlers.announce.reporting import status_reply
from handlers.announce.steering import look
from handlers.announce.words import Words
from handlers.apply.telling import tell
from handlers.messages import Reply
from handlers.turn import Services

if TYPE_CHECKING:
    from storage.announcement_records import AnnouncementRecord
    from storage.database import UnitOfWork


class Watching:
    """What the sender of announcements calls: every few seconds at most, and in the commit that ends one."""

    def __init__(self, services: Services, channel: Channel) -> None:
        self._services = services
        self._channel = channel
        self._last: dict[int, Reply] = {}

    async def watch(self, announcement: AnnouncementRecord) -> bool:
        """Edit the message in which staff follow this announcement, where there is one and it is behind.

        False when a reply of that chat is still on its way: it may be an older picture of the same message.
        """
        async with self._services.database.unit_of_work(read_only=True) as work:
            place = await work.outbox.whereabouts(announcement.watch_message_id or 0)
            if place is None or place[0] != self._channel.name:
                return True
            if await work.outbox.waiting_for(place[0], place[1]):
                return False
            shown = await self._shown(work, announcement)
        if shown is None or shown == self._last.get(announcement.id):
            return True
        result = await self._channel.send(place[1], replace(shown, edits=place[2]))
        if result.external_id not in (None, place[2]):
            await until_stored(partial(self._moved, announcement, place[2], result.external_id))
        self._last[announcement.id] = shown
        return True

    async def _moved(self, announcement: AnnouncementRecord, before: str, now: str) -> None:
        """Keep where the message is that took the place of one that cannot be edited any more."""
        async with self._services.database.unit_of_work() as work:
            await work.outbox.moved(announcement.watch_message_id or 0, before, now)

    async def finished(self, work: UnitOfWork, announcement: AnnouncementRecord) -> None:
        """Tell whoever composed it with a new message, which notifies."""
        author = await work.staff.get(announcement.created_by or 0)
        if author is None or author.founder_id is None:
            return
        shown = await self._shown(work, announcement, lead="announce.report.finished")
        if shown is not None:
            await tell(work, author.founder_id, shown)

    async def _shown(
        self, work: UnitOfWork, announcement: AnnouncementRecord, *, lead: str = ""
    ) -> Reply | None:
        state = await look(work, announcement.id)
        if state is None:
            return None
        program = self._services.program
        author = await work.staff.get(announcement.created_by or 0)
        speak = Words(program, (author.language if author else None) or program.default_language)
        return status_reply(speak, state, lead=speak.say(lead) if lead else "")
