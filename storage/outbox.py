"""Replies to deliver, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)

from storage.entries import NewOutbox, Outcome
from storage.records import OutboxRecord
from storage.repository import Repository, columns, filled, named, table
from storage.tables import Handover, Message, UtcTime
from storage.tables import Outbox as OutboxTable
from storage.workers import owned_by_the_living

_outbox, _messages, _handovers = table(OutboxTable), table(Message), table(Handover)
_COLUMNS = columns(OutboxTable, OutboxRecord)
_UNSENT = ("pending", "sending")
HELD_BACK = "person_took_over"
"""The error code of an answer that was not sent because a person had the conversation by then."""

_ADD = insert(_outbox).returning(*_COLUMNS)
_IN_HAND = (
    exists()
    .where(
        _handovers.c.conversation_id == named("conversation"),
        _handovers.c.status == literal_column("'open'"),
        _handovers.c.taken_at.is_not(None),
    )
    .correlate(None)
)
_ADD_UNLESS_IN_HAND = (
    insert(_outbox)
    .values(
        status=case((_IN_HAND, "failed"), else_=named("wanted")),
        error_code=case((_IN_HAND, HELD_BACK), else_=null()),
        finished_at=case((_IN_HAND, bindparam("moment", type_=UtcTime())), else_=null()),
    )
    .returning(*_COLUMNS)
)
"""The same statement stores and decides: between the two nobody can take the conversation over."""
# Spelled out, because an IN list cannot be part of a statement that runs for many rows at once.
_STILL_OPEN = or_(_outbox.c.status == "pending", _outbox.c.status == "sending")
_MARK = update(_outbox).where(_outbox.c.id == named("row_id"), _STILL_OPEN)
_FINISH = _MARK.values(
    status=named("outcome"),
    attempts=_outbox.c.attempts + 1,
    external_id=named("external"),
    error_code=named("code"),
    finished_at=named("at"),
    payload=None,
    # A reply without a stored message is one that must leave no trace, such as the last word after /forget.
    chat=case((_outbox.c.message_id.is_(None), null()), else_=_outbox.c.chat),
)
_RETRY = _MARK.values(
    status="pending", attempts=_outbox.c.attempts + 1, error_code=named("code"), next_at=named("due")
)
_HELD = (
    select(_outbox.c.id)
    .join(_messages, _messages.c.id == _outbox.c.message_id)
    .join(
        _handovers,
        and_(
            _handovers.c.conversation_id == _messages.c.conversation_id,
            _handovers.c.status == literal_column("'open'"),
        ),
    )
    .where(
        _outbox.c.id.in_(bindparam("ids", expanding=True)),
        # What the bot says of itself, such as a notice, answers nothing; what it says after the take-over
        # is what it says in spite of it, such as the answer to /forget.
        _messages.c.kind == "reply",
        _messages.c.in_reply_to.is_not(None),
        _handovers.c.taken_at >= _outbox.c.created_at,
    )
)


class Outbox(Repository):
    """Deliveries: "sending" rows belong to their worker, "pending" ones to whoever looks next."""

    __slots__ = ()

    async def add(self, reply: NewOutbox) -> OutboxRecord:
        """Put a reply in the outbox, in the unit of work that stores it as a message."""
        erased = (reply.channel, reply.chat) in self._scope.erased_chats
        values = {
            "message_id": None if erased else reply.message_id,
            "channel": reply.channel,
            "chat": reply.chat,
            "payload": dict(reply.payload),
            "status": "sending" if reply.sending else "pending",
            "worker": reply.worker,
            "attempts": 0,
            "created_at": self._now(),
        }
        if reply.unless_in_hand is None:
            return filled(OutboxRecord, (await self._write(_ADD, values)).one())
        wanted = {
            "wanted": values.pop("status"),
            "conversation": reply.unless_in_hand,
            "moment": values["created_at"],
        }
        return filled(OutboxRecord, (await self._write(_ADD_UNLESS_IN_HAND, {**values, **wanted})).one())

    async def held_back(self, ids: Collection[int]) -> set[int]:
        """Return those of the bot's answers that a person took the conversation over from since."""
        rows = await self._rows(_HELD, {"ids": list(ids)})
        return {row.id for row in rows}

    async def mark_many(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes; a final one drops the contents, which the message keeps.

        Rows that are final already, or were erased meanwhile, stay as they are.
        """
        final = [_finished(outcome) for outcome in outcomes if outcome.status != "retry"]
        later = [
            {"row_id": outcome.id, "code": outcome.error_code, "due": outcome.next_at}
            for outcome in outcomes
            if outcome.status == "retry"
        ]
        if final:
            await self._write(_FINISH, final)
        if later:
            await self._write(_RETRY, later)

    async def pending(self, channel: str, worker: str, dead_before: datetime) -> list[OutboxRecord]:
        """Claim what is due and in nobody's hands, oldest first; the rows are then this worker's to send.

        Due are "pending" rows whose time has come and rows that a dead worker left in "sending". A reply
        waits as long as an older one of its chat is unsent and cannot be claimed, so order is kept.
        `worker` must be registered, or a second process would take the same rows again.
        """
        older = _outbox.alias("older")
        now = self._now()
        blocked = exists().where(
            older.c.channel == _outbox.c.channel,
            older.c.chat == _outbox.c.chat,
            older.c.id < _outbox.c.id,
            older.c.status.in_(_UNSENT),
            ~_claimable(older, now, dead_before),
        )
        statement = (
            update(_outbox)
            .where(_outbox.c.channel == channel, _outbox.c.status.in_(_UNSENT))
            .where(_claimable(_outbox, now, dead_before), ~blocked)
            .values(status="sending", worker=worker)
            .returning(*_COLUMNS)
        )
        rows = (await self._write(statement)).all()
        return sorted((filled(OutboxRecord, row) for row in rows), key=lambda record: record.id)

    async def in_doubt(self, channel: str, dead_before: datetime) -> set[int]:
        """Return the replies that a dead worker may have sent without recording it: one a chat at most.

        To be asked before `pending`, after which they look like all others.
        """
        rows = await self._rows(
            select(func.min(_outbox.c.id).label("id"))
            .where(_outbox.c.channel == channel, _outbox.c.status == "sending")
            .where(~owned_by_the_living(_outbox.c.worker, dead_before))
            .group_by(_outbox.c.chat)
        )
        return {row.id for row in rows}

    async def earlier_unsent(self, record: OutboxRecord) -> bool:
        """Say whether an older reply of the same chat has not been sent yet, by anybody."""
        statement = select(
            exists().where(
                _outbox.c.channel == record.channel,
                _outbox.c.chat == record.chat,
                _outbox.c.id < record.id,
                _outbox.c.status.in_(_UNSENT),
            )
        )
        row = await self._row(statement)
        return bool(row and row[0])

    async def waiting_for(self, channel: str, chat: str) -> bool:
        """Say whether anything for a chat has not been sent yet."""
        statement = select(
            exists().where(
                _outbox.c.channel == channel, _outbox.c.chat == chat, _outbox.c.status.in_(_UNSENT)
            )
        )
        row = await self._row(statement)
        return bool(row and row[0])

    async def sent_as(self, message_ids: Collection[int], external_id: str) -> int | None:
        """Return which of these messages the network knows by that id; None for none of them."""
        row = await self._row(
            select(_outbox.c.message_id).where(
                _outbox.c.message_id.in_(message_ids), _outbox.c.external_id == external_id
            )
        )
        return None if row is None else int(row.message_id)

    async def whereabouts(self, message_id: int) -> tuple[str, str, str] | None:
        """Say in which channel and chat, and under which of the network's ids, a sent message is."""
        row = await self._row(
            select(_outbox.c.channel, _outbox.c.chat, _outbox.c.external_id).where(
                _outbox.c.message_id == message_id,
                _outbox.c.chat.is_not(None),
                _outbox.c.external_id.is_not(None),
            )
        )
        return None if row is None else (row.channel, row.chat, row.external_id)

    async def moved(self, message_id: int, before: str, now: str) -> None:
        """Note that the network shows a message under another id from now on."""
        await self._write(
            update(_outbox)
            .where(_outbox.c.message_id == message_id, _outbox.c.external_id == before)
            .values(external_id=now)
        )

    async def counts(self) -> dict[str, int]:
        """Count deliveries by status; a status nobody has is left out."""
        rows = await self._rows(
            select(_outbox.c.status, func.count().label("number")).group_by(_outbox.c.status)
        )
        return {row.status: row.number for row in rows}


def _claimable(source: FromClause, now: datetime, dead_before: datetime) -> ColumnElement[bool]:
    due = or_(source.c.next_at.is_(None), source.c.next_at <= now)
    left = and_(source.c.status == "sending", ~owned_by_the_living(source.c.worker, dead_before))
    return or_(and_(source.c.status == "pending", due), left)


def _finished(outcome: Outcome) -> dict[str, Any]:
    return {
        "row_id": outcome.id,
        "outcome": outcome.status,
        "external": outcome.external_id,
        "code": outcome.error_code,
        "at": outcome.at,
    }
