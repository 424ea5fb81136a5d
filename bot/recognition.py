"""Finds out whether a reply had arrived although nobody recorded it, so that founders do not get it twice.

Networks have no key by which a repeated message is recognized. But where the numbers of all chats come from
one sequence, a reply that was under way has one of the few numbers that nobody knows of around that time,
and the network can be asked, harmlessly, which of them is a message of the bot in the reply's chat. Whatever
cannot be told ends in sending again: a reply twice is better than none. See docs/decisions/0013.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from bot.channels.base import Channel, DeliveryError, Recognizer, SendResult, Unrecognizable
from bot.patience import until_stored
from handlers.messages import Reply
from storage.records import OutboxRecord

if TYPE_CHECKING:
    from storage.database import Database, UnitOfWork
    from storage.numbering import Surroundings

logger = logging.getLogger(__name__)
_SPARE = 30
"""Numbers that are asked for beyond one for each reply in doubt: what founders wrote that is not read yet."""
_LIKELY = 4
"""So many numbers are asked for by every reply at once; the rest waits until it is known where they end."""
_HOLDS = 1.0
"""Seconds for which the list of messages without a turn is used, which is long after a long absence."""
_LOOK_AGAIN = 4
"""After so many questions the database is asked anew which numbers are known by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """How many of a reply's messages had arrived; all of them when there is an `external_id`."""

    parts: int = 0
    external_id: str | None = None


@dataclass(slots=True, kw_only=True)
class _Doubt:
    """A reply that may have gone out; a `ceiling` is the number of a message that surely came later."""

    record: OutboxRecord
    at: datetime
    began: float
    ceiling: int | None = None
    around: Surroundings | None = None
    found: list[int] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)


