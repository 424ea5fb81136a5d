"""Chats, and the small state between two messages of one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select, update

from storage.records import ConversationRecord, Payload
from storage.repository import Repository, Scope, columns, filled, named, private, table
from storage.tables import CleanJson, Conversation, Message

_conversations, _messages = table(Conversation), table(Message)
_COLUMNS = columns(Conversation, ConversationRecord)
_SET_INTERVIEW = (
    update(_conversations)
    .where(_conversations.c.id == named("chat_id"))
    .values(interview=bindparam("interview", type_=CleanJson()))
)


class Conversations(Repository):
    """Conversations, keyed by channel and chat."""

    __slots__ = ()

    async def get(self, channel: str, chat: str) -> ConversationRecord | None:
        """Find the conversation of a chat."""
        row = await self._row(
            select(*_COLUMNS).where(_conversations.c.channel == channel, _conversations.c.chat == chat)
        )
        return None if row is None else filled(ConversationRecord, row)

    async def by_id(self, conversation_id: int) -> ConversationRecord | None:
        """Find a conversation by its number; None for one that is erased."""
        row = await self._row(
            select(*_COLUMNS).where(
                _conversations.c.id == conversation_id, _conversations.c.chat.is_not(None)
            )
        )
        return None if row is None else filled(ConversationRecord, row)

    async def set_pending(self, conversation_id: int, pending: Payload | None) -> None:
        """Remember what the next message would complete; None forgets it."""
        value = None if conversation_id in self._scope.erased_conversations else pending
        await self._write(
            update(_conversations)
            .where(_conversations.c.id == conversation_id)
            .values(pending=None if value is None else dict(value))
        )

    async def set_interview(self, conversation_id: int, interview: Payload | None) -> None:
        """Remember where the chat stands in an application; None leaves the interview."""
        value = standing_at(self._scope, conversation_id, interview)
        await self._write_along(_SET_INTERVIEW, {"chat_id": conversation_id, "interview": value})

    async def of(self, founder_id: int) -> list[ConversationRecord]:
        """List the private chats of a founder, the oldest first."""
        rows = await self._rows(
            select(*_COLUMNS)
            .where(
                _conversations.c.founder_id == founder_id,
                _conversations.c.chat.is_not(None),
                private(_conversations.c.chat),
            )
            .order_by(_conversations.c.id)
        )
        return [filled(ConversationRecord, row) for row in rows]

    async def latest_of(self, founder_id: int) -> ConversationRecord | None:
        """Find the private chat with a founder's newest message, among those that take messages."""
        newest = (
            select(func.max(_messages.c.id))
            .where(_messages.c.conversation_id == _conversations.c.id)
            .scalar_subquery()
        )
        row = await self._row(
            select(*_COLUMNS)
            .where(
                _conversations.c.founder_id == founder_id,
                _conversations.c.chat.is_not(None),
                private(_conversations.c.chat),
                _conversations.c.blocked_at.is_(None),
            )
            .order_by(func.coalesce(newest, 0).desc(), _conversations.c.id.desc())
            .limit(1)
        )
        return None if row is None else filled(ConversationRecord, row)


def standing_at(scope: Scope, chat: int | None, interview: Payload | None) -> dict[str, Any] | None:
    """Return what a chat may remember of an interview: nothing when it was erased in this unit of work."""
    forgotten = interview is None or chat in scope.erased_conversations
    return None if forgotten else dict(interview or {})
