"""The query behind `export messages`: each message with the trace of its turn and its feedback."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select

from storage.records import ExportRow
from storage.repository import named, table
from storage.tables import Conversation, Feedback, Message, Trace

_messages, _conversations = table(Message), table(Conversation)
_traces, _feedback = table(Trace), table(Feedback)

ROWS = (
    select(
        _messages.c.id,
        _messages.c.created_at.label("time"),
        _conversations.c.channel,
        _messages.c.founder_id,
        _messages.c.direction,
        _messages.c.kind,
        func.coalesce(_messages.c.language, _traces.c.language).label("language"),
        _messages.c.text,
        _messages.c.in_reply_to,
        _messages.c.payload,
        _traces.c.route,
        _traces.c.answered,
        _traces.c.confidence,
        _traces.c.timings,
        _traces.c.error_code,
        _feedback.c.rating,
        _feedback.c.reason,
    )
    .select_from(_messages)
    .join(_conversations, _conversations.c.id == _messages.c.conversation_id)
    .outerjoin(_traces, _traces.c.message_id == func.coalesce(_messages.c.in_reply_to, _messages.c.id))
    .outerjoin(_feedback, _feedback.c.answer_message_id == _messages.c.id)
    .where(_messages.c.id > named("after_id"))
    .order_by(_messages.c.id)
    .limit(named("count"))
)


def export_row(row: Row[Any]) -> ExportRow:
    """Build the record; citations are the sources of the stored reply, the time is the turn's total."""
    values = dict(row._mapping)
    payload, timings = values.pop("payload"), values.pop("timings")
    sources = payload.get("sources") if isinstance(payload, dict) else None
    return ExportRow(
        **values,
        milliseconds=timings.get("total") if isinstance(timings, dict) else None,
        citations=tuple(item for item in sources or () if isinstance(item, dict)),
    )
