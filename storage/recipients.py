"""The ledger of announcements: one line a founder, from "pending" to what became of it.

Only the holder of the sending lease claims lines. A line is marked "sending" and committed before its request
goes out: after a crash those are "unknown", since nobody can tell whether the network had them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from storage.tables import Conversation, Founder

_recipients, _announcements, _choices = table(Recipient), table(Announcement), table(TopicChoice)
_founders, _conversations = table(Founder), table(Conversation)
_COLUMNS = columns(Recipient, RecipientRecord)
_OPEN = ("pending", "claimed", "sending")
SENDER_DIED = "sender_died"
_RECORD = (
    update(_recipients)
    .where(_recipients.c.id == bindparam("row_id"))
    .values(
        status=bindparam("outcome"),
        attempts=_recipients.c.attempts + bindparam("tries"),
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

    async def preview(
        self, audience: Audience, topic: str | None, channels: Sequence[str]
    ) -> dict[tuple[str, str], int]:
        """Count whom an audience names by what would become of them and by language.

        "pending" will be written to, the other keys say why not; the language is "" where none is known.
        """
        people = recipients_of(audience, topic, channels).subquery()
        reason = func.coalesce(people.c.reason, "pending")
        language = func.coalesce(people.c.language, "")
        statement = select(reason.label("reason"), language.label("language"), func.count().label("n"))
        rows = await self._rows(statement.select_from(people).group_by(reason, language))
        return {(str(row.reason), str(row.language)): int(row.n) for row in rows}

    async def expand(
        self, announcement_id: int, audience: Audience, topic: str | None, channels: Sequence[str]
    ) -> int:
        """Write the lines of an announcement, also of those who will not be written to; return how many.

        Only those who erased themselves get none.
        """
        people = recipients_of(audience, topic, channels).subquery()
        ended = case((people.c.reason.is_(None), null()), else_=literal(self._now(), type_=_time()))
        lines = (
            select(
                literal(announcement_id),
                people.c.founder_id,
                people.c.conversation_id,
                people.c.channel,
                people.c.chat,
                people.c.language,
                func.coalesce(people.c.reason, "pending"),
                literal(0),
                ended,
            )
            .where(func.coalesce(people.c.reason, "") != "erased")
            .order_by(people.c.founder_id)
        )
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
            # Read once: as a plain subquery PostgreSQL may run it again for every row, without the limit.
            .cte("ready")
        )
        statement = (
            update(_recipients)
            .where(_recipients.c.id.in_(select(ready.c.id)))
            .values(status="claimed", worker=worker, claimed_at=now)
            .returning(*_COLUMNS)
        )
        rows = (await self._write(statement)).all()
        return sorted((filled(RecipientRecord, row) for row in rows), key=lambda line: line.id)

    async def mark_sending(self, ids: Collection[int], worker: str) -> set[int]:
        """Commit to sending claimed lines; return which are still to be sent.

        Those whose founder stopped the topic, blocked the bot or is gone meanwhile become "unsubscribed",
        "blocked" or "erased"; a line that was cancelled or given back, or whose announcement is paused, is
        not among them. Asked again after a lost commit it says the same.
        """
        mine = and_(
            _recipients.c.id.in_(tuple(ids)),
            _recipients.c.status.in_(("claimed", "sending")),
            _recipients.c.worker == worker,
        )
        reasons = (("unsubscribed", _stopped_topic()), ("blocked", _blocked()), ("erased", _gone()))
        why = case(*((reason, status) for status, reason in reasons))
        withheld = update(_recipients).where(mine, or_(*(reason for _, reason in reasons)))
        await self._write(withheld.values(status=why, finished_at=self._now()))
        statement = (
            update(_recipients)
            .where(mine, _being_sent())
            .values(status="sending")
            .returning(_recipients.c.id)
        )
        return {row.id for row in (await self._write(statement)).all()}

    async def in_flight(self, ids: Collection[int], worker: str) -> dict[int, int | None]:
        """Lock the lines whose outcome is missing; return whose they are now, None for who erased themselves.

        Those that a successor of this worker gave up for unknown count as well: their outcome is known now.
        """
        given_up = and_(_recipients.c.status == "unknown", _recipients.c.error_code == SENDER_DIED)
        statement = select(_recipients.c.id, _recipients.c.founder_id, _recipients.c.chat).where(
            _recipients.c.id.in_(tuple(ids)),
            _recipients.c.worker == worker,
            or_(_recipients.c.status == "sending", given_up),
        )
        rows = await self._rows(statement.order_by(_recipients.c.id).with_for_update())
        return {row.id: None if row.chat is None else int(row.founder_id) for row in rows}

    async def record(self, outcomes: Sequence[RecipientOutcome]) -> None:
        """Write down what became of lines, which `in_flight` named in the same unit of work."""
        if not outcomes:
            return
        await self._write(_RECORD, [_outcome(item) for item in outcomes])
        if again := [item.id for item in outcomes if item.status == "pending"]:
            too_late = update(_recipients).where(_recipients.c.id.in_(again), _cancelled())
            await self._write(too_late.values(status="cancelled", finished_at=self._now()))

    async def release(self, worker: str, ids: Collection[int] | None = None) -> int:
        """Give back what was claimed and not yet sent, all of it or these lines."""
        statement = update(_recipients).where(
            _recipients.c.status == "claimed", _recipients.c.worker == worker
        )
        if ids is not None:
            statement = statement.where(_recipients.c.id.in_(tuple(ids)))
        return (await self._write(statement.values(status="pending", worker=None))).rowcount

    async def recover(self, channel: str, worker: str | None = None) -> dict[RecipientStatus, int]:
        """Take up what other senders left, or all without a worker, who sends nothing; see the module.

        Only the holder of the channel's sending lease may do so.
        """
        theirs = _recipients.c.channel == channel
        if worker is not None:
            theirs = and_(theirs, or_(_recipients.c.worker.is_(None), _recipients.c.worker != worker))
        given_back = update(_recipients).where(_recipients.c.status == "claimed", theirs)
        unknown = update(_recipients).where(_recipients.c.status == "sending", theirs)
        back = await self._write(given_back.values(status="pending", worker=None))
        lost = await self._write(
            unknown.values(status="unknown", error_code=SENDER_DIED, finished_at=self._now())
        )
        return {"pending": back.rowcount, "unknown": lost.rowcount}

    async def cancel(self, announcement_id: int) -> int:
        """Let nobody else hear an announcement; return how many will not."""
        statement = update(_recipients).where(
            _recipients.c.announcement_id == announcement_id, _recipients.c.status.in_(("pending", "claimed"))
        )
        return (await self._write(statement.values(status="cancelled", finished_at=self._now()))).rowcount

    async def resend(
        self, announcement_id: int, statuses: Sequence[RecipientStatus], ids: Collection[int] | None = None
    ) -> int:
        """Send once more to "unknown" or "failed" lines, all or these, as staff decided; return how many.

        A finished announcement must be opened again, see `Announcements.reopen`.
        """
        allowed = tuple(set(statuses) & {"unknown", "failed"})
        statement = update(_recipients).where(
            _recipients.c.announcement_id == announcement_id,
            _recipients.c.status.in_(allowed),
            _recipients.c.chat.is_not(None),
        )
        if ids is not None:
            statement = statement.where(_recipients.c.id.in_(tuple(ids)))
        values = {
            "status": "pending",
            "worker": None,
            "attempts": 0,
            "next_at": None,
            "error_code": None,
            "finished_at": None,
        }
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

    async def open_lines(self, announcement_id: int) -> dict[str, int]:
        """Count by channel the lines that are neither sent nor given up."""
        channel = func.coalesce(_recipients.c.channel, "")
        statement = (
            select(channel.label("key"), func.count().label("n"))
            .where(_recipients.c.announcement_id == announcement_id, _recipients.c.status.in_(_OPEN))
            .group_by(channel)
        )
        return {str(row.key): int(row.n) for row in await self._rows(statement)}

    async def give_up(self, announcement_id: int, channel: str, code: str) -> int:
        """Let lines fail that nobody has begun to send, because of their channel; return how many."""
        statement = update(_recipients).where(
            _recipients.c.announcement_id == announcement_id,
            _recipients.c.channel == channel,
            _recipients.c.status.in_(("pending", "claimed")),
        )
        values = {"status": "failed", "error_code": code, "finished_at": self._now()}
        return (await self._write(statement.values(**values))).rowcount

    async def page(
        self,
        announcement_id: int,
        *,
        after_id: int = 0,
        limit: int = 500,
        statuses: Sequence[RecipientStatus] = (),
    ) -> list[RecipientRecord]:
        """List lines in order, a page at a time, all or those with these statuses."""
        statement = select(*_COLUMNS).where(
            _recipients.c.announcement_id == announcement_id, _recipients.c.id > after_id
        )
        if statuses:
            statement = statement.where(_recipients.c.status.in_(tuple(statuses)))
        rows = await self._rows(statement.order_by(_recipients.c.id).limit(limit))
        return [filled(RecipientRecord, row) for row in rows]

    async def of(self, announcement_id: int, founder_id: int) -> RecipientRecord | None:
        """Find the line of one founder; None for who is not addressed."""
        row = await self._row(
            select(*_COLUMNS).where(
                _recipients.c.announcement_id == announcement_id, _recipients.c.founder_id == founder_id
            )
        )
        return None if row is None else filled(RecipientRecord, row)

    async def announcement_of(self, message_id: int) -> int | None:
        """Find which announcement a stored message is."""
        row = await self._row(
            select(_recipients.c.announcement_id).where(_recipients.c.message_id == message_id)
        )
        return None if row is None else int(row[0])

    async def announcement_at(self, founder_id: int, conversation_id: int, external_id: str) -> int | None:
        """Find which announcement a founder has under one of the network's ids in a chat."""
        rows = await self._rows(
            select(_recipients.c.announcement_id, _recipients.c.external_id)
            .where(
                _recipients.c.founder_id == founder_id,
                _recipients.c.conversation_id == conversation_id,
                _recipients.c.external_id.is_not(None),
            )
            .order_by(_recipients.c.id.desc())
        )
        found = (row.announcement_id for row in rows if external_id in row.external_id.split())
        return next((int(number) for number in found), None)


