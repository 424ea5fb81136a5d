"""Conversations for tests of their review: asked, answered or not, rated, in one line each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.review.search_words import search_words
from knowledge.words import beginnings
from storage.announcement_records import Role, StaffRecord
from storage.database import Database
from storage.entries import NewIncoming, NewOutgoing, NewTrace
from storage.records import Person
from storage.review_records import ConversationFilter, Search
from tests.storage.builders import Clock, sender


@dataclass
class Desk:
    """A database with founders who ask and staff who look."""

    database: Database
    clock: Clock = field(default_factory=Clock)

    async def staff(self, name: str = "Anna", role: Role = "reviewer") -> StaffRecord:
        async with self.database.unit_of_work() as work:
            return await work.staff.add(name, role)

    async def person(self, who: str, **changes: str | None) -> Person:
        async with self.database.unit_of_work() as work:
            return await work.founders.identify(sender(who, **changes))

    async def asks(
        self,
        who: str,
        text: str,
        *,
        answer: str = "By the form.",
        answered: bool | None = True,
        confidence: float = 0.9,
        rating: str | None = None,
        language: str = "en",
        channel: str = "telegram",
        name: str = "Li Na",
    ) -> tuple[int, int]:
        """Have a whole turn; returns the ids of the question and of the answer."""
        self.clock.now += timedelta(seconds=1)
        async with self.database.unit_of_work() as work:
            person = await work.founders.identify(sender(who, channel=channel, name=name))
            chat = person.conversation.id
            question = await work.messages.add_incoming(
                NewIncoming(
                    conversation_id=chat,
                    founder_id=person.founder.id,
                    external_id=f"e{self.clock.now:%H%M%S}",
                    kind="text",
                    received_at=self.clock.now,
                    text=text,
                    language=language,
                )
            )
            await work.traces.add(
                NewTrace(
                    message_id=question.id,
                    conversation_id=chat,
                    route="ask",
                    question=text,
                    searched=text,
                    language=language,
                    answered=answered,
                    confidence=confidence,
                    passages=[{"id": "guide#steps", "document": "guide", "version": "v1", "score": 0.5}],
                    timings={"total": 41.5},
                )
            )
            reply = await work.messages.add_outgoing(
                NewOutgoing(conversation_id=chat, in_reply_to=question.id, text=answer, language=language)
            )
            if rating is not None:
                await work.feedback.set(reply.id, person.founder.id, rating)  # type: ignore[arg-type]
        return question.id, reply.id

    async def chats(self, **wanted: object) -> list[str]:
        """Name who is in the list, by what they are called."""
        async with self.database.unit_of_work(read_only=True) as work:
            page = await work.reviews.page(ConversationFilter(**wanted))  # type: ignore[arg-type]
        return [row.name for row in page.rows]

    async def finds(self, query: str) -> list[str]:
        """Name who is found by a search."""
        return await self.chats(search=looked_for(query))


def looked_for(query: str) -> Search:
    words, begun = beginnings(query)
    return Search(words=words, beginnings=begun)


@asynccontextmanager
async def desk(url: str) -> AsyncIterator[Desk]:
    clock = Clock()
    database = Database.open(url, clock=clock, segment=search_words)
    yield Desk(database, clock)
    await database.close()


def at(clock: Clock, **ago: float) -> datetime:
    return clock.now - timedelta(**ago)
