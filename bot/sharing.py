"""How the processes that speak for one bot divide its rate, so that together they never exceed it.

Each writes down its share before it uses it, and what it has to send. Replies are provided for first; what is
left goes to the process that announces, or evenly to all. A process takes only what nobody holds, and gives
up what others need only when its own last second allows it: the sum never exceeds the rate.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from bot.lanes import where
from bot.pacer import Pacer
from bot.workers import is_dead

if TYPE_CHECKING:
    from storage.database import Database

logger = logging.getLogger(__name__)
_ALONE, _TOGETHER = 1.0, 0.4
_RENEW = 3.0
_SILENT = 8.0
"""After so many seconds without the database this process sends nothing, since others may believe it dead."""
_GONE = timedelta(seconds=12)
_STILL_ANNOUNCING = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process has and needs; `at` and `closed_until` are moments in ISO 8601, in UTC."""

    share: int = 0
    replies: int = 0
    announces: bool = False
    at: str = ""
    closed_until: str = ""


class Sharing:
    """This process's part in the division of one bot's rate."""

    def __init__(
        self, database: Database, name: str, worker: str, pacer: Pacer, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._name = name
        self._worker = worker
        self._pacer = pacer
        self._clock = clock
        self._written = self._announced = float("-inf")
        self._others = False
        pacer.share = 0

    async def keep(self) -> None:
        """Take part until canceled; nothing may be sent before the first round is over."""
        while True:
            # Canceled in the middle of a statement, PostgreSQL's driver may never come back from closing.
            working = asyncio.ensure_future(self._try_round())
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                await working
                raise
            await asyncio.sleep(_TOGETHER if self._others or not self._pacer.share else _ALONE)

    async def _try_round(self) -> None:
        try:
            await self.round()
        except Exception as error:
            logger.warning("the rate is not shared: %s (%s)", type(error).__name__, where(error))
            if monotonic() - self._written > _SILENT:
                self._pacer.share = 0

    async def leave(self) -> None:
        """Give everything back."""
        self._pacer.share = 0
        async with self._database.unit_of_work() as work:
            shares = await work.rate_shares.lock(self._name)
            if shares.pop(self._worker, None) is not None:
                await work.rate_shares.write(self._name, shares)

    async def round(self) -> None:
        """Look at what everybody has and needs, and change this process's share accordingly."""
        async with self._database.unit_of_work(read_only=True) as work:
            known = self._alive(await work.rate_shares.read(self._name))
        self._others = any(worker != self._worker for worker in known)
        self._obey_pauses(known)
        mine = known.get(self._worker, Share())
        wanted, aim = self._planned(known)
        fresh = monotonic() - self._written < _RENEW and self._pacer.share == mine.share
        if fresh and replace(wanted, at=mine.at) == mine:
            return
        # Less from now on, whatever is written; more only when it is.
        self._pacer.share = min(self._pacer.share, mine.share, aim)
        began = monotonic()
        async with self._database.unit_of_work() as work:
            shares = self._alive(await work.rate_shares.lock(self._name))
            wanted, aim = self._planned(shares)
            everybody = {**shares, self._worker: wanted}
            await work.rate_shares.write(self._name, {name: asdict(one) for name, one in everybody.items()})
        self._written = began
        self._pacer.share = min(wanted.share, aim)

    def _planned(self, known: Mapping[str, Share]) -> tuple[Share, int]:
        """What to write, and what to come to: not more than is free, not less than still counts as sent."""
        now = self._clock()
        if self._pacer.announces:
            self._announced = monotonic()
        mine = replace(
            known.get(self._worker, Share()),
            replies=self._pacer.replies if self._others else 0,
            announces=self._others and monotonic() - self._announced < _STILL_ANNOUNCING,
            closed_until=_moment(now, self._pacer.closed_for),
            at=now.isoformat(),
        )
        everybody = {**known, self._worker: mine}
        aim = allotted(self._pacer.rate, everybody)[self._worker]
        if aim < mine.share:
            return replace(mine, share=max(aim, min(mine.share, self._pacer.used))), aim
        free = self._pacer.rate - sum(share.share for share in everybody.values())
        return replace(mine, share=mine.share + max(0, min(aim - mine.share, free))), aim

    def _alive(self, shares: Mapping[str, Mapping[str, Any]]) -> dict[str, Share]:
        found = {worker: Share(**share) for worker, share in shares.items()}
        limit = (self._clock() - _GONE).isoformat()
        return {
            worker: share
            for worker, share in found.items()
            if worker == self._worker or (share.at > limit and not is_dead(worker))
        }

    def _obey_pauses(self, known: Mapping[str, Share]) -> None:
        """What the network told another process about patience holds for this one, too."""
        now = self._clock()
        for worker, share in known.items():
            if worker != self._worker and share.closed_until:
                self._pacer.pause((datetime.fromisoformat(share.closed_until) - now).total_seconds())


def allotted(rate: int, shares: Mapping[str, Share]) -> dict[str, int]:
    """Divide a rate: everybody's replies and one more each first, the rest to who announces, or to all."""
    parts = dict.fromkeys(sorted(shares), 0)
    left = _deal(parts, {worker: shares[worker].replies + 1 for worker in parts}, rate)
    announcing = [worker for worker in parts if shares[worker].announces] or list(parts)
    _deal(parts, dict.fromkeys(announcing, rate), left)
    return parts


def _deal(parts: dict[str, int], wishes: Mapping[str, int], left: int) -> int:
    """Give one after the other in turns until wishes are met or nothing is left; return what is left."""
    unmet = dict(wishes)
    while left > 0 and any(unmet.values()):
        for worker, wish in unmet.items():
            if wish > 0 and left > 0:
                parts[worker] += 1
                unmet[worker] -= 1
                left -= 1
    return left


def _moment(now: datetime, seconds: float) -> str:
    return (now + timedelta(seconds=seconds)).isoformat(timespec="seconds") if seconds > 0 else ""