class Recognition:
    """The replies in doubt of one process."""

    def __init__(
        self, database: Database, channels: Iterable[Channel], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._channels: Mapping[str, Recognizer] = {
            channel.name: channel for channel in channels if isinstance(channel, Recognizer)
        }
        self._clock = clock
        self._doubts: dict[int, _Doubt] = {}
        self._taken: set[int] = set()
        self._warned: set[str] = set()
        self._unread: set[int] = set()
        self._read_at = float("-inf")
        self._scout: int | None = None
        self._news = asyncio.Event()

    def doubt(self, record: OutboxRecord) -> None:
        """Note that a reply may have gone out by now."""
        if record.channel in self._channels:
            self._doubts.setdefault(record.id, _Doubt(record=record, at=self._clock(), began=monotonic()))

    def sent(self, record: OutboxRecord, result: SendResult, began: float) -> None:
        """Learn from a reply that was sent: what was in doubt before it began has a lower number."""
        later = [doubt for doubt in self._doubts.values() if doubt.began <= began]
        if not later or not self._counts(record):
            return
        numbers = [int(number) for number in result.external_ids if number.isdecimal()]
        for doubt in later:
            known = [] if doubt.ceiling is None else [doubt.ceiling]
            doubt.ceiling = min([*known, *numbers], default=None)
        self._tell()

    def settled(self, record: OutboxRecord) -> None:
        """Forget a doubt: the reply has its outcome."""
        self._doubts.pop(record.id, None)
        if self._scout == record.id:
            self._scout = None
            self._tell()

    async def look(self, record: OutboxRecord, reply: Reply, skip: int) -> Arrived:
        """Find those messages of a reply in doubt that arrived, beyond the first `skip`.

        Raises DeliveryError; another look then goes on where this one ended.
        """
        doubt = self._doubts.get(record.id)
        if doubt is None:
            return Arrived()
        channel = self._channels[record.channel]
        count = channel.messages_of(record.chat, reply)
        try:
            while skip + len(doubt.found) < count:
                place = skip + len(doubt.found)
                number = await self._find(doubt, channel, reply, place, last=place == count - 1)
                if number is None:
                    break
                doubt.found.append(number)
                doubt.asked.clear()
                self._taken.add(number)
        except DeliveryError:
            raise
        except Exception as error:
            # Whatever went wrong with the search, the reply itself must not be lost for it.
            self._warn(error.code if isinstance(error, Unrecognizable) else type(error).__name__)
        self._doubts.pop(record.id, None)
        whole = bool(doubt.found) and skip + len(doubt.found) == count
        if whole:
            logger.info("reply %d had arrived already", record.id)
            self.settled(record)
        return Arrived(parts=len(doubt.found), external_id=str(doubt.found[-1]) if whole else None)

    # --- one message ------------------------------------------------------------------------------

    async def _find(
        self, doubt: _Doubt, channel: Recognizer, reply: Reply, place: int, *, last: bool
    ) -> int | None:
        """Return the number of one message of a reply; None when it did not arrive or cannot be told."""
        chat = doubt.record.chat
        # What has one message may be looked for from the middle; the first of several comes first.
        single = last and not doubt.found and place == 0
        while True:
            await self._worth_asking(doubt)
            if len(doubt.asked) % _LOOK_AGAIN == 0 and not await self._locate(doubt):
                return None
            number = self._next(doubt, single=single)
            if number is None:
                return None
            if await channel.owns(chat, number):
                if not await self._is_no_announcement(doubt, number):
                    return None
                if await channel.shows(chat, number, reply, place):
                    return number
            doubt.asked.add(number)

    async def _worth_asking(self, doubt: _Doubt) -> None:
        """After the likely numbers, let one reply ask for all that are possible.

        If it did not arrive it is sent, and its number is where those of all others end.
        """
        while doubt.ceiling is None and len(doubt.asked) >= _LIKELY:
            if self._scout in (None, doubt.record.id):
                self._scout = doubt.record.id
                return
            await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _locate(self, doubt: _Doubt) -> bool:
        """Learn which numbers are possible, as far as is known by now."""
        doubt.around = await until_stored(partial(self._around, doubt))
        return doubt.around is not None

    async def _around(self, doubt: _Doubt) -> Surroundings | None:
        async with self._database.unit_of_work(read_only=True) as work:
            around = await work.numbering.around(doubt.record, before=doubt.at)
            if around is None:
                return None
            if monotonic() - self._read_at > _HOLDS:
                self._unread = await self._waiting(work, doubt.record.channel)
                self._read_at = monotonic()
        return replace(around, known=around.known | self._unread)

    async def _waiting(self, work: UnitOfWork, channel: str) -> set[int]:
        """Return the numbers of messages that are stored and had no turn yet."""
        number_of = self._channels[channel].number_of
        found = (number_of(payload) for payload in await work.inbox.waiting(channel))
        return {number for number in found if number is not None}

    async def _is_no_announcement(self, doubt: _Doubt, number: int) -> bool:
        # Asked after the message was found: an announcement is on record before it goes out.
        announced = await until_stored(partial(self._announced, doubt))
        return announced is not None and number not in announced

    async def _announced(self, doubt: _Doubt) -> set[int] | None:
        assert doubt.around is not None
        async with self._database.unit_of_work(read_only=True) as work:
            return await work.numbering.announced(doubt.record, doubt.around.since)

    def _next(self, doubt: _Doubt, *, single: bool) -> int | None:
        """Choose the number to ask for: replies go out in the order of their records, so theirs are alike."""
        numbers = self._possible(doubt)
        earlier = sum(other.record.id < doubt.record.id for other in self._doubts.values()) if single else 0
        left = [(abs(place - earlier), number) for place, number in enumerate(numbers)]
        return min((item for item in left if item[1] not in doubt.asked), default=(0, None))[1]

    def _possible(self, doubt: _Doubt) -> Sequence[int]:
        assert doubt.around is not None
        floor = max([doubt.around.floor, *doubt.found])
        taken = doubt.around.known | self._taken
        most = _SPARE + len(self._doubts)
        numbers: list[int] = []
        number = floor + 1
        while len(numbers) < most and (doubt.ceiling is None or number < doubt.ceiling):
            if number not in taken:
                numbers.append(number)
            number += 1
        return numbers

    def _counts(self, record: OutboxRecord) -> bool:
        return record.channel in self._channels and not record.chat.startswith("-")

    def _warn(self, code: str) -> None:
        if code not in self._warned:
            self._warned.add(code)
            logger.warning("it cannot be told whether a reply arrived (%s): it is sent again", code)
