"""Conversations message by message, with how each answer came about and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select

from storage.records import MessageRecord, TraceRecord
from storage.repository import Repository, columns, filled, table
from storage.review_records import TranscriptMessage
from storage.tables import Conversation, Feedback, Message, Outbox, Trace

_messages, _traces, _feedback = table(Message), table(Trace), table(Feedback)
_outbox, _conversations = table(Outbox), table(Conversation)
_MESSAGE = columns(Message, MessageRecord)
_TRACE = columns(Trace, TraceRecord)


class Transcripts(Repository):
    """Messages of conversations that are not erased."""

    __slots__ = ()

    async def page(
        self, conversation_id: int, *, before: int = 0, after: int = 0, limit: int = 50
    ) -> list[TranscriptMessage]:
        """Return messages in order: the newest ones, those before a message, or those after one."""
        statement = _of(conversation_id)
        if before:
            statement = statement.where(_messages.c.id < before)
        if after:
            statement = statement.where(_messages.c.id > after)
        order = _messages.c.id if after else _messages.c.id.desc()
        rows = await self._rows(statement.order_by(order).limit(limit))
        return await self._traced(rows if after else list(rows)[::-1])

    async def around(self, conversation_id: int, message_id: int, limit: int = 50) -> list[TranscriptMessage]:
        """Return messages in order with one of them in the middle; empty when it is not in there."""
        before = await self.page(conversation_id, before=message_id + 1, limit=limit // 2 + 1)
        if not before or before[-1].message.id != message_id:
            return []
        return before + await self.page(conversation_id, after=message_id, limit=limit // 2)

    async def message(self, message_id: int) -> TranscriptMessage | None:
        """Find one message."""
        rows = await self._rows(
            select(*_MESSAGE)
            .join(_conversations, _conversations.c.id == _messages.c.conversation_id)
            .where(_messages.c.id == message_id, _conversations.c.chat.is_not(None))
        )
        return (await self._traced(rows))[0] if rows else None

    async def of(self, conversations: Sequence[int]) -> list[TranscriptMessage]:
        """Return all messages of a few conversations, by conversation and in order."""
        rows = await self._rows(
            select(*_MESSAGE)
            .where(_messages.c.conversation_id.in_(conversations))
            .order_by(_messages.c.conversation_id, _messages.c.id)
        )
        return await self._traced(rows)

    async def _traced(self, rows: Sequence[Row[Any]]) -> list[TranscriptMessage]:
        found = [filled(MessageRecord, row) for row in rows]
        ids = [item.id for item in found]
        if not ids:
            return []
        # A reply has the trace of the message it answers, which may be on the page before.
        asked = {item.in_reply_to or item.id for item in found}
        traces = {
            row.message_id: TraceRecord(**{**row._mapping, "passages": tuple(row.passages)})
            for row in await self._rows(select(*_TRACE).where(_traces.c.message_id.in_(asked)))
        }
        ratings = {
            row.answer_message_id: row
            for row in await self._rows(
                select(_feedback.c.answer_message_id, _feedback.c.rating, _feedback.c.reason).where(
                    _feedback.c.answer_message_id.in_(ids)
                )
            )
        }
        sent = {row.message_id: row for row in await self._rows(_deliveries(ids))}
        return [
            TranscriptMessage(
                message=item,
                trace=traces.get(item.in_reply_to or item.id),
                rating=getattr(ratings.get(item.id), "rating", None),
                reason=getattr(ratings.get(item.id), "reason", None),
                delivery=getattr(sent.get(item.id), "status", None),
                delivery_error=getattr(sent.get(item.id), "error_code", None),
                delivered_at=getattr(sent.get(item.id), "finished_at", None),
            )
            for item in found
        ]


def _of(conversation_id: int) -> Select[Any]:
    return (
        select(*_MESSAGE)
        .join(_conversations, _conversations.c.id == _messages.c.conversation_id)
        .where(_messages.c.conversation_id == conversation_id, _conversations.c.chat.is_not(None))
    )


def _deliveries(ids: Sequence[int]) -> Select[Any]:
    return select(_outbox.c.message_id, _outbox.c.status, _outbox.c.error_code, _outbox.c.finished_at).where(
        _outbox.c.message_id.in_(ids)
    )
