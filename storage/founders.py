"""People: who wrote, in which language they want answers, and their right to see and to erase."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, insert, literal_column, select, update

from storage.announcement_records import StaffRecord
from storage.announcement_tables import Staff
from storage.application_opening import APPLICATIONS, COLUMNS, answers_of, opened, opened_by
from storage.entries import Sender
from storage.erasure import erase
from storage.holdings import held
from storage.merging import merge
from storage.records import ConversationRecord, ErasureReport, FounderRecord, Person
from storage.repository import INSERTS, Repository, columns, filled, named, table
from storage.tables import Conversation, Founder, Handover, Identity, clean_text

_founders, _identities, _conversations = table(Founder), table(Identity), table(Conversation)
_staff, _handovers = table(Staff), table(Handover)
_STAFF_COLUMNS = columns(Staff, StaffRecord)


def _in_hand(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Find the handover that a person has taken, by an index that holds the open ones only."""
    return (
        select(_handovers.c.id)
        .where(
            column == _conversations.c.id,
            _handovers.c.status == literal_column("'open'"),
            _handovers.c.taken_at.is_not(None),
        )
        .limit(1)
        .correlate(_conversations)
        .scalar_subquery()
    )


def _known(dialect: str) -> Select[Any]:
    return (
        select(
            _identities.c.id.label("identity_id"),
            _identities.c.name,
            _identities.c.username,
            _identities.c.language_hint,
            _founders.c.id.label("founder_id"),
            _founders.c.language,
            _founders.c.created_at,
            _conversations.c.id.label("conversation_id"),
            _conversations.c.founder_id.label("owner_id"),
            _conversations.c.pending,
            _conversations.c.interview,
            _conversations.c.blocked_at,
            *(column.label(f"staff_{column.name}") for column in _STAFF_COLUMNS),
            _in_hand(_handovers.c.conversation_id).label("handover"),
            _in_hand(_handovers.c.relay_id).label("relay"),
            *COLUMNS,
            answers_of(_founders.c.id, dialect),
        )
        .select_from(_identities)
        .join(_founders, _founders.c.id == _identities.c.founder_id)
        .outerjoin(
            _conversations,
            and_(_conversations.c.channel == named("channel"), _conversations.c.chat == named("chat")),
        )
        .outerjoin(_staff, and_(_staff.c.founder_id == _founders.c.id, _staff.c.disabled_at.is_(None)))
        .outerjoin(APPLICATIONS, opened_by(_founders.c.id))
        .where(_identities.c.channel == named("channel"), _identities.c.sender == named("sender"))
    )


KNOWN: Mapping[str, Select[Any]] = {dialect: _known(dialect) for dialect in INSERTS}
"""Who writes, in which chat, and the application that the chat is in; by dialect."""


