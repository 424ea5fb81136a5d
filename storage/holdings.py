"""Everything held about a person, for /mydata."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from storage.announcement_people import held_of_announcements
from storage.application_answers import SHARED
from storage.application_tables import (
    Application,
    ApplicationAnswer,
    ApplicationEvent,
    ApplicationFollowUp,
    ApplicationMember,
    ApplicationReminder,
    ApplicationVersion,
    Code,
    File,
)
from storage.repository import Repository, table
from storage.review_people import held_of_review
from storage.tables import Conversation, Feedback, Founder, Handover, Identity, Inbox, Message, Outbox, Trace

_founders, _identities, _conversations = table(Founder), table(Identity), table(Conversation)
_messages, _inbox, _outbox = table(Message), table(Inbox), table(Outbox)
_SHOWN = [column for column in _messages.c if column is not _messages.c.words]


async def held(repository: Repository, founder_id: int) -> dict[str, Any]:
    """Collect a founder's rows of every table by the table's name, times in ISO 8601."""
    found: dict[str, Any] = {}
    for name, query in _queries(founder_id).items():
        rows = await repository._rows(query)
        found[name] = [{key: _plain(value) for key, value in row._mapping.items()} for row in rows]
    for version in found["application_versions"]:
        version["snapshot"] = _own_part(version["snapshot"], founder_id)
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
        "messages": select(*_SHOWN).where(theirs).order_by(_messages.c.id),
        "traces": select(table(Trace))
        .where(or_(table(Trace).c.message_id.in_(messages), table(Trace).c.conversation_id.in_(chats)))
        .order_by(table(Trace).c.id),
        **_of_applications(founder_id),
        **held_of_announcements(founder_id),
        **held_of_review(founder_id),
        "updates": _in_chats_of(founder_id, _inbox),
        "deliveries": _in_chats_of(founder_id, _outbox),
    }
    return queries


def _of_applications(founder_id: int) -> dict[str, Select[Any]]:
    """Select a founder's applications, and of the co-founders' answers none but the founder's own."""
    answers, codes = table(ApplicationAnswer), table(Code)
    applications = table(Application)
    owned = select(applications.c.id).where(applications.c.founder_id == founder_id)
    shared = and_(answers.c.application_id.in_(owned), answers.c.member_id.is_(None))
    public = [codes.c[name] for name in ("id", "purpose", "created_at", "expires_at", "used_at")]
    queries: dict[str, Select[Any]] = {
        "applications": _owned(Application, founder_id),
        "application_members": _owned(ApplicationMember, founder_id),
        "application_answers": select(answers)
        .where(or_(shared, answers.c.member_id == founder_id))
        .order_by(answers.c.id),
        "files": _owned(File, founder_id),
        "codes": select(*public).where(codes.c.founder_id == founder_id).order_by(codes.c.id),
    }
    for mapped in (ApplicationVersion, ApplicationEvent, ApplicationFollowUp, ApplicationReminder):
        source = table(mapped)
        query = select(source).where(source.c.application_id.in_(owned)).order_by(source.c.id)
        queries[mapped.__tablename__] = query
    return queries


def _own_part(snapshot: Any, founder_id: int) -> Any:
    answers = snapshot.get("answers") or {}
    own = {whose: given for whose, given in answers.items() if whose in (SHARED, str(founder_id))}
    return {**snapshot, "answers": own}


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
