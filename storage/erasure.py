"""What /forget does to the rows of a person, in one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, case, false, or_, select, update

from storage.announcement_people import KEPT as KEPT_OF_ANNOUNCEMENTS
from storage.announcement_people import erase_announcements
from storage.application_erasure import KEPT as KEPT_OF_APPLICATIONS
from storage.application_erasure import erase_applications
from storage.records import ErasureReport
from storage.repository import Repository, Scope, table
from storage.review_people import erase_review, erase_views
from storage.tables import Conversation, Feedback, Founder, Handover, Identity, Inbox, Message, Outbox, Trace

_founders, _identities, _conversations = table(Founder), table(Identity), table(Conversation)
_messages, _traces, _feedback = table(Message), table(Trace), table(Feedback)
_handovers, _inbox, _outbox = table(Handover), table(Inbox), table(Outbox)

KEPT = {
    "messages": "their number, times, directions and languages, without any words, for statistics",
    "traces": "route, result and timings of each turn, without question and passages, for statistics",
    "feedback": "ratings without reasons, for statistics",
    "handovers": "that a person was asked for and when, closed, for statistics",
    **KEPT_OF_APPLICATIONS,
    **KEPT_OF_ANNOUNCEMENTS,
    "updates": "the network's update numbers, so that one delivered again is not answered again",
}
"""Why a row stays; none of them names the person or holds what they wrote."""


@dataclass(frozen=True, slots=True)
class _Person:
    founder_id: int
    conversations: tuple[int, ...]
    chats: tuple[tuple[str, str], ...]
    senders: tuple[tuple[str, str], ...]


async def erase(repository: Repository, scope: Scope, founder_id: int) -> ErasureReport:
    """Erase a founder; see `Founders.erase`."""
    person = await _gather(repository, founder_id)
    scope.erased_conversations.update(person.conversations)
    scope.erased_chats.update(person.chats)
    steps = _steps(person, repository._now())
    views = await erase_views(repository, founder_id, person.conversations)
    of_applications = await erase_applications(repository, founder_id)
    of_announcements = await erase_announcements(repository, founder_id)
    counts = {name: (await repository._write(step)).rowcount for name, step in steps.items()}
    of_review = await erase_review(repository, person.conversations)
    return ErasureReport(
        erased={"saved_views": views} | of_applications | of_announcements | of_review | counts,
        kept=dict(KEPT),
    )


def _steps(person: _Person, now: datetime) -> dict[str, Executable]:
    """What is changed and removed in the tables of conversations, in this order."""
    theirs, founder_id = _messages_of(person), person.founder_id
    return {
        "updates": _forget_updates(person),
        "deliveries": _forget_deliveries(person),
        "traces": update(_traces)
        .where(
            or_(
                _traces.c.conversation_id.in_(person.conversations),
                _traces.c.message_id.in_(select(_messages.c.id).where(theirs)),
            )
        )
        .values(question="", searched="", passages=[]),
        "messages": update(_messages)
        .where(theirs)
        .values(text="", payload={}, external_id=None, kind="erased", words=()),
        "feedback": update(_feedback).where(_feedback.c.founder_id == founder_id).values(reason=None),
        "handovers": update(_handovers)
        .where(_handovers.c.founder_id == founder_id, _handovers.c.status == "open")
        .values(status="closed", closed_at=now, ending="erased"),
        "conversations": update(_conversations)
        .where(_conversations.c.founder_id == founder_id)
        .values(chat=None, pending=None, interview=None, blocked_at=None),
        "identities": _identities.delete().where(_identities.c.founder_id == founder_id),
        "founders": update(_founders)
        .where(_founders.c.id == founder_id)
        .values(language=None, erased_at=now),
    }


async def _gather(repository: Repository, founder_id: int) -> _Person:
    chats = await repository._rows(
        select(_conversations.c.id, _conversations.c.channel, _conversations.c.chat).where(
            _conversations.c.founder_id == founder_id
        )
    )
    senders = await repository._rows(
        select(_identities.c.channel, _identities.c.sender).where(_identities.c.founder_id == founder_id)
    )
    return _Person(
        founder_id,
        tuple(row.id for row in chats),
        tuple((row.channel, row.chat) for row in chats if row.chat is not None),
        tuple((row.channel, row.sender) for row in senders),
    )


def _messages_of(person: _Person) -> ColumnElement[bool]:
    return or_(
        _messages.c.founder_id == person.founder_id, _messages.c.conversation_id.in_(person.conversations)
    )


def _in_chats(source: Any, person: _Person) -> ColumnElement[bool]:
    pairs = (and_(source.c.channel == channel, source.c.chat == chat) for channel, chat in person.chats)
    return or_(false(), *pairs)


def _forget_updates(person: _Person) -> Any:
    # One whose chat could not be read is theirs if their number is anywhere in it.
    mentions = (
        and_(_inbox.c.channel == channel, _inbox.c.payload.contains(name, autoescape=True))
        for channel, name in (*person.senders, *person.chats)
    )
    return (
        update(_inbox)
        .where(_inbox.c.status.in_(("failed", "unreadable")))
        .where(or_(_in_chats(_inbox, person), *mentions))
        .values(payload="", chat=None)
    )


def _forget_deliveries(person: _Person) -> Any:
    of_messages = _outbox.c.message_id.in_(select(_messages.c.id).where(_messages_of(person)))
    unsent = _outbox.c.status.in_(("pending", "sending"))
    return (
        update(_outbox)
        .where(or_(of_messages, _in_chats(_outbox, person)))
        .values(
            chat=None,
            payload=None,
            external_id=None,
            status=case((unsent, "erased"), else_=_outbox.c.status),
        )
    )
