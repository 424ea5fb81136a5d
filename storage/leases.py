"""Rights that one process holds at a time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select

from storage.announcement_tables import Lease
from storage.repository import Repository, table

_leases = table(Lease)


class Leases(Repository):
    """Leases by name; whoever does not renew in time loses it to the next who asks."""

    __slots__ = ()

    async def acquire(self, name: str, holder: str, seconds: float, *, dead: str | None = None) -> bool:
        """Take or renew a lease; False while another holder's has not expired, unless that is `dead`."""
        now = self._now()
        values = {"holder": holder, "expires_at": now + timedelta(seconds=seconds)}
        statement = self._insert(Lease).values(name=name, **values)
        statement = statement.on_conflict_do_update(
            index_elements=["name"],
            set_=values,
            where=or_(_leases.c.holder.in_((holder, dead)), _leases.c.expires_at <= now),
        )
        return (await self._write(statement.returning(_leases.c.name))).first() is not None

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back, so that another may take it at once."""
        await self._write(delete(_leases).where(_leases.c.name == name, _leases.c.holder == holder))

    async def holder(self, name: str) -> str | None:
        """Name who holds a lease that has not expired."""
        row = await self._row(
            select(_leases.c.holder).where(_leases.c.name == name, _leases.c.expires_at > self._now())
        )
        return None if row is None else str(row.holder)
