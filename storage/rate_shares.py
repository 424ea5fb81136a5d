"""How the processes of one bot divide the rate at which its network takes messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from storage.announcement_tables import RateShare
from storage.repository import Repository, table

_shares = table(RateShare)

Shares = Mapping[str, Mapping[str, Any]]


class RateShares(Repository):
    """One row a bot, by its name: JSON by worker, whose meaning is `bot.sharing`'s."""

    __slots__ = ()

    async def read(self, name: str) -> dict[str, dict[str, Any]]:
        """Return what every worker has; nothing before anybody wrote."""
        row = await self._row(select(_shares.c.shares).where(_shares.c.name == name))
        return {} if row is None else dict(row.shares)

    async def lock(self, name: str) -> dict[str, dict[str, Any]]:
        """Read, and keep everybody else from writing until the end of the unit of work."""
        await self._write(self._insert(RateShare).values(name=name, shares={}).on_conflict_do_nothing())
        row = await self._row(select(_shares.c.shares).where(_shares.c.name == name).with_for_update())
        return {} if row is None else dict(row.shares)

    async def write(self, name: str, shares: Shares) -> None:
        """Replace what `lock` returned."""
        values = {worker: dict(share) for worker, share in shares.items()}
        await self._write(update(_shares).where(_shares.c.name == name).values(shares=values))
