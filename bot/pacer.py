"""How fast one bot may speak: never more than so many messages in any one second, as the network counts them.

A slot is held from before a request is sent until it is answered, and a message counts for one second from
its answer. The network counts it somewhere between, so whatever its own second is, it sees no more than
`rate`, however long requests take and however unevenly they arrive. Announcements are also spread evenly.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic
from typing import Literal

Priority = Literal["reply", "rest", "announcement"]
"""What goes first; "rest" is the second message of an announcement whose first one went out."""

_ORDER: dict[Priority, int] = {"reply": 0, "rest": 1, "announcement": 2}
_BEGINS = _ORDER["announcement"]
_SECOND = 1.0
_CATCH_UP = 0.2
_REPLY_BURST = 5
_FORGET_CHATS_ABOVE = 10_000


class Dismissed(Exception):
    """No slot will be given any more: announcing is over in this process."""


_Waiter = tuple[int, int, str | None, "asyncio.Future[None]"]


class Pacer:
    """One a bot token; `rate` is messages in any second for the whole bot, one a second for each chat.

    Replies go before announcements, and what was begun before what was not. A chat may get five replies in
    quick succession, as networks allow, and after that one a second like everybody else. `share` is what
    other processes leave of the rate.
    """

    def __init__(self, rate: int = 30, *, clock: Callable[[], float] = monotonic) -> None:
        if rate < 1:
            raise ValueError("a pacer needs a rate of at least one message a second")
        self.rate = rate
        self._share = rate
        self._replies: deque[float] = deque()
        self._clock = clock
        self._numbers = count()
        self._waiting: list[_Waiter] = []
        self._parked = 0
        self._under_way = 0
        self._answered: deque[float] = deque()
        self._next_slot = 0.0
        self._was_full = False
        self._closed_until = 0.0
        self._dismissed = False
        self._chats: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._granting: asyncio.Task[None] | None = None

    @property
    def share(self) -> int:
        """How many of `rate` messages a second are this process's."""
        return self._share

    @share.setter
    def share(self, share: int) -> None:
        self._share = share
        self._wake.set()

    @property
    def closed_for(self) -> float:
        """For how many seconds `pause` still holds."""
        return max(0.0, self._closed_until - self._clock())

    @property
    def used(self) -> int:
        """How many slots count now: held, or answered less than a second ago."""
        self._forget(self._answered)
        return self._under_way + len(self._answered)

    @property
    def replies(self) -> int:
        """How many replies a second there are to send: those of the last second and those that wait."""
        self._forget(self._replies)
        waiting = sum(order == 0 and not granted.done() for order, _, _, granted in self._waiting)
        return len(self._replies) + waiting

    @property
    def announces(self) -> bool:
        """Whether announcements wait for a slot."""
        return any(order > 0 and not granted.done() for order, _, _, granted in self._waiting)

    @asynccontextmanager
    async def slot(self, chat: str | None, priority: Priority = "reply") -> AsyncIterator[None]:
        """Wait for a slot, hold it, send one message inside; without a chat only the bot's rate counts.

        Raises Dismissed for an announcement after `dismiss_announcements`.
        """
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._dismissed and priority == "announcement":
            raise Dismissed
        self._queue((_ORDER[priority], next(self._numbers), chat, granted))
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._finish()
            raise
        try:
            yield
        finally:
            self._finish()

    async def until_free(self, chat: str) -> None:
        """Return when this chat has had its second, so that an announcement need not wait for it."""
        while (wait := self._chats.get(chat, 0.0) - self._clock()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Give no slot to anybody for so long; a shorter pause never cuts a longer one."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)
        self._wake.set()

    def dismiss_announcements(self) -> None:
        """Begin no announcement any more, those that wait included: what has no slot yet is not sent."""
        self._dismissed = True
        for waiter in self._waiting:
            self._dismiss(waiter)
        self._wake.set()

    # --- granting ---------------------------------------------------------------------------------

    def _queue(self, waiter: _Waiter) -> None:
        heapq.heappush(self._waiting, waiter)
        self._wake.set()
        if self._clock() - self._next_slot > _SECOND:
            self._next_slot = self._clock()  # nothing waited for long: there is nothing to catch up with
        if self._granting is None or self._granting.done():
            self._granting = asyncio.create_task(self._grant())

    async def _grant(self) -> None:
        while self._waiting or self._parked:
            self._wake.clear()
            waiter = self._first()
            if waiter is None:
                await self._wake.wait()
                continue
            pause = self._pause(waiter[0])
            if pause > 0:
                heapq.heappush(self._waiting, waiter)
                await self._woken_within(pause)
                continue
            self._take(waiter)

    def _first(self) -> _Waiter | None:
        """The next waiter whose chat may be written to; the others are set aside until theirs may."""
        while self._waiting:
            waiter = heapq.heappop(self._waiting)
            order, _, chat, granted = waiter
            if granted.done():
                continue
            if chat is None:
                return waiter
            ready = self._chats.get(chat, 0.0) - (_REPLY_BURST - 1 if order == 0 else 0) * _SECOND
            wait = ready - self._clock()
            if wait <= 0:
                return waiter
            self._parked += 1
            asyncio.get_running_loop().call_later(wait, self._return, waiter)
        return None

    def _dismiss(self, waiter: _Waiter) -> None:
        order, _, _, granted = waiter
        if order == _BEGINS and not granted.done():
            granted.set_exception(Dismissed())

    def _return(self, waiter: _Waiter) -> None:
        self._parked -= 1
        if self._dismissed:
            self._dismiss(waiter)
        self._queue(waiter)

    def _pause(self, order: int) -> float:
        """Seconds until the next slot; infinite while only an answer can make room."""
        now = self._clock()
        pauses = [self._closed_until - now]
        if order > 0:
            pauses.append(self._next_slot - now)
        if self.used >= self._share:
            self._was_full = True
            pauses.append(self._answered[0] + _SECOND - now if self._answered else float("inf"))
        return max(pauses)

    def _take(self, waiter: _Waiter) -> None:
        order, _, chat, granted = waiter
        now = self._clock()
        # Who waited for room catches up with nothing: bunches would come back every second, with gaps between
        # them in which no reply finds a slot.
        behind = 0.0 if self._was_full else _CATCH_UP
        self._was_full = False
        self._next_slot = max(self._next_slot, now - behind) + _SECOND / self._share
        if order == 0:
            self._replies.append(now)
            self._forget(self._replies)
        if chat is not None:
            self._chats[chat] = max(self._chats.get(chat, 0.0), now) + _SECOND
        if len(self._chats) > _FORGET_CHATS_ABOVE:
            self._chats = {name: ready for name, ready in self._chats.items() if ready > now}
        self._under_way += 1
        granted.set_result(None)

    def _finish(self) -> None:
        self._under_way -= 1
        self._answered.append(self._clock())
        self._wake.set()

    def _forget(self, moments: deque[float]) -> None:
        limit = self._clock() - _SECOND
        while moments and moments[0] <= limit:
            moments.popleft()

    async def _woken_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
