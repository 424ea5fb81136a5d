"""The ledger of announcements: one line a founder, from "pending" to what became of it.

Only the holder of the sending lease claims lines. A line is marked "sending" and committed before its request
goes out: after a crash those are "unknown", since nobody can tell whether the network had them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from storage.announcement_records import (
    Audience,
    RecipientOutcome,
    RecipientRecord,
    RecipientStatus,
)
from storage.announcement_tables import Announcement, Recipient, TopicChoice
from storage.audiences import recipients_of
from storage.repository import Repository, columns, filled, table

_recipients, _announcements, _choices = table(Recipient), table(Announcement), table(TopicChoice)
_COLUMNS = columns(Recipient, RecipientRecord)
_OPEN = ("pending", "claimed", "sending")
_RECORD = (
    update(_recipients)
    .where(_recipients.c.id == bindparam("row_id"), _recipients.c.status == "sending")
    .values(
        status=bindparam("outcome"),
        attempts=_recipients.c.attempts + 1,
        external_id=bindparam("external"),
        error_code=bindparam("code"),
        next_at=bindparam("due"),
        finished_at=bindparam("ended"),
        message_id=bindparam("message"),
    )
)


class Recipients(Repository):
    """Lines of the ledger."""

    __slots__ = ()

    async def preview(self, audience: Audience, topic: str | None, channels: Sequence[str]) -> dict[str, int]:
        """Count whom an audience names: "pending" will be written to, the other keys say why not."""
        people = recipients_of(audience, topic, channels).subquery()
        reason = func.coalesce(people.c.reason, "pending")
        rows = await self._rows(
            select(reason.label("key"), func.count().label("n")).select_from(people).group_by(reason)
        )
        return {str(row.key): int(row.n) for row in rows}

    async def languages(
        self, audience: Audience, topic: str | None, channels: Sequence[str]
    ) -> dict[str, int]:
        """Count by language those of an audience who will be written to; "" for no known language."""
        people = recipients_of(audience, topic, channels).subquery()
        language = func.coalesce(people.c.language, "")
        statement = (
            select(language.label("key"), func.count().label("n"))
            .where(people.c.reason.is_(None))
            .group_by(language)
        )
        return {str(row.key): int(row.n) for row in await self._rows(statement)}

    async def expand(
        self, announcement_id: int, audience: Audience, topic: str | None, channels: Sequence[str]
    ) -> int:
        """Write the lines of an announcement, also of those who will not be written to; return how many."""
        people = recipients_of(audience, topic, channels).subquery()
        ended = case((people.c.reason.is_(None), null()), else_=literal(self._now(), type_=_time()))
        lines = select(
            literal(announcement_id),
            people.c.founder_id,
            people.c.conversation_id,
            people.c.channel,
            people.c.chat,
            people.c.language,
            func.coalesce(people.c.reason, "pending"),
            literal(0),
            ended,
        ).order_by(people.c.founder_id)
        names = (
            "announcement_id",
            "founder_id",
            "conversation_id",
            "channel",
            "chat",
            "language",
            "status",
            "attempts",
            "finished_at",
        )
        return (await self._write(insert(_recipients).from_select(names, lines))).rowcount

    async def claim(
        self, announcement_id: int, channel: str, worker: str, count: int
    ) -> list[RecipientRecord]:
        """Set aside up to `count` lines that may be sent now; none unless the announcement is being sent."""
        now = self._now()
        ready = (
            select(_recipients.c.id)
            .where(
                _recipients.c.announcement_id == announcement_id,
                _recipients.c.status == "pending",
                _recipients.c.channel == channel,
                or_(_recipients.c.next_at.is_(None), _recipients.c.next_at <= now),
                _being_sent(),
            )
            .order_by(_recipients.c.id)
            .limit(count)
            .with_for_update(skip_locked=True, of=_recipients)
        )
        statement = (
            update(_recipients)
            .where(_recipients.c.id.in_(ready))
            .values(status="claimed", worker=worker, claimed_at=now)
            .returning(*_COLUMNS)
        )
        rows = (await self._write(statement)).all()
        return sorted((filled(RecipientRecord, row) for row in rows), key=lambda line: line.id)

    async def mark_sending(self, ids: Collection[int], worker: str) -> set[int]:
        """Commit to sending claimed lines; return which are still to be sent.

        Those whose founder stopped the topic meanwhile become "unsubscribed"; a line that was erased,
        cancelled or given back, or whose announcement is paused, is not among them.
        """
        mine = and_(
            _recipients.c.id.in_(tuple(ids)),
            _recipients.c.status == "claimed",
            _recipients.c.worker == worker,
        )
        stopped = update(_recipients).where(mine, _stopped_topic())
        await self._write(stopped.values(status="unsubscribed", finished_at=self._now()))
        statement = (
            update(_recipients)
            .where(mine, _recipients.c.chat.is_not(None), _being_sent())
            .values(status="sending")
            .returning(_recipients.c.id)
        )
        return {row.id for row in (await self._write(statement)).all()}

    async def record(self, outcomes: Sequence[RecipientOutcome]) -> None:
        """Write down what became of lines that were being sent; all others stay as they are."""
        if outcomes:
            await self._write(_RECORD, [_outcome(item) for item in outcomes])

    async def release(self, worker: str) -> int:
        """Give back what was claimed and not yet sent."""
        statement = update(_recipients).where(
            _recipients.c.status == "claimed", _recipients.c.worker == worker
        )
        return (await self._write(statement.values(status="pending", worker=None))).rowcount

    async def recover(self, channel: str, worker: str) -> dict[RecipientStatus, int]:
        """Take up what other senders left, for the new holder of their lease; see the module."""
        theirs = and_(
            _recipients.c.channel == channel,
            or_(_recipients.c.worker.is_(None), _recipients.c.worker != worker),
        )
        given_back = update(_recipients).where(_recipients.c.status == "claimed", theirs)
        unknown = update(_recipients).where(_recipients.c.status == "sending", theirs)
        back = await self._write(given_back.values(status="pending", worker=None))
        lost = await self._write(
            unknown.values(status="unknown", error_code="sender_died", finished_at=self._now())
        )
        return {"pending": back.rowcount, "unknown": lost.rowcount}

    async def cancel(self, announcement_id: int) -> int:
        """Let nobody else hear an announcement; return how many will not."""
        statement = update(_recipients).where(
            _recipients.c.announcement_id == announcement_id, _recipients.c.status.in_(("pending", "claimed"))
        )
        return (await self._write(statement.values(status="cancelled", finished_at=self._now()))).rowcount

    async def resend(self, announcement_id: int, statuses: Sequence[RecipientStatus]) -> int:
        """Send once more to lines that staff decided about; return how many."""
        allowed = tuple(set(statuses) & {"unknown", "failed"})
        statement = update(_recipients).where(
            _recipients.c.announcement_id == announcement_id,
            _recipients.c.status.in_(allowed),
            _recipients.c.chat.is_not(None),
        )
        values = {"status": "pending", "worker": None, "next_at": None, "finished_at": None}
        return (await self._write(statement.values(**values))).rowcount

    async def progress(self, announcement_id: int) -> dict[RecipientStatus, int]:
        """Count the lines by status."""
        statement = (
            select(_recipients.c.status, func.count().label("n"))
            .where(_recipients.c.announcement_id == announcement_id)
            .group_by(_recipients.c.status)
        )
        rows = await self._rows(statement)
        return {row.status: int(row.n) for row in rows}

    async def reasons(self, announcement_id: int) -> dict[tuple[RecipientStatus, str], int]:
        """Count the lines that were not delivered by status and error."""
        code = func.coalesce(_recipients.c.error_code, "")
        statement = (
            select(_recipients.c.status, code.label("code"), func.count().label("n"))
            .where(_recipients.c.announcement_id == announcement_id, _recipients.c.status != "sent")
            .group_by(_recipients.c.status, code)
        )
        rows = await self._rows(statement)
        return {(row.status, str(row.code)): int(row.n) for row in rows}

    async def unfinished(self, announcement_id: int) -> tuple[int, datetime | None]:
        """Say how many lines are open, and when the next that waits for another try is due."""
        waiting = _recipients.c.status == "pending"
        statement = select(
            func.count().label("n"),
            func.min(case((waiting, _recipients.c.next_at), else_=null())).label("due"),
        ).where(_recipients.c.announcement_id == announcement_id, _recipients.c.status.in_(_OPEN))
        row = await self._row(statement)
        return (0, None) if row is None else (int(row.n), row.due)

    async def page(
        self, announcement_id: int, *, after_id: int = 0, limit: int = 500
    ) -> list[RecipientRecord]:
        """List lines in order, a page at a time."""
        statement = (
            select(*_COLUMNS)
            .where(_recipients.c.announcement_id == announcement_id, _recipients.c.id > after_id)
            .order_by(_recipients.c.id)
            .limit(limit)
        )
        return [filled(RecipientRecord, row) for row in await self._rows(statement)]

    async def announcement_of(self, message_id: int) -> int | None:
        """Find which announcement a stored message is."""
        row = await self._row(
            select(_recipients.c.announcement_id).where(_recipients.c.message_id == message_id)
        )
        return None if row is None else int(row[0])


def _time() -> Any:
    return _recipients.c.finished_at.type


def _being_sent() -> ColumnElement[bool]:
    return exists().where(
        _announcements.c.id == _recipients.c.announcement_id, _announcements.c.status == "sending"
    )


def _stopped_topic() -> ColumnElement[bool]:
    return exists().where(
        _announcements.c.id == _recipients.c.announcement_id,
        _choices.c.founder_id == _recipients.c.founder_id,
        _choices.c.topic == _announcements.c.topic,
        _choices.c.subscribed.is_not(true()),
    )


def _outcome(outcome: RecipientOutcome) -> dict[str, Any]:
    return {
        "row_id": outcome.id,
        "outcome": outcome.status,
        "external": outcome.external_id,
        "code": outcome.error_code,
        "due": outcome.next_at,
        "ended": None if outcome.status == "pending" else outcome.at,
        "message": outcome.message_id,
    }
