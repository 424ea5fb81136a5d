"""Short ways to put things into a database in tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from storage.database import Database, UnitOfWork
from storage.entries import NewIncoming, NewOutbox, NewOutgoing, NewTrace, RawUpdate, Sender
from storage.records import InboxRecord, MessageRecord, OutboxRecord, Person

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is told otherwise."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def sender(who: str = "7", **changes: str | None) -> Sender:
    values: dict[str, str | None] = {"channel": "telegram", "sender": who, "chat": who, "name": "Li Na"}
    return Sender(**{**values, **changes})  # type: ignore[arg-type]


def update(number: int, chat: str | None = "7", payload: str = '{"text":"hi"}') -> RawUpdate:
    return RawUpdate(update_id=number, chat=chat, payload=payload)


async def a_person(database: Database, who: str = "7", **changes: str | None) -> Person:
    async with database.unit_of_work() as work:
        return await work.founders.identify(sender(who, **changes))


async def stored(
    database: Database, *numbers: int, chat: str | None = "7", worker: str = "w1"
) -> list[InboxRecord]:
    async with database.unit_of_work() as work:
        return await work.inbox.store("telegram", worker, [update(number, chat) for number in numbers])


async def asks(work: UnitOfWork, person: Person, text: str = "How do I apply?") -> MessageRecord:
    return await work.messages.add_incoming(
        NewIncoming(
            conversation_id=person.conversation.id,
            founder_id=person.founder.id,
            external_id="e1",
            kind="text",
            received_at=NOON,
            text=text,
        )
    )


async def asked(database: Database, person: Person, text: str = "How do I apply?") -> MessageRecord:
    async with database.unit_of_work() as work:
        return await asks(work, person, text)


async def answers(work: UnitOfWork, question: MessageRecord, text: str = "By the form [1].") -> MessageRecord:
    sources = [{"number": 1, "title": "Application guide", "section": "Steps", "link": None}]
    return await work.messages.add_outgoing(
        NewOutgoing(
            conversation_id=question.conversation_id,
            in_reply_to=question.id,
            text=text,
            payload={"text": text, "sources": sources},
            language="en",
        )
    )


async def traced(work: UnitOfWork, question: MessageRecord) -> None:
    await work.traces.add(
        NewTrace(
            message_id=question.id,
            conversation_id=question.conversation_id,
            route="ask",
            question=question.text,
            searched=question.text,
            language="en",
            answered=True,
            confidence=0.93,
            passages=[{"id": "guide#steps", "score": 0.5}],
            timings={"total": 41.5},
            index_version="v1",
            writer="quotes",
        )
    )


async def queued(
    database: Database, text: str = "hello", chat: str = "7", worker: str = "w1", sending: bool = True
) -> OutboxRecord:
    async with database.unit_of_work() as work:
        return await work.outbox.add(
            NewOutbox(channel="telegram", chat=chat, payload={"text": text}, worker=worker, sending=sending)
        )