def _time() -> Any:
    return _recipients.c.finished_at.type


def _being_sent() -> ColumnElement[bool]:
    return exists().where(
        _announcements.c.id == _recipients.c.announcement_id, _announcements.c.status == "sending"
    )


def _cancelled() -> ColumnElement[bool]:
    return exists().where(
        _announcements.c.id == _recipients.c.announcement_id, _announcements.c.status == "cancelled"
    )


def _stopped_topic() -> ColumnElement[bool]:
    return exists().where(
        _announcements.c.id == _recipients.c.announcement_id,
        _choices.c.founder_id == _recipients.c.founder_id,
        _choices.c.topic == _announcements.c.topic,
        _choices.c.subscribed.is_not(true()),
    )


def _blocked() -> ColumnElement[bool]:
    return exists().where(
        _conversations.c.id == _recipients.c.conversation_id, _conversations.c.blocked_at.is_not(None)
    )


def _gone() -> ColumnElement[bool]:
    erased = exists().where(_founders.c.id == _recipients.c.founder_id, _founders.c.erased_at.is_not(None))
    return or_(_recipients.c.chat.is_(None), erased)


def _outcome(outcome: RecipientOutcome) -> dict[str, Any]:
    return {
        "row_id": outcome.id,
        "outcome": outcome.status,
        "external": outcome.external_id,
        "code": outcome.error_code,
        "due": outcome.next_at,
        "tries": 0 if outcome.waited else 1,
        "ended": None if outcome.status == "pending" else outcome.at,
        "message": outcome.message_id,
    }
