"""The ledger and the lease by themselves, on both databases: what may be claimed, marked, recorded, held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from storage.announcement_records import Audience, RecipientOutcome
from storage.database import Database
from tests.announcing.delivery.world import confirmed, counts, ledger, seed
from tests.conversation.fakes import Clock

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


@dataclass
class Book:
    """The ledger of one announcement that has begun, of three founders."""

    database: Database
    clock: Clock
    number: int = 0

    async def do(self, what: str, *arguments: Any) -> Any:
        """Call one method of the ledger in a unit of work of its own."""
        async with self.database.unit_of_work() as work:
            return await getattr(work.recipients, what)(*arguments)

    async def turn(self, what: str) -> None:
        """Pause, resume or cancel the announcement."""
        async with self.database.unit_of_work() as work:
            assert await getattr(work.announcements, what)(self.number)

    async def claim(self, worker: str = "w1", channel: str = "telegram") -> list[int]:
        return [line.id for line in await self.do("claim", self.number, channel, worker, 10)]

    async def record(self, line: int, status: Any, **more: Any) -> None:
        await self.do("record", [RecipientOutcome(id=line, status=status, at=self.clock(), **more)])

    async def erase(self, line: int) -> None:
        found = {one.id: one.founder_id for one in await ledger(self.database, self.number)}
        async with self.database.unit_of_work() as work:
            await work.founders.erase(found[line])

    async def counts(self) -> dict[str, int]:
        return await counts(self.database, self.number)


@pytest.fixture
async def book(database_url: str) -> AsyncIterator[Book]:
    clock = Clock()
    database = Database.open(database_url, clock=clock)
    await seed(database, 3)
    made = Book(database, clock)
    announcement = await confirmed(database)
    async with database.unit_of_work() as work:
        await work.announcements.start(announcement.id)
        await work.recipients.expand(announcement.id, Audience(), None, ["telegram"])
    made.number = announcement.id
    yield made
    await database.close()


async def test_nothing_of_a_paused_announcement_is_claimed_or_marked(book: Book) -> None:
    [line, *_] = await book.claim()
    await book.do("release", "w1")
    await book.turn("pause")
    assert await book.claim() == []
    await book.turn("resume")
    assert line in await book.claim()
    await book.turn("pause")
    assert await book.do("mark_sending", [line], "w1") == set()


async def test_a_line_is_claimed_once_and_only_for_its_channel(book: Book) -> None:
    assert await book.claim(channel="terminal") == []
    lines = await book.claim()
    assert len(lines) == 3
    assert await book.claim("w2") == []
    assert await book.do("mark_sending", lines, "w2") == set()
    assert await book.do("mark_sending", lines, "w1") == set(lines)


async def test_a_line_that_was_put_off_waits_for_its_time(book: Book) -> None:
    [line, *_] = await book.claim()
    await book.do("mark_sending", [line], "w1")
    await book.record(line, "pending", next_at=book.clock() + timedelta(seconds=60), waited=True)
    assert line not in await book.claim()
    book.clock.pass_by(seconds=61)
    assert await book.claim() == [line]
    assert {one.id: one.attempts for one in await ledger(book.database, book.number)}[line] == 0


async def test_a_line_that_was_put_off_while_the_announcement_was_cancelled_is_over(book: Book) -> None:
    [line, *_] = await book.claim()
    await book.do("mark_sending", [line], "w1")
    await book.turn("cancel")
    assert await book.do("cancel", book.number) == 2, "those that were only claimed"
    await book.record(line, "pending", next_at=book.clock())
    assert await book.counts() == {"cancelled": 3}


async def test_who_is_erased_between_two_looks_is_not_written_to(book: Book) -> None:
    [line, *_] = lines = await book.claim()
    await book.do("mark_sending", lines, "w1")
    await book.erase(line)
    assert await book.do("mark_sending", lines, "w1") == {*lines} - {line}
    assert await book.counts() == {"erased": 1, "sending": 2}


async def test_a_successor_takes_up_what_others_left_and_nothing_of_its_own(book: Book) -> None:
    [sending, *claimed] = await book.claim("w1")
    await book.do("mark_sending", [sending], "w1")
    assert await book.do("recover", "telegram", "w1") == {"pending": 0, "unknown": 0}
    assert await book.do("recover", "telegram", "w2") == {"pending": 2, "unknown": 1}
    assert await book.claim("w2") == claimed, "what may have been sent is not sent again"


async def test_what_became_of_a_line_is_known_also_after_a_successor_gave_it_up(book: Book) -> None:
    [line, *_] = await book.claim("w1")
    await book.do("mark_sending", [line], "w1")
    await book.do("recover", "telegram", "w2")
    assert set(await book.do("in_flight", [line], "w1")) == {line}
    assert await book.do("in_flight", [line], "w2") == {}
    await book.record(line, "sent", external_id="7")
    assert (await book.counts())["sent"] == 1
    assert await book.do("in_flight", [line], "w1") == {}


async def test_staff_resend_the_unknown_from_the_start_but_nobody_who_erased_themselves(book: Book) -> None:
    [line, erased, sent] = lines = await book.claim()
    await book.do("mark_sending", lines, "w1")
    await book.record(sent, "sent", external_id="7")
    for one in (line, erased):
        await book.record(one, "unknown", error_code="network")
    await book.erase(erased)
    assert await book.do("resend", book.number, ("unknown", "sent")) == 1
    found = {one.id: one for one in await ledger(book.database, book.number)}
    assert (found[line].status, found[line].attempts, found[line].error_code) == ("pending", 0, None)
    assert (found[erased].status, found[sent].status) == ("unknown", "sent")


async def test_a_lease_is_its_holders_until_it_expires_or_is_given_back(book: Book) -> None:
    async with book.database.unit_of_work() as work:
        assert await work.leases.acquire("x", "w1", 10)
        assert not await work.leases.acquire("x", "w2", 10)
        await work.leases.release("x", "w2")
        assert await work.leases.holder("x") == "w1"
        assert await work.leases.acquire("x", "w1", 10)
    book.clock.pass_by(seconds=11)
    async with book.database.unit_of_work() as work:
        assert await work.leases.holder("x") is None
        assert await work.leases.acquire("x", "w2", 10)
        assert not await work.leases.acquire("x", "w1", 10)
        await work.leases.release("x", "w2")
        assert await work.leases.acquire("x", "w1", 10)
