"""Tells staff every morning which documents will no longer be true soon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.lanes import where
from bot.workers import new_worker_id
from handlers.apply.telling import tell
from handlers.review.ending import ending_reply
from handlers.staff import may
from handlers.texts import Texts
from handlers.turn import Services

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentRow
    from storage.database import UnitOfWork

logger = logging.getLogger(__name__)
MORNING = time(9)
"""When, in the program's time zone; a bot that was off then tells later that day, outside of quiet hours."""
_LOOK_EVERY = 300.0
_LEASE = "documents-ending"


class Expiring:
    """Looks once a day, whichever process is first; whoever may edit documents and has a chat is told."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self) -> None:
        """Look now and then until canceled; a failure waits for the next look."""
        while True:
            try:
                if told := await self.look():
                    logger.info("%d of staff are told of documents that end soon", told)
            except Exception as error:
                logger.warning("documents that end soon: %s (%s)", type(error).__name__, where(error))
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> int:
        """Tell staff unless this morning's look has been; returns how many were told."""
        services, desk = self._services, self._services.documents
        now, zone = services.clock(), services.program.timezone
        local = now.astimezone(zone)
        if desk is None or local.time() < MORNING or services.program.quiet_until(now) is not None:
            return 0
        tomorrow = datetime.combine(local.date() + timedelta(days=1), MORNING, zone)
        # A holder of its own for every look: else a process could take the lease it has a second time.
        taken = new_worker_id(), (tomorrow.astimezone(now.tzinfo) - now).total_seconds()
        async with services.database.unit_of_work(read_only=True) as work:
            if await work.leases.holder(_LEASE) is not None:
                return 0
        ending = await desk.ending()
        async with services.database.unit_of_work() as work:
            if not await work.leases.acquire(_LEASE, *taken) or not ending:
                return 0
            return await self._tell(work, ending)

    async def _tell(self, work: UnitOfWork, ending: Sequence[DocumentRow]) -> int:
        program, told = self._services.program, 0
        for member in await work.staff.in_chats():
            if member.founder_id is not None and may(member.role, "document.edit"):
                speak = Texts(member.language or program.default_language)
                reply = ending_reply(speak, ending, program.timezone, self._services.desk_url)
                told += await tell(work, member.founder_id, reply)
        return told