class Founders(Repository):
    """Founders and their channel identities."""

    __slots__ = ()

    async def get(self, founder_id: int) -> FounderRecord | None:
        """Find a founder by their id; None for one who is erased, or merged into another."""
        row = await self._row(
            select(*columns(Founder, FounderRecord)).where(
                _founders.c.id == founder_id,
                _founders.c.erased_at.is_(None),
                _founders.c.merged_into.is_(None),
            )
        )
        return None if row is None else filled(FounderRecord, row)

    async def find(self, sender: Sender) -> Person | None:
        """Look up who wrote, reading only; None when `identify` has something to write.

        That is: an unknown sender or chat, or a name, username or language hint that has changed.
        """
        row = await self._known(sender)
        return None if row is None or not _up_to_date(row, sender) else _person(row, sender)

    async def identify(self, sender: Sender) -> Person:
        """Get or create the founder, the identity and the conversation of a sender."""
        row = await self._known(sender)
        if row is not None and _up_to_date(row, sender):
            return _person(row, sender)
        if row is None:
            founder_id = await self._add(sender)
        else:
            founder_id = row.founder_id
            await self._describe(row.identity_id, sender)
        if row is None or row.conversation_id is None:
            await self._converse(founder_id, sender)
        row = await self._known(sender)
        assert row is not None
        return _person(row, sender)

    async def set_language(self, founder_id: int, language: str | None) -> None:
        """Remember the language chosen by hand; None goes back to following the messages."""
        await self._write(update(_founders).where(_founders.c.id == founder_id).values(language=language))

    async def mark_blocked(self, channel: str, chat: str, at: datetime | None) -> None:
        """Note since when a chat refuses the bot; None when it takes messages again."""
        await self._write(
            update(_conversations)
            .where(_conversations.c.channel == channel, _conversations.c.chat == chat)
            .values(blocked_at=at)
        )

    async def held(self, founder_id: int) -> dict[str, Any]:
        """Collect everything held about a founder, as JSON-able values."""
        return await held(self, founder_id)

    async def erase(self, founder_id: int) -> ErasureReport:
        """Erase a founder's words and identity; the next message of the same person is a stranger's.

        Whatever is added in the same unit of work afterwards for their conversation is stored without
        words, and its outbox row forgets the chat once delivered. Updates not yet handled stay: they
        were sent after the request, and lose their contents when they are handled.
        """
        return await erase(self, self._scope, founder_id)

    async def merge(self, from_id: int, into_id: int) -> bool:
        """Let one founder take over everything of another, because they are the same person.

        Identities, chats, messages, applications, memberships, judgments, codes and files move, so that a
        message from either chat is the same founder's; the emptied row stays, marked. False, and nothing
        has changed, when both own a draft, or one of them is erased or merged already.
        """
        return await merge(self, from_id, into_id)

    async def _known(self, sender: Sender) -> Row[Any] | None:
        keys = {"channel": sender.channel, "sender": sender.sender, "chat": sender.chat}
        return await self._row(KNOWN[self._scope.place.dialect], keys)

    async def _add(self, sender: Sender) -> int:
        now = self._now()
        founder = await self._write(insert(_founders).values(created_at=now).returning(_founders.c.id))
        founder_id: int = founder.scalar_one()
        statement = self._insert(Identity).values(
            founder_id=founder_id,
            channel=sender.channel,
            sender=sender.sender,
            name=sender.name,
            username=sender.username,
            language_hint=sender.language_hint,
            created_at=now,
        )
        added = await self._write(statement.on_conflict_do_nothing().returning(_identities.c.id))
        if added.first() is not None:
            return founder_id
        # Another process met the same person in the same moment: theirs stays.
        await self._write(_founders.delete().where(_founders.c.id == founder_id))
        row = await self._known(sender)
        assert row is not None
        return int(row.founder_id)

    async def _describe(self, identity_id: int, sender: Sender) -> None:
        await self._write(
            update(_identities)
            .where(_identities.c.id == identity_id)
            .values(name=sender.name, username=sender.username, language_hint=sender.language_hint)
        )

    async def _converse(self, founder_id: int, sender: Sender) -> None:
        statement = self._insert(Conversation).values(
            founder_id=founder_id, channel=sender.channel, chat=sender.chat, created_at=self._now()
        )
        await self._write(statement.on_conflict_do_nothing())


def _up_to_date(row: Row[Any], sender: Sender) -> bool:
    described = (row.name, row.username, row.language_hint)
    name, username, hint = sender.name, sender.username, sender.language_hint
    wanted = (clean_text(name), username and clean_text(username), hint and clean_text(hint))
    return row.conversation_id is not None and described == wanted


def _person(row: Row[Any], sender: Sender) -> Person:
    return Person(
        founder=FounderRecord(id=row.founder_id, language=row.language, created_at=row.created_at),
        identity_id=row.identity_id,
        conversation=ConversationRecord(
            id=row.conversation_id,
            channel=sender.channel,
            chat=sender.chat,
            founder_id=row.owner_id,
            pending=row.pending,
            interview=row.interview,
            blocked_at=row.blocked_at,
        ),
        staff=None if row.staff_id is None else _member(row),
        handover=row.handover,
        relay=row.relay,
        opened=opened(row),
    )


def _member(row: Row[Any]) -> StaffRecord:
    return StaffRecord(**{column.name: row._mapping[f"staff_{column.name}"] for column in _STAFF_COLUMNS})
