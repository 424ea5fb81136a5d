"""From stored updates to messages; a text that the network split is put together again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.base import Channel, Reachability, UnreadableUpdate
from bot.lanes import Lane
from bot.patience import until_stored
from bot.turns import Received
from handlers.errors import error_code
from handlers.messages import IncomingMessage
from storage.records import InboxRecord

if TYPE_CHECKING:
    from storage.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paste:
    """How a split text is known: a part of full `length`, and a next one that came at once.

    The next part is awaited for `wait` seconds and must have been sent within `gap` seconds, which is
    longer because networks tell the time in whole seconds.
    """

    length: int = 4096
    wait: float = 1.5
    gap: float = 2.0


class Reader:
    """Reads what is next in a lane, and closes updates that give no turn."""

    def __init__(self, database: Database, channels: Sequence[Channel], paste: Paste) -> None:
        self._database = database
        self._channels = {channel.name: channel for channel in channels}
        self._paste = paste

    async def read(self, records: list[InboxRecord], lane: Lane[InboxRecord]) -> list[Received]:
        """Parse the one record given; parts of the same paste are taken from the lane into `records`.

        Empty when there is nothing to answer: the update is closed then, and what it says of the chat noted.
        """
        first = await self._parse(records[0])
        received = [] if first is None else [first]
        while received and self._was_split(received[-1]):
            following = await lane.peek(self._paste.wait)
            part = None if following is None else self._look_at(following)
            if part is None or not self._continues(received[-1], part):
                break
            records.append(lane.take())
            received.append(part)
        return received

    def _was_split(self, part: Received) -> bool:
        text = part.message.text
        units = len(text.encode("utf-16-le", "surrogatepass")) // 2
        return part.message.kind == "text" and max(len(text), units) >= self._paste.length

    def _continues(self, before: Received, after: Received) -> bool:
        gap = after.message.received_at - before.message.received_at
        same = after.message.kind == "text" and after.message.sender == before.message.sender
        return same and gap <= timedelta(seconds=self._paste.gap)

    async def _parse(self, record: InboxRecord) -> Received | None:
        try:
            message = self._channels[record.channel].parse(record.payload)
        except Exception as error:
            code = error.code if isinstance(error, UnreadableUpdate) else error_code(error)
            logger.error("update %d of %s cannot be read: %s", record.id, record.channel, code)
            await until_stored(partial(self._mark_unreadable, record, code))
            return None
        if message is None or isinstance(message, Reachability):
            await until_stored(partial(self._mark_handled, record, message))
            return None
        return Received(record=record, message=message)

    def _look_at(self, record: InboxRecord) -> Received | None:
        try:
            message = self._channels[record.channel].parse(record.payload)
        except Exception:
            return None  # it has a turn of its own, which reports the error
        return Received(record=record, message=message) if isinstance(message, IncomingMessage) else None

    async def _mark_unreadable(self, record: InboxRecord, code: str) -> None:
        async with self._database.unit_of_work() as work:
            await work.inbox.mark_unreadable(record.id, code)

    async def _mark_handled(self, record: InboxRecord, said: Reachability | None) -> None:
        async with self._database.unit_of_work() as work:
            if said is not None:
                await work.founders.mark_blocked(record.channel, said.chat, said.blocked_at)
            await work.inbox.mark_handled([record.id])
