"""Chats, and the small state between two messages of one."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.records import ConversationRecord, Payload
from storage.repository import Repository, columns, filled, table
from storage.tables import Conversation

_conversations = table(Conversation)


class Conversations(Repository):
    """Conversations, keyed by channel and chat."""

    __slots__ = ()

    async def get(self, channel: str, chat: str) -> ConversationRecord | None:
        """Find the conversation of a chat."""
        row = await self._row(
            select(*columns(Conversation, ConversationRecord)).where(
                _conversations.c.channel == channel, _conversations.c.chat == chat
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
