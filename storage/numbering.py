"""The network's numbers of messages around a reply of which nobody knows whether it went out.

A network that recognizes replies draws the numbers of all its private chats from one growing sequence, so
that a number tells before and after across chats. Chats that begin with "-" are groups, which do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from storage.announcement_tables import Announcement, Recipient
from storage.outbox import HELD_BACK
from storage.records import OutboxRecord
from storage.repository import Repository, private, table
from storage.tables import Conversation, Message
from storage.tables import Outbox as OutboxTable

_outbox, _messages, _conversations = table(OutboxTable), table(Message), table(Conversation)
_recipients, _announcements = table(Recipient), table(Announcement)
_REACH = 500
"""How many rows back the numbers are looked for; a chat that was silent for longer tells nothing more."""
_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Every message up to number `floor` was there before the reply; `known` are others above it.

    The reply went out after `since`, if it did.
    """

    floor: int
    known: frozenset[int]
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered:
    number: int
    at: datetime


class Numbering(Repository):
    """Looks numbers up; changes nothing."""

    __slots__ = ()

    async def around(self, record: OutboxRecord, *, before: datetime) -> Surroundings | None:
        """Say between which numbers a reply may be that went out before that moment; None: it cannot be told.

        It cannot while another message in its chat is in doubt, too.
        """
        if record.message_id is None:
            return None  # one that leaves no trace
        told, previous = await self._previous(record, before)
        since = max([record.created_at, *(item.at for item in previous)])
        if not told or await self.announced(record, since) is None:
            return None
        sent = [*await self._replies(record), *await self._announcements(record, since)]
        written = await self._written(record)
        earlier = [item.number for item in sent if item.at <= since]
        earlier += [number for row_id, number in written if row_id < record.message_id]
        if not earlier:
            return None
        floor = max(earlier)
        numbers = {number for _, number in written} | {item.number for item in sent}
        known = frozenset(number for number in numbers if number > floor)
        return Surroundings(floor=floor, known=known, since=since)

    async def announced(self, record: OutboxRecord, since: datetime) -> set[int] | None:
        """Return the numbers of what was announced in the chat of a reply; None while some are in doubt."""
        founder = select(_conversations.c.founder_id).where(
            _conversations.c.channel == record.channel, _conversations.c.chat == record.chat
        )
        rows = await self._rows(
            select(_recipients.c.status, _recipients.c.external_id).where(
                _recipients.c.founder_id.in_(founder),
                _recipients.c.chat == record.chat,
                _recipients.c.status.in_(("sending", "unknown", "sent")),
                or_(_recipients.c.finished_at.is_(None), _recipients.c.finished_at >= since),
            )
        )
        if any(row.status != "sent" for row in rows):
            return None
        return {number for row in rows for number in _numbers(row.external_id)}

    async def _previous(self, record: OutboxRecord, before: datetime) -> tuple[bool, list[_Numbered]]:
        """Find the last reply before this one in its chat; False when one between may have left messages."""
        rows = await self._rows(
            select(_outbox.c.status, _outbox.c.error_code, _outbox.c.external_id, _outbox.c.finished_at)
            .where(_outbox.c.channel == record.channel, _outbox.c.chat == record.chat)
            .where(_outbox.c.id < record.id, _outbox.c.id > record.id - _REACH)
            .order_by(_outbox.c.id.desc())
        )
        for row in rows:
            if row.finished_at is not None and row.finished_at >= before:
                continue  # a late one that went out only now
            if row.status == "sent":
                if found := list(_numbers(row.external_id)):
                    return True, [_Numbered(number=max(found), at=row.finished_at)]
            elif row.error_code != HELD_BACK:
                return False, []
        return True, []

    async def _replies(self, record: OutboxRecord) -> list[_Numbered]:
        rows = await self._rows(
            select(_outbox.c.external_id, _outbox.c.finished_at).where(
                _outbox.c.channel == record.channel,
                _outbox.c.id > record.id - _REACH,
                _outbox.c.external_id.is_not(None),
                private(_outbox.c.chat),
            )
        )
        return list(_numbered(rows))

    async def _written(self, record: OutboxRecord) -> list[tuple[int, int]]:
        """Return what founders wrote, as rows of ours and numbers of the network's."""
        rows = await self._rows(
            select(_messages.c.id, _messages.c.external_id)
            .join(_conversations, _conversations.c.id == _messages.c.conversation_id)
            .where(
                _messages.c.id > (record.message_id or 0) - _REACH,
                _messages.c.direction == "in",
                _messages.c.kind != "button",
                _conversations.c.channel == record.channel,
                private(_conversations.c.chat),
            )
        )
        return [(row.id, number) for row in rows for number in _numbers(row.external_id)]

    async def _announcements(self, record: OutboxRecord, since: datetime) -> list[_Numbered]:
        lately = select(_announcements.c.id).where(
            _announcements.c.started_at.is_not(None),
            or_(_announcements.c.finished_at.is_(None), _announcements.c.finished_at >= since - _LATELY),
        )
        rows = await self._rows(
            select(_recipients.c.external_id, _recipients.c.finished_at).where(
                _recipients.c.announcement_id.in_(lately),
                _recipients.c.channel == record.channel,
                _recipients.c.external_id.is_not(None),
                _recipients.c.finished_at.is_not(None),
                private(_recipients.c.chat),
            )
        )
        return list(_numbered(rows))


def _numbered(rows: Iterable[Any]) -> Iterator[_Numbered]:
    for row in rows:
        for number in _numbers(row.external_id):
            yield _Numbered(number=number, at=row.finished_at)


def _numbers(external_id: str | None) -> Iterator[int]:
    return (int(word) for word in (external_id or "").split() if word.isdecimal())
