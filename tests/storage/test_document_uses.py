"""How often documents answered is the same before and after the days are added up, and after an erasure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.database import Database
from storage.document_records import DocumentUse
from storage.entries import NewTrace
from tests.storage.builders import Clock, a_person, answers, asked

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FIRST = date(2026, 11, 1)
BERTHS = {"id": "berths#1", "document": "en/berths", "version": "1", "cited": 1}
CRANE = {"id": "crane#1", "document": "en/crane", "version": "1", "cited": 2}


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
async def store(database_url: str, clock: Clock) -> AsyncIterator[Database]:
    opened = Database.open(database_url, clock=clock)
    yield opened
    await opened.close()


async def a_turn(database: Database, *passages: dict[str, object], answered: bool = True) -> int:
    """Store a question and its answer; returns the answer."""
    person = await a_person(database)
    question = await asked(database, person)
    async with database.unit_of_work() as work:
        answer = await answers(work, question)
        await work.traces.add(
            NewTrace(
                message_id=question.id,
                conversation_id=question.conversation_id,
                route="ask",
                question=question.text,
                answered=answered,
                passages=passages,
            )
        )
    return answer.id


async def counted(database: Database, since: date = FIRST) -> dict[str, tuple[int, int, int]]:
    async with database.unit_of_work(read_only=True) as work:
        found: list[DocumentUse] = await work.document_uses.since(since)
    return {use.document_id: (use.cited, use.nearest, use.unhelpful) for use in found}


async def added_up(database: Database) -> list[date]:
    days = []
    while True:
        async with database.unit_of_work() as work:
            day = await work.document_uses.add_day()
        if day is None:
            return days
        days.append(day)


async def three_days(database: Database, clock: Clock) -> None:
    """Two days with questions, a day without, and today."""
    await a_turn(database, BERTHS, CRANE)
    await a_turn(database, CRANE, answered=False)
    clock.now += timedelta(days=1)
    answer = await a_turn(database, BERTHS)
    person = await a_person(database)
    async with database.unit_of_work() as work:
        await work.feedback.set(answer, person.founder.id, "not_helpful")
    clock.now += timedelta(days=2)
    await a_turn(database, BERTHS)


async def test_adding_the_days_up_changes_no_count_and_is_done_once(store: Database, clock: Clock) -> None:
    await three_days(store, clock)
    before = await counted(store)
    assert before == {"en/berths": (3, 0, 1), "en/crane": (1, 1, 0)}
    assert await added_up(store) == [date(2026, 11, 20), date(2026, 11, 21)]
    assert await counted(store) == before
    assert await added_up(store) == []
    await a_turn(store, CRANE)
    assert (await counted(store))["en/crane"] == (2, 1, 0)


async def test_counts_begin_with_the_day_that_is_asked_for(store: Database, clock: Clock) -> None:
    await three_days(store, clock)
    wanted = {"en/berths": (2, 0, 1)}
    assert await counted(store, date(2026, 11, 21)) == wanted
    await added_up(store)
    assert await counted(store, date(2026, 11, 21)) == wanted
    assert await counted(store, date(2026, 11, 22)) == {"en/berths": (1, 0, 0)}


async def test_a_day_is_added_up_when_no_turn_of_it_can_be_under_way(store: Database, clock: Clock) -> None:
    await a_turn(store, BERTHS)
    clock.now = datetime(2026, 11, 21, 0, 59, tzinfo=UTC)
    assert await added_up(store) == []
    clock.now = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    assert await added_up(store) == [date(2026, 11, 20)]


async def test_two_processes_add_up_at_once(store: Database, clock: Clock) -> None:
    await three_days(store, clock)
    before = await counted(store)
    await asyncio.gather(added_up(store), added_up(store))
    assert await counted(store) == before


async def test_erasing_the_founder_keeps_the_counts_and_no_words(store: Database, clock: Clock) -> None:
    await three_days(store, clock)
    before = await counted(store)
    person = await a_person(store)
    async with store.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
    assert await counted(store) == before
    await added_up(store)
    assert await counted(store) == before
    async with store.unit_of_work(read_only=True) as work:
        failed = await work.document_uses.failed("en/berths", FIRST)
    assert [(one.reason, one.question) for one in failed] == [("not_helpful", "")]
