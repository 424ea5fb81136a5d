"""Whom an announcement reaches, as one statement over founders: 50,000 of them are one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, null, or_, select

from storage.announcement_records import Audience
from storage.announcement_tables import FounderTag, TopicChoice
from storage.application_tables import Application, ApplicationMember
from storage.repository import private, table
from storage.tables import Conversation, Founder, Identity, Message

_founders, _conversations, _identities = table(Founder), table(Conversation), table(Identity)
_messages, _choices, _tags = table(Message), table(TopicChoice), table(FounderTag)
_applications, _members = table(Application), table(ApplicationMember)


def recipients_of(audience: Audience, topic: str | None, channels: Sequence[str]) -> Select[Any]:
    """Select founder_id, conversation_id, channel, chat, language and reason of everybody in an audience.

    `reason` is why a person is not written to ("erased", "unsubscribed", "blocked", "no_channel"), NULL for
    those who are. A person with several chats hears in the one they wrote in last, never in a group.
    """
    chat = _newest_chat(channels)
    people = (
        select(
            _founders.c.id.label("founder_id"),
            chat.label("conversation_id"),
            _language().label("language"),
            _unsubscribed(topic).label("unsubscribed"),
            _founders.c.erased_at,
        )
        .where(_founders.c.merged_into.is_(None), *_narrowed(audience))
        .subquery()
    )
    reason = case(
        (people.c.erased_at.is_not(None), "erased"),
        (people.c.unsubscribed, "unsubscribed"),
        (_conversations.c.id.is_(None), "no_channel"),
        (_conversations.c.blocked_at.is_not(None), "blocked"),
        else_=null(),
    )
    return (
        select(
            people.c.founder_id,
            _conversations.c.id.label("conversation_id"),
            _conversations.c.channel,
            _conversations.c.chat,
            people.c.language,
            reason.label("reason"),
        )
        .select_from(people)
        .outerjoin(_conversations, _conversations.c.id == people.c.conversation_id)
    )


def _newest_chat(channels: Sequence[str]) -> ColumnElement[Any]:
    """The chat a founder wrote in last, one that blocked the bot only when there is no other."""
    last = (
        select(func.max(_messages.c.id))
        .where(_messages.c.conversation_id == _conversations.c.id)
        .correlate(_conversations)
        .scalar_subquery()
    )
    return (
        select(_conversations.c.id)
        .where(
            _conversations.c.founder_id == _founders.c.id,
            _conversations.c.chat.is_not(None),
            private(_conversations.c.chat),
            # Not the bare column: SQLite would go through all chats of the channel for every founder.
            func.coalesce(_conversations.c.channel, "").in_(tuple(channels)),
        )
        .order_by(
            case((_conversations.c.blocked_at.is_(None), 0), else_=1),
            func.coalesce(last, 0).desc(),
            _conversations.c.id.desc(),
        )
        .limit(1)
        .correlate(_founders)
        .scalar_subquery()
    )


def _language() -> ColumnElement[Any]:
    """What a founder chose, else wrote last, else what their account says."""
    written = (
        select(_messages.c.language)
        .where(
            _messages.c.founder_id == _founders.c.id,
            _messages.c.direction == "in",
            _messages.c.language.is_not(None),
        )
        .order_by(_messages.c.id.desc())
        .limit(1)
        .correlate(_founders)
        .scalar_subquery()
    )
    hint = (
        select(func.substr(_identities.c.language_hint, 1, 2))
        .where(_identities.c.founder_id == _founders.c.id, _identities.c.language_hint.is_not(None))
        .order_by(_identities.c.id.desc())
        .limit(1)
        .correlate(_founders)
        .scalar_subquery()
    )
    return func.coalesce(_founders.c.language, written, hint)


def _unsubscribed(topic: str | None) -> ColumnElement[bool]:
    if topic is None:
        return literal(False)
    return exists().where(
        _choices.c.founder_id == _founders.c.id,
        _choices.c.topic == topic,
        _choices.c.subscribed.is_(False),
    )


def _narrowed(audience: Audience) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if audience.founders:
        conditions.append(_founders.c.id.in_(audience.founders))
    if audience.languages:
        conditions.append(_language().in_(audience.languages))
    if audience.tags:
        conditions.append(
            exists().where(_tags.c.founder_id == _founders.c.id, _tags.c.tag.in_(audience.tags))
        )
    if audience.topics:
        conditions.append(or_(false(), *(~_unsubscribed(topic) for topic in audience.topics)))
    if audience.tracks or audience.statuses:
        conditions.append(_applied(audience))
    return conditions


def _applied(audience: Audience) -> ColumnElement[bool]:
    wanted = [_members.c.founder_id == _founders.c.id, _members.c.application_id == _applications.c.id]
    if audience.tracks:
        wanted.append(_applications.c.track.in_(audience.tracks))
    if audience.statuses:
        wanted.append(_applications.c.status.in_(audience.statuses))
    return exists().where(and_(*wanted))
