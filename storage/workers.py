"""Processes at work: whose updates and replies nobody else may touch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Exists, delete, exists, select, text, update

from storage.records import WorkerRecord
from storage.repository import Repository, columns, filled, table
from storage.tables import Worker

_workers = table(Worker)


class Workers(Repository):
    """Workers and when they last said that they live."""

    __slots__ = ()

    async def register(self, worker_id: str, kind: str) -> WorkerRecord:
        """Enter a worker as alive from now; a name that is known starts again."""
        now = self._now()
        values = {"kind": kind, "started_at": now, "beat_at": now}
        statement = self._insert(Worker).values(id=worker_id, **values)
        statement = statement.on_conflict_do_update(index_elements=["id"], set_=values)
        row = (await self._write(statement.returning(*columns(Worker, WorkerRecord)))).one()
        return filled(WorkerRecord, row)

    async def beat(self, worker_id: str, at: datetime) -> bool:
        """Say that a worker lives; False means that it was removed and must register again."""
        statement = update(_workers).where(_workers.c.id == worker_id).values(beat_at=at)
        return (await self._write(statement)).rowcount == 1

    async def remove(self, worker_id: str) -> None:
        """Take a worker out, so that others may take over at once what it leaves."""
        await self._write(delete(_workers).where(_workers.c.id == worker_id))

    async def live(self, since: datetime) -> list[WorkerRecord]:
        """List the workers that have said so since then."""
        statement = select(*columns(Worker, WorkerRecord)).where(_workers.c.beat_at >= since)
        return [filled(WorkerRecord, row) for row in await self._rows(statement.order_by(_workers.c.id))]

    async def can_write(self) -> bool:
        """Say whether this transaction takes writes; on SQLite raises DatabaseReadOnly when it does not."""
        if self._scope.place.dialect == "sqlite":
            # Only a write tells, and this one changes nothing and needs no table.
            await self._write(text("PRAGMA application_id = 0"))
            return True
        row = await self._row(text("SELECT current_setting('transaction_read_only')"))
        return row is not None and row[0] == "off"


def owned_by_the_living(owner: ColumnElement[Any], dead_before: datetime) -> Exists:
    """Return the condition that the worker named in a column has lived at or after that time."""
    return exists().where(_workers.c.id == owner, _workers.c.beat_at >= dead_before)
