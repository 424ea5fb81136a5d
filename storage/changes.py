"""Orders to edit or delete announcements that were sent: swept over the ledger, line by line.

To edit or delete a message once more changes nothing, so that no line needs to be claimed: the holder of
the sending lease goes through those that no order since has reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, or_, select, true, update

from storage.announcement_records import Changed, ChangeKind, ChangeRecord, RecipientRecord
from storage.announcement_tables import AnnouncementChange, Recipient
from storage.repository import Repository, columns, filled, table

_changes, _recipients = table(AnnouncementChange), table(Recipient)
_SETTLED = timedelta(minutes=2)
"""After so long nothing is on its way any more that was begun before an order."""

_COLUMNS = columns(AnnouncementChange, ChangeRecord)
_LINE = columns(Recipient, RecipientRecord)
_RECORD = (
    update(_recipients)
    .where(_recipients.c.id == bindparam("row_id"))
    .values(changed=bindparam("outcome"), change_id=bindparam("change"))
)


class Changes(Repository):
    """Orders and how far they are."""

    __slots__ = ()

    async def begin(
        self, announcement_id: int, kind: ChangeKind, *, created_by: int | None = None
    ) -> ChangeRecord:
        """Order all messages of an announcement edited to its present texts, or deleted.

        An order that runs for the same announcement is cancelled; the new one goes over all lines again.
        """
        running = [item for item in await self.running() if item.announcement_id == announcement_id]
        for item in running:
            await self.cancel(item.id)
        values = {
            "announcement_id": announcement_id,
            "kind": kind,
            "status": "running",
            "created_by": created_by,
            "created_at": self._now(),
        }
        row = (await self._write(insert(_changes).values(values).returning(*_COLUMNS))).one()
        return filled(ChangeRecord, row)

    async def get(self, change_id: int) -> ChangeRecord | None:
        """Find an order."""
        row = await self._row(select(*_COLUMNS).where(_changes.c.id == change_id))
        return None if row is None else filled(ChangeRecord, row)

    async def of(self, announcement_id: int) -> list[ChangeRecord]:
        """List the orders about an announcement, the newest first."""
        statement = select(*_COLUMNS).where(_changes.c.announcement_id == announcement_id)
        rows = await self._rows(statement.order_by(_changes.c.id.desc()))
        return [filled(ChangeRecord, row) for row in rows]

    async def running(self) -> list[ChangeRecord]:
        """List the orders that are not through, the oldest first."""
        statement = select(*_COLUMNS).where(_changes.c.status == "running").order_by(_changes.c.id)
        return [filled(ChangeRecord, row) for row in await self._rows(statement)]

    async def cancel(self, change_id: int) -> bool:
        """Stop where it is; False when it is over."""
        return await self._close(change_id, "cancelled")

    async def finish(self, change_id: int) -> bool:
        """Close an order that is through; False when it was closed before."""
        return await self._close(change_id, "finished")

    async def next_lines(
        self, change: ChangeRecord, channel: str, count: int, *, after_id: int = 0
    ) -> list[RecipientRecord]:
        """List lines the order has not reached yet, in order; none when it no longer runs."""
        runs = select(_changes.c.id).where(_changes.c.id == change.id, _changes.c.status == "running")
        statement = (
            select(*_LINE)
            .where(_waiting(change), _recipients.c.channel == channel, _recipients.c.id > after_id)
            .where(runs.exists())
            .order_by(_recipients.c.id)
            .limit(count)
        )
        return [filled(RecipientRecord, row) for row in await self._rows(statement)]

    async def record(self, change_id: int, outcomes: Mapping[int, Changed]) -> None:
        """Write down for lines what became of their messages."""
        if outcomes:
            rows = [{"row_id": row, "outcome": what, "change": change_id} for row, what in outcomes.items()]
            await self._write(_RECORD, rows)

    async def more_may_come(self, change: ChangeRecord) -> bool:
        """Tell whether a line is on its way that was begun before the order, and so without it."""
        if change.kind == "edit" and self._now() >= change.created_at + _SETTLED:
            return False
        statement = select(_recipients.c.id).where(
            _recipients.c.announcement_id == change.announcement_id,
            _recipients.c.status.in_(("claimed", "sending")),
        )
        return await self._row(statement.limit(1)) is not None

    async def progress(self, change: ChangeRecord) -> dict[str, int]:
        """Count lines: "edited" or "deleted", "refused" by the network, and "waiting"."""
        statement = (
            select(_recipients.c.changed.label("key"), func.count().label("n"))
            .where(_recipients.c.change_id == change.id)
            .group_by(_recipients.c.changed)
        )
        counts = {str(row.key): int(row.n) for row in await self._rows(statement)}
        row = await self._row(select(func.count().label("n")).where(_waiting(change)))
        waiting = 0 if row is None else int(row.n)
        return counts | ({"waiting": waiting} if waiting else {})

    async def _close(self, change_id: int, status: str) -> bool:
        statement = update(_changes).where(_changes.c.id == change_id, _changes.c.status == "running")
        values: dict[str, Any] = {"status": status, "finished_at": self._now()}
        return (await self._write(statement.values(values))).rowcount == 1


def _waiting(change: ChangeRecord) -> ColumnElement[bool]:
    # What was sent later than an order to edit says the new text from the beginning.
    latest = change.created_at + _SETTLED
    return and_(
        true() if change.kind == "delete" else _recipients.c.finished_at < latest,
        _recipients.c.announcement_id == change.announcement_id,
        _recipients.c.status == "sent",
        _recipients.c.chat.is_not(None),
        _recipients.c.external_id.is_not(None),
        or_(_recipients.c.changed.is_(None), _recipients.c.changed != "deleted"),
        or_(_recipients.c.change_id.is_(None), _recipients.c.change_id < change.id),
    )
