"""Announcements on their way: begun at their time, sent by one process a channel at a time, and closed.

Who sends is a matter of order, not of safety: the lines of the ledger are claimed one by one, and two
senders that both believe they hold the lease still write to nobody twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.channels.base import Broadcaster
from bot.enclosures import Enclosures
from bot.following import Following, Watch
from bot.lanes import where
from bot.leadership import Leadership, pause
from bot.patience import until_stored
from bot.revising import Reviser
from bot.sending import Persistence, Sender
from bot.workers import DEAD_SECONDS
from handlers.turn import Services
from storage.announcement_records import AnnouncementRecord, Audience

if TYPE_CHECKING:
    from storage.database import UnitOfWork

logger = logging.getLogger(__name__)
Finished = Callable[["UnitOfWork", AnnouncementRecord], Coroutine[Any, Any, None]]
CLOSED = "channel_closed"
"""Why a line failed whose channel no process serves any more."""


async def nobody(_: AnnouncementRecord) -> bool:
    """Watch nothing."""
    return True


async def silence(_: UnitOfWork, __: AnnouncementRecord) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who is told: `watch` how an announcement is, `finished` in the very commit that closes it."""

    watch: Watch = nobody
    finished: Finished = silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds: how long the lease holds, how often to look what is due, and how often `watch` is told."""

    lease: float = 3.0
    look_again: float = 0.5
    watch_every: float = 3.0
    persistence: Persistence = field(default_factory=Persistence)


class Announcing:
    """The announcements of one channel in one process; it sends while it holds the channel's lease."""

    def __init__(
        self,
        services: Services,
        channel: Broadcaster,
        worker: str,
        *,
        hooks: Hooks | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._services = services
        self._database = services.database
        self._channel = channel
        self._worker = worker
        self._hooks = hooks or Hooks()
        self._timing = timing or Timing()
        self._sender = Sender(
            services.database,
            channel,
            worker,
            program=services.program,
            clock=services.clock,
            enclosures=Enclosures.of(services.files),
            persistence=self._timing.persistence,
        )
        self._reviser = Reviser(services.database, channel, services.program)
        self._lease = Leadership(
            services.database,
            f"announcements:{channel.name}",
            worker,
            self._take_over,
            seconds=self._timing.lease,
        )
        self._following = Following(
            services.database, services.clock, self._hooks.watch, self._timing.watch_every
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop`; then let what has gone out end, and give the lease back."""
        tasks = [
            asyncio.create_task(self._lease.keep(stop)),
            asyncio.create_task(self._forever(self._reviser.round, stop)),
            asyncio.create_task(self._forever(self._following.round, stop)),
        ]
        try:
            await self._forever(self._round, stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._sender.close(10.0)
            with suppress(Exception):
                async with self._database.unit_of_work() as work:
                    await work.recipients.release(self._worker)
                await self._lease.give_back()

    async def _forever(self, work: Callable[[], Coroutine[Any, Any, bool]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            busy = False
            try:
                busy = self._lease.holding and await work()
            except Exception as error:
                logger.warning("announcements: %s (%s)", type(error).__name__, where(error))
            if not busy:
                await pause(stop, await self._until_due())

    async def _take_over(self) -> None:
        async with self._database.unit_of_work() as work:
            left = await work.recipients.recover(self._channel.name, self._worker)
        if any(left.values()):
            logger.warning("took over announcements: %s", left)

    # --- what is due ------------------------------------------------------------------------------

    async def _round(self) -> bool:
        """Claim as much as there is room for of the first announcement that has any; False when none has."""
        async with self._database.unit_of_work(read_only=True) as work:
            due = await work.announcements.due(self._services.clock())
        for announcement in due:
            if not announcement.urgent and self._quiet():
                continue
            if announcement.status == "scheduled":
                if not await until_stored(partial(self._start, announcement)):
                    continue
                announcement = replace(announcement, status="sending")
            if await self._send(announcement):
                return True
            if not self._sender.busy_with(announcement.id):
                await self._close_if_done(announcement)
        return False

    def _quiet(self) -> bool:
        return self._services.program.quiet_until(self._services.clock()) is not None

    async def _start(self, announcement: AnnouncementRecord) -> bool:
        """Fix who gets it: from now on the ledger has a line for everybody the audience names."""
        async with self._database.unit_of_work() as work:
            if not await work.announcements.start(announcement.id):
                return False
            audience = Audience.of(announcement.audience)
            channels = sorted(await self._served(work))
            lines = await work.recipients.expand(announcement.id, audience, announcement.topic, channels)
        logger.info("announcement %d begins: %d lines in the ledger", announcement.id, lines)
        return True

    async def _served(self, work: UnitOfWork) -> set[str]:
        """Name the channels that living processes serve."""
        live = await work.workers.live(self._services.clock() - timedelta(seconds=DEAD_SECONDS))
        return {self._channel.name, *(kind for worker in live for kind in worker.kind.split(",") if kind)}

    async def _send(self, announcement: AnnouncementRecord) -> bool:
        if self._sender.room <= 0:
            await self._sender.some_room()
            return self._sender.busy
        lines = await until_stored(partial(self._claim, announcement.id, self._sender.room))
        self._sender.put(announcement, lines)
        if lines:
            await self._sender.some_room()
        return bool(lines)

    async def _claim(self, announcement_id: int, count: int) -> Any:
        async with self._database.unit_of_work() as work:
            return await work.recipients.claim(announcement_id, self._channel.name, self._worker, count)

    async def _close_if_done(self, announcement: AnnouncementRecord) -> None:
        """Close what has no open line left; lines whose commit got lost are taken up again."""
        left: Mapping[Any, int] = {}
        async with self._database.unit_of_work() as work:
            if not self._sender.busy:
                left = await work.recipients.recover(self._channel.name)
            remaining = await work.recipients.open_lines(announcement.id)
            for channel in set(remaining) - await self._served(work):
                await work.recipients.give_up(announcement.id, channel, CLOSED)
                del remaining[channel]
            done = not remaining and await work.announcements.finish(announcement.id)
            if done:
                await self._hooks.finished(work, replace(announcement, status="finished"))
        if any(left.values()):
            logger.warning("taken up again: %s", left)
        if done:
            logger.info("announcement %d is finished", announcement.id)

    async def _until_due(self) -> float:
        """Seconds until it is worth looking again: soon, and in time for what is scheduled."""
        with suppress(Exception):
            now = self._services.clock()
            async with self._database.unit_of_work(read_only=True) as work:
                due = await work.announcements.next_due(now)
            if due is not None:
                return max(0.01, min(self._timing.look_again, (due - now).total_seconds()))
        return self._timing.look_again
