"""From the inbox to the outbox: every stored update has its turn, in order within its chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.channels.base import Channel, Inbox, RawUpdate
from bot.delivery import Delivery
from bot.lanes import Lane, Lanes, where
from bot.patience import until_stored
from bot.reading import Paste, Reader
from bot.turns import Pace, Turns
from bot.workers import BEAT_SECONDS, Membership
from handlers.errors import error_code
from handlers.routes import ROUTES, Route
from handlers.turn import Services
from storage.errors import DatabaseInvalid, DatabaseOutdated, DatabaseRefused, StaleWork, StorageError
from storage.records import InboxRecord

if TYPE_CHECKING:
    pass

logger = logging.getLogger(__name__)

_OTHERS_AT_WORK = 30.0
_LOOK_AGAIN = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Counts and seconds of a dispatcher; beyond `backlog` the updates of a chat wait in the database."""

    turns_at_once: int = 32
    backlog: int = 50
    look_again: float = 5.0
    goodbye: float = 10.0
    pace: Pace = field(default_factory=Pace)
    paste: Paste = field(default_factory=Paste)


class Dispatcher:
    """All channels of one process. `serve` runs everything; the other methods are its parts."""

    def __init__(
        self,
        services: Services,
        channels: Sequence[Channel],
        delivery: Delivery,
        *,
        routes: Sequence[Route] = ROUTES,
        limits: Limits | None = None,
    ) -> None:
        self._database = services.database
        self._channels = {channel.name: channel for channel in channels}
        self._delivery = delivery
        self._limits = limits or Limits()
        self._turns = Turns(services, delivery.worker, routes=routes, pace=self._limits.pace)
        self._membership = Membership(
            services.database, delivery.worker, tuple(self._channels), services.clock
        )
        self._reader = Reader(services.database, channels, self._limits.paste)
        self._lanes: Lanes[InboxRecord] = Lanes(self._next)
        self._slots = asyncio.Semaphore(self._limits.turns_at_once)
        self._known: set[int] = set()
        self._left_out: dict[tuple[str, str], int] = {}
        self._look = asyncio.Event()
        self._chores: list[asyncio.Task[None]] = []
        self._failure: StorageError | None = None
        self._hopeless = asyncio.Event()

    # --- life -------------------------------------------------------------------------------------

    async def serve(self, stop: asyncio.Event) -> None:
        """Run all channels until `stop` is set or every channel has ended, then finish and leave.

        After the clean end, raises the error of a channel that cannot go on (a refused token), or the one
        for which the last message found no answer.
        """
        ended = asyncio.create_task(self._over(stop))
        starting = asyncio.create_task(self.start())
        runs: list[asyncio.Task[None]] = []
        try:
            await asyncio.wait([starting, ended], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                runs = [
                    asyncio.create_task(self._receive(channel, stop)) for channel in self._channels.values()
                ]
                await _first_end(runs, ended)
        finally:
            stop.set()
            starting.cancel()
            await self._end(runs)
        for run in runs:
            if not run.cancelled() and (error := run.exception()) is not None:
                raise error
        if self._failure is not None:
            raise self._failure

    async def _over(self, stop: asyncio.Event) -> None:
        """Return when the end was asked for, or when no turn can be stored any more."""
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self._hopeless)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def start(self) -> None:
        """Enter as a worker and take up what earlier ones left: replies first, then updates."""
        self._share(await until_stored(self._membership.join))
        await until_stored(partial(self._delivery.recover, self._membership.dead_before))
        await self._take_up()
        self._chores = [
            asyncio.create_task(self._forever(self._beat)),
            asyncio.create_task(self._forever(self._look_around)),
        ]

    async def stop(self) -> None:
        """Finish what runs; whatever is not begun stays in the database for the next start."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        if not await self._lanes.close(self._limits.goodbye):
            logger.warning("a turn was still running at the end; it will run again")
        await self._delivery.close(self._limits.goodbye / 2)
        try:
            await self._membership.leave()
        except StorageError as error:
            logger.warning("could not sign off: %s", type(error).__name__)

    async def _end(self, runs: Sequence[asyncio.Task[None]]) -> None:
        if runs:
            _, late = await asyncio.wait(runs, timeout=self._limits.goodbye)
            for run in late:
                run.cancel()
            await asyncio.gather(*runs, return_exceptions=True)
        await self.stop()

    async def _receive(self, channel: Channel, stop: asyncio.Event) -> None:
        await channel.run(self.inbox(channel.name), stop)

    # --- receiving --------------------------------------------------------------------------------

    def inbox(self, channel: str) -> Inbox:
        """Return where one channel leaves its updates."""
        return _ChannelInbox(self, channel)

    async def accept(self, channel: str, updates: Sequence[RawUpdate]) -> None:
        """Store updates and queue the new ones; see Inbox.accept."""
        async with self._database.unit_of_work() as work:
            records = await work.inbox.store(channel, self._delivery.worker, updates)
        for record in records:
            key = _key(record)
            if key in self._left_out:
                self._left_out[key] += 1  # older ones of this chat wait in the database
            else:
                self._queue(record)

    async def settled(self, channel: str, chat: str) -> None:
        """Return when all that a chat sent is answered and delivered; see Inbox.settled."""
        while (channel, chat) in self._left_out or self._lanes.busy((channel, chat)):
            await self._lanes.settled((channel, chat))
            if (channel, chat) in self._left_out:
                await asyncio.sleep(_LOOK_AGAIN)
        await self._delivery.settled(channel, chat)

    def look_now(self) -> None:
        """Look at once for what others left in the database, such as the words of a person of staff."""
        self._look.set()

    def _queue(self, record: InboxRecord) -> None:
        if record.id in self._known:
            return
        key = _key(record)
        if self._lanes.waiting(key) >= self._limits.backlog:
            self._left_out[key] = self._left_out.get(key, 0) + 1
            return
        self._known.add(record.id)
        self._lanes.put(key, record.update_id, record)

    async def _take_up(self) -> None:
        """Queue what waits in the database: left by the dead, or left out of a full backlog."""
        before = dict(self._left_out)
        found: list[InboxRecord] = []
        for name in self._channels:
            found += await until_stored(partial(self._take_over, name))
        for key, count in before.items():
            # Unless another one was left out meanwhile, which `found` lacks, new ones may queue again.
            if self._left_out.get(key) == count:
                del self._left_out[key]
        for record in found:
            self._queue(record)

    async def _take_over(self, channel: str) -> list[InboxRecord]:
        async with self._database.unit_of_work() as work:
            return await work.inbox.take_over(channel, self._delivery.worker, self._membership.dead_before)

    # --- handling ---------------------------------------------------------------------------------

    async def _next(self, lane: Lane[InboxRecord]) -> None:
        """Give the next message of a chat its turn."""
        records = [lane.take()]
        try:
            await self._wait_for_others(records[0])
            received = await self._reader.read(records, lane)
            if received:
                async with self._slots:
                    channel = self._channels[records[0].channel]
                    self._delivery.enqueue(await self._turns.run(received, channel))
                self._failure = None
        except StaleWork:
            logger.info("update %d was handled by another worker", records[0].id)
        except DatabaseRefused as error:
            self._failure = error
            await self._give_up(records, error)
        except StorageError as error:
            logger.error("the database failed with %s; the update stays for later", type(error).__name__)
            self._failure = error
            if isinstance(error, DatabaseOutdated | DatabaseInvalid):
                self._hopeless.set()
        except Exception as error:
            await self._give_up(records, error)
        self._known.difference_update(record.id for record in records)
        if _key(records[0]) in self._left_out and len(lane) <= self._limits.backlog // 2:
            self._look.set()

    async def _give_up(self, records: Iterable[InboxRecord], error: Exception) -> None:
        """Close updates whose turn could not even store an apology, so that they are not tried for ever."""
        code = error_code(error)
        logger.error("a turn could not be stored: %s (%s)", code, where(error))
        for record in records:
            try:
                await until_stored(partial(self._mark_failed, record, code))
            except StorageError as second:
                logger.error("update %d could not be closed: %s", record.id, type(second).__name__)

    async def _mark_failed(self, record: InboxRecord, code: str) -> None:
        async with self._database.unit_of_work() as work:
            await work.inbox.mark_failed(record.id, code)

    async def _wait_for_others(self, record: InboxRecord) -> None:
        """Let another process finish older updates of the same chat, within reason."""
        attempts = int(_OTHERS_AT_WORK / _LOOK_AGAIN)
        while self._delivery.shared and attempts and await until_stored(partial(self._earlier, record)):
            await asyncio.sleep(_LOOK_AGAIN)
            attempts -= 1

    async def _earlier(self, record: InboxRecord) -> bool:
        async with self._database.unit_of_work(read_only=True) as work:
            return await work.inbox.earlier_pending(record)

    # --- chores -----------------------------------------------------------------------------------

    def _share(self, others: bool) -> None:
        self._delivery.shared = others

    async def _beat(self) -> None:
        self._share(await self._membership.beat())
        await asyncio.sleep(BEAT_SECONDS)

    async def _look_around(self) -> None:
        """Take over from workers that died, and fetch what a full backlog left in the database."""
        try:
            async with asyncio.timeout(self._limits.look_again):
                await self._look.wait()
        except TimeoutError:
            pass
        self._look.clear()
        await self._delivery.recover(self._membership.dead_before)
        await self._take_up()

    async def _forever(self, chore: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await chore()
            except Exception as error:
                logger.warning("%s in %s", type(error).__name__, where(error))
                await asyncio.sleep(BEAT_SECONDS)


async def _first_end(runs: Sequence[asyncio.Task[None]], ended: asyncio.Task[Any]) -> None:
    """Return when all channels have ended, one has failed, or the end was asked for."""
    waiting: set[asyncio.Task[Any]] = set(runs)
    while waiting and not ended.done():
        done, _ = await asyncio.wait({*waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
        if any(run.cancelled() or run.exception() for run in done):
            return
        waiting -= done


@dataclass(frozen=True, slots=True)
class _ChannelInbox:
    """The inbox of one channel."""

    dispatcher: Dispatcher
    channel: str

    async def accept(self, updates: Sequence[RawUpdate]) -> None:
        """See Inbox."""
        await self.dispatcher.accept(self.channel, updates)

    async def settled(self, chat: str) -> None:
        """See Inbox."""
        await self.dispatcher.settled(self.channel, chat)


def _key(record: InboxRecord) -> tuple[str, str]:
    return record.channel, record.chat or ""
