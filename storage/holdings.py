"""Everything held about a person, for /mydata."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from storage.repository import Repository, table
from storage.tables import Conversation, Feedback, Founder, Handover, Identity, Inbox, Message, Outbox, Trace

_founders, _identities, _conversations = table(Founder), table(Identity), table(Conversation)
_messages, _inbox, _outbox = table(Message), table(Inbox), table(Outbox)


async def held(repository: Repository, founder_id: int) -> dict[str, Any]:
    """Collect a founder's rows of every table by the table's name, times in ISO 8601."""
    found: dict[str, Any] = {}
    for name, query in _queries(founder_id).items():
        rows = await repository._rows(query)
        found[name] = [{key: _plain(value) for key, value in row._mapping.items()} for row in rows]
    return found


def _queries(founder_id: int) -> dict[str, Select[Any]]:
    chats = select(_conversations.c.id).where(_conversations.c.founder_id == founder_id)
    theirs = or_(_messages.c.founder_id == founder_id, _messages.c.conversation_id.in_(chats))
    messages = select(_messages.c.id).where(theirs)
    owned = {"identities": Identity, "conversations": Conversation, "feedback": Feedback}
    queries: dict[str, Select[Any]] = {
        "founder": select(_founders).where(_founders.c.id == founder_id),
        **{name: _owned(mapped, founder_id) for name, mapped in owned.items()},
        "handovers": _owned(Handover, founder_id),
        "messages": select(_messages).where(theirs).order_by(_messages.c.id),
        "traces": select(table(Trace))
        .where(or_(table(Trace).c.message_id.in_(messages), table(Trace).c.conversation_id.in_(chats)))
        .order_by(table(Trace).c.id),
        "updates": _in_chats_of(founder_id, _inbox),
        "deliveries": _in_chats_of(founder_id, _outbox),
    }
    return queries


def _owned(mapped: Any, founder_id: int) -> Select[Any]:
    source = table(mapped)
    return select(source).where(source.c.founder_id == founder_id).order_by(source.c.id)


def _in_chats_of(founder_id: int, source: Any) -> Select[Any]:
    same = and_(_conversations.c.channel == source.c.channel, _conversations.c.chat == source.c.chat)
    return (
        select(source)
        .join(_conversations, same)
        .where(_conversations.c.founder_id == founder_id)
        .order_by(source.c.id)
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
