"""What was said, both ways."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, func, insert, select, update

from storage.entries import NewAnnounced, NewIncoming, NewOutgoing
from storage.exports import ROWS, export_row
from storage.records import ExportRow, MessageRecord
from storage.repository import Params, Repository, columns, filled, named, table
from storage.tables import Conversation, Identity, Message, Words, clean_text

_messages, _conversations, _identities = table(Message), table(Conversation), table(Identity)
_COLUMNS = columns(Message, MessageRecord)
_ADD_INCOMING = insert(_messages).returning(*_COLUMNS)

_asked = _messages.alias("asked")
_ADD_OUTGOING = (
    insert(_messages)
    .values(
        founder_id=func.coalesce(
            select(_asked.c.founder_id).where(_asked.c.id == named("asked_id")).scalar_subquery(),
            select(_conversations.c.founder_id)
            .where(_conversations.c.id == named("chat_id"))
            .scalar_subquery(),
        )
    )
    .returning(*_COLUMNS)
)
_ADD_ANNOUNCED = insert(_messages).returning(_messages.c.id, sort_by_parameter_order=True)
_GET = select(*_COLUMNS).where(_messages.c.id == named("id"))
_VERSIONS = (
    select(*_COLUMNS)
    .where(
        _messages.c.conversation_id == named("conversation_id"),
        _messages.c.external_id == named("external_id"),
        _messages.c.direction == "in",
        _messages.c.kind != "button",
    )
    .order_by(_messages.c.id)
)
_RECENT = (
    select(*_COLUMNS)
    .where(_messages.c.conversation_id == named("conversation_id"))
    .order_by(_messages.c.id.desc())
    .limit(named("count"))
)
_WORDLESS = (
    select(_messages.c.id, _messages.c.text, _messages.c.conversation_id)
    .where(_messages.c.words.is_(None))
    .order_by(_messages.c.id)
    .limit(named("count"))
)
_GIVE_WORDS = (
    update(_messages)
    .where(_messages.c.id == named("row_id"), _messages.c.words.is_(None))
    .values(words=bindparam("found", type_=Words()))
)


class Messages(Repository):
    """Messages of founders and replies of the bot."""

    __slots__ = ()

    async def add_incoming(self, message: NewIncoming) -> MessageRecord:
        """Store a founder's message."""
        if message.names:
            self._scope.names.setdefault(message.conversation_id, message.names)
        return await self._add(
            message.conversation_id,
            {
                "founder_id": message.founder_id,
                "direction": "in",
                "external_id": message.external_id,
                "in_reply_to": None,
                "kind": message.kind,
                "text": message.text,
                "payload": dict(message.payload),
                "language": message.language,
                "created_at": message.received_at,
            },
        )

    async def add_outgoing(self, message: NewOutgoing) -> MessageRecord:
        """Store a reply; it belongs to the founder whose message it answers."""
        return await self._add(
            message.conversation_id,
            {
                "asked_id": message.in_reply_to,
                "chat_id": message.conversation_id,
                "direction": "out",
                "external_id": None,
                "in_reply_to": message.in_reply_to,
                "kind": message.kind,
                "text": message.text,
                "payload": dict(message.payload),
                "language": message.language,
                "created_at": self._now(),
            },
        )

    async def add_announced(self, messages: Sequence[NewAnnounced]) -> list[int]:
        """Store what was announced to founders, one message each; return their ids in the same order."""
        if not messages:
            return []
        now = self._now()
        rows = [
            {
                "conversation_id": message.conversation_id,
                "founder_id": message.founder_id,
                "direction": "out",
                "external_id": message.external_id,
                "in_reply_to": None,
                "kind": "announcement",
                "text": message.text,
                "payload": dict(message.payload),
                "language": message.language,
                "created_at": now,
            }
            for message in messages
        ]
        return [row.id for row in (await self._write(_ADD_ANNOUNCED, rows)).all()]

    async def get(self, message_id: int) -> MessageRecord | None:
        """Find one message by its id."""
        row = await self._row(_GET, {"id": message_id})
        return None if row is None else filled(MessageRecord, row)

    async def versions(self, conversation_id: int, external_id: str) -> list[MessageRecord]:
        """Return a founder's message and what it was edited to, the oldest first."""
        keys = {"conversation_id": conversation_id, "external_id": external_id}
        return [filled(MessageRecord, row) for row in await self._rows(_VERSIONS, keys)]

    async def recent(self, conversation_id: int, limit: int) -> list[MessageRecord]:
        """Return the last messages of a conversation, oldest first."""
        rows = await self._rows(_RECENT, {"conversation_id": conversation_id, "count": limit})
        return [filled(MessageRecord, row) for row in reversed(rows)]

    async def index(self, limit: int = 500) -> int:
        """Give words to messages that wait for them; returns how many those were, 0 when none is left."""
        segment = self._scope.segment
        if segment is None:
            return 0
        rows = await self._rows(_WORDLESS, {"count": limit})
        if rows:
            names = await self._names({row.conversation_id for row in rows})
            words = [
                {"row_id": row.id, "found": segment(row.text, names.get(row.conversation_id, ()))}
                for row in rows
            ]
            await self._write(_GIVE_WORDS, words)
        return len(rows)

    async def export(self, after_id: int = 0, limit: int = 500) -> list[ExportRow]:
        """Return the page of messages with ids above `after_id`; an empty page is the end."""
        return [export_row(row) for row in await self._rows(ROWS, {"after_id": after_id, "count": limit})]

    async def _add(self, conversation_id: int, values: Params) -> MessageRecord:
        if conversation_id in self._scope.erased_conversations:
            values = {**values, "kind": "erased", "text": "", "payload": {}, "external_id": None}
        values = {**values, "words": await self._words(conversation_id, clean_text(values["text"]))}
        statement = _ADD_OUTGOING if "asked_id" in values else _ADD_INCOMING
        result = await self._write(statement, {"conversation_id": conversation_id, **values})
        return filled(MessageRecord, result.one())

    async def _words(self, conversation_id: int, text: str) -> Collection[str] | None:
        segment, known = self._scope.segment, self._scope.names
        if segment is None:
            return None
        if text and conversation_id not in known:
            known[conversation_id] = (await self._names([conversation_id])).get(conversation_id, ())
        return segment(text, known.get(conversation_id, ()))

    async def _names(self, conversations: Collection[int]) -> dict[int, tuple[str, ...]]:
        rows = await self._rows(
            select(_conversations.c.id, _identities.c.name, _identities.c.username)
            .join(_identities, _identities.c.founder_id == _conversations.c.founder_id)
            .where(_conversations.c.id.in_(conversations))
        )
        found: dict[int, tuple[str, ...]] = {}
        for row in rows:
            found[row.id] = (*found.get(row.id, ()), *filter(None, (row.name, row.username)))
        return found
