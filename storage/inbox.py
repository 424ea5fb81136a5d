"""Updates as they came, stored before the network hears that they arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, or_, select, update

from storage.entries import RawUpdate
from storage.errors import StaleWork
from storage.records import InboxRecord
from storage.repository import INSERTS, Repository, columns, filled, named, table
from storage.tables import Inbox as InboxTable
from storage.workers import owned_by_the_living

_inbox = table(InboxTable)
_COLUMNS = columns(InboxTable, InboxRecord)
_STORE = {
    dialect: insert(_inbox).on_conflict_do_nothing().returning(*_COLUMNS)
    for dialect, insert in INSERTS.items()
}
_EARLIER = select(
    exists().where(
        _inbox.c.channel == named("channel"),
        _inbox.c.chat == named("chat"),
        _inbox.c.update_id < named("update_id"),
        _inbox.c.status == "pending",
    )
)
_HANDLED = (
    update(_inbox)
    .where(_inbox.c.id.in_(bindparam("ids", expanding=True)), _inbox.c.status == "pending")
    .values(status="handled", payload="", chat=None, finished_at=named("now"))
)


class Inbox(Repository):
    """Raw updates: each is handled by one worker and recognized when it comes again."""

    __slots__ = ()

    async def store(self, channel: str, worker: str, items: Sequence[RawUpdate]) -> list[InboxRecord]:
        """Store updates and return the new ones in the network's order; known ones are left out."""
        if not items:
            return []
        now = self._now()
        rows = [
            {
                "channel": channel,
                "update_id": item.update_id,
                "chat": item.chat,
                "payload": item.payload,
                "status": "pending",
                "worker": worker,
                "received_at": now,
            }
            for item in items
        ]
        result = await self._write(_STORE[self._scope.place.dialect], rows)
        return sorted((filled(InboxRecord, row) for row in result.all()), key=lambda new: new.update_id)

    async def mark_handled(self, ids: Sequence[int]) -> None:
        """Close updates in the unit of work that acts on them, and drop their contents.

        Raises StaleWork when one was closed meanwhile by a worker that had taken it over: leaving the
        unit of work with that error undoes the turn, so nobody is answered twice.
        """
        if not ids:
            return
        done = await self._write(_HANDLED, {"ids": list(ids), "now": self._now()})
        if done.rowcount != len(set(ids)):
            raise StaleWork("This update has already been handled by another worker.")

    async def mark_failed(self, inbox_id: int, error_code: str) -> None:
        """Close an update whose turn failed; its contents stay for the developer. Raises StaleWork."""
        await self._close(inbox_id, "failed", error_code)

    async def mark_unreadable(self, inbox_id: int, error_code: str) -> None:
        """Close an update that could not be parsed, keeping it raw. Raises StaleWork."""
        await self._close(inbox_id, "unreadable", error_code)

    async def take_over(self, channel: str, worker: str, dead_before: datetime) -> list[InboxRecord]:
        """Make unhandled updates of this worker, or of no live one, this worker's; oldest first.

        `worker` must be registered, or a second process would take the same rows again.
        """
        statement = (
            update(_inbox)
            .where(
                _inbox.c.channel == channel,
                _inbox.c.status == "pending",
                or_(_inbox.c.worker == worker, ~owned_by_the_living(_inbox.c.worker, dead_before)),
            )
            .values(worker=worker)
            .returning(*_COLUMNS)
        )
        rows = (await self._write(statement)).all()
        return sorted((filled(InboxRecord, row) for row in rows), key=lambda record: record.update_id)

    async def waiting(self, channel: str) -> list[str]:
        """Return the contents of updates that had no turn yet."""
        statement = select(_inbox.c.payload).where(_inbox.c.channel == channel, _inbox.c.status == "pending")
        return [row.payload for row in await self._rows(statement)]

    async def earlier_pending(self, record: InboxRecord) -> bool:
        """Say whether an older update of the same chat waits still, here or in another process."""
        if record.chat is None:
            return False
        keys = {"channel": record.channel, "chat": record.chat, "update_id": record.update_id}
        row = await self._row(_EARLIER, keys)
        return bool(row and row[0])

    async def counts(self) -> dict[str, int]:
        """Count updates by status; a status nobody has is left out."""
        rows = await self._rows(
            select(_inbox.c.status, func.count().label("number")).group_by(_inbox.c.status)
        )
        return {row.status: row.number for row in rows}

    async def _close(self, inbox_id: int, status: str, error_code: str) -> None:
        statement = (
            update(_inbox)
            .where(_inbox.c.id == inbox_id, _inbox.c.status == "pending")
            .values(status=status, error_code=error_code, finished_at=self._now())
        )
        if (await self._write(statement)).rowcount != 1:
            raise StaleWork("This update has already been handled by another worker.")
