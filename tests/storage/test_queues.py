from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from storage.database import Database
from storage.entries import NewOutbox, Outcome
from storage.errors import StaleWork
from tests.storage.builders import NOON, Clock, a_person, answers, asks, queued, stored, update


async def register(database: Database, *workers: str) -> None:
    async with database.unit_of_work() as work:
        for worker in workers:
            await work.workers.register(worker, "telegram")


async def test_an_update_that_comes_again_is_recognized(database: Database) -> None:
    assert [record.update_id for record in await stored(database, 3, 1, 2)] == [1, 2, 3]
    assert [record.update_id for record in await stored(database, 2, 4, 3)] == [4]
    assert await stored(database) == []


async def test_an_update_twice_in_one_batch_is_stored_once(database: Database) -> None:
    assert len(await stored(database, 5, 5)) == 1


async def test_a_batch_of_hundreds_is_stored_at_once(database: Database) -> None:
    assert len(await stored(database, *range(700))) == 700


async def test_an_update_delivered_again_after_it_was_handled_is_not_new(database: Database) -> None:
    [record] = await stored(database, 1)
    async with database.unit_of_work() as work:
        await work.inbox.mark_handled([record.id])
    assert await stored(database, 1) == []


async def test_a_handled_update_keeps_no_contents(database: Database) -> None:
    [record] = await stored(database, 1)
    person = await a_person(database)
    async with database.unit_of_work() as work:
        assert len((await work.founders.held(person.founder.id))["updates"]) == 1
        await work.inbox.mark_handled([record.id])
        assert (await work.founders.held(person.founder.id))["updates"] == []
        assert await work.inbox.counts() == {"handled": 1}


async def test_who_comes_second_cannot_commit_the_same_turn(database: Database) -> None:
    records = await stored(database, 1, 2)
    person = await a_person(database)
    async with database.unit_of_work() as work:
        await work.inbox.mark_handled([record.id for record in records])

    async def second_turn() -> None:
        async with database.unit_of_work() as work:
            await asks(work, person)
            await work.inbox.mark_handled([records[0].id])

    with pytest.raises(StaleWork):
        await second_turn()
    for close in ("mark_failed", "mark_unreadable"):
        with pytest.raises(StaleWork):
            async with database.unit_of_work() as work:
                await getattr(work.inbox, close)(records[0].id, "late")
    async with database.unit_of_work(read_only=True) as work:
        assert await work.messages.recent(person.conversation.id, 5) == []


async def test_two_turns_for_one_update_at_once_leave_one_answer(database: Database) -> None:
    [record] = await stored(database, 1)
    person = await a_person(database)

    async def turn() -> None:
        async with database.unit_of_work() as work:
            await asks(work, person)
            await work.inbox.mark_handled([record.id])

    results = await asyncio.gather(*(turn() for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["StaleWork"] * 3
    async with database.unit_of_work(read_only=True) as work:
        assert len(await work.messages.recent(person.conversation.id, 5)) == 1


async def test_failed_and_unreadable_updates_are_closed_and_counted(database: Database) -> None:
    first, second, _third = await stored(database, 1, 2, 3)
    async with database.unit_of_work() as work:
        await work.inbox.mark_failed(first.id, "timeout")
        await work.inbox.mark_unreadable(second.id, "no_sender")
        assert await work.inbox.counts() == {"failed": 1, "unreadable": 1, "pending": 1}


async def test_an_older_update_of_the_same_chat_is_seen(database: Database) -> None:
    first, second = await stored(database, 1, 2)
    [other] = await stored(database, 3, chat="8")
    [nowhere] = await stored(database, 4, chat=None)
    async with database.unit_of_work() as work:
        assert await work.inbox.earlier_pending(second)
        assert not await work.inbox.earlier_pending(first)
        assert not await work.inbox.earlier_pending(other)
        assert not await work.inbox.earlier_pending(nowhere)
        await work.inbox.mark_handled([first.id])
        assert not await work.inbox.earlier_pending(second)


async def test_updates_of_a_dead_worker_are_taken_over_once(database_url: str) -> None:
    clock = Clock()
    database = Database.open(database_url, clock=clock)
    await register(database, "dead")
    clock.now = NOON + timedelta(minutes=5)
    await register(database, "alive", "me", "other")
    for number, worker in enumerate(("dead", "alive", "gone", "me"), start=1):
        await stored(database, number, worker=worker)
    async with database.unit_of_work() as work:
        taken = await work.inbox.take_over("telegram", "me", NOON + timedelta(minutes=4))
    async with database.unit_of_work() as work:
        again = await work.inbox.take_over("telegram", "other", NOON + timedelta(minutes=4))
    await database.close()
    assert [(record.update_id, record.worker) for record in taken] == [(1, "me"), (3, "me"), (4, "me")]
    assert again == []


async def test_two_workers_that_take_over_at_once_share_nothing(database: Database) -> None:
    await stored(database, *range(50), worker="gone")
    await register(database, "a", "b")

    async def take(worker: str) -> list[int]:
        async with database.unit_of_work() as work:
            taken = await work.inbox.take_over("telegram", worker, NOON)
        return [record.update_id for record in taken]

    a, b = await asyncio.gather(take("a"), take("b"))
    assert sorted(a + b) == list(range(50))


async def test_updates_of_another_channel_are_left_alone(database: Database) -> None:
    await stored(database, 1, worker="gone")
    await register(database, "me")
    async with database.unit_of_work() as work:
        assert await work.inbox.take_over("terminal", "me", NOON) == []
        assert len(await work.inbox.store("terminal", "me", [update(1)])) == 1


async def test_a_worker_lives_while_it_beats(database_url: str) -> None:
    clock = Clock()
    database = Database.open(database_url, clock=clock)
    await register(database, "w1")
    later = NOON + timedelta(minutes=1)
    async with database.unit_of_work() as work:
        assert await work.workers.live(later) == []
        assert await work.workers.beat("w1", later)
        assert [worker.id for worker in await work.workers.live(later)] == ["w1"]
        await work.workers.remove("w1")
        assert not await work.workers.beat("w1", later)
    await database.close()


async def test_what_a_dead_worker_was_sending_is_claimed_once_and_in_order(database: Database) -> None:
    first, second = await queued(database, "1", worker="gone"), await queued(database, "2", worker="gone")
    await queued(database, "3", worker="alive")
    await register(database, "alive", "me", "other")
    async with database.unit_of_work() as work:
        claimed = await work.outbox.pending("telegram", "me", NOON)
        assert [(record.id, record.worker) for record in claimed] == [(first.id, "me"), (second.id, "me")]
        assert claimed[0].payload == {"text": "1"}
        assert await work.outbox.pending("telegram", "other", NOON) == []


async def test_a_reply_never_overtakes_an_older_one_of_its_chat(database: Database) -> None:
    await register(database, "alive", "me")
    held_up = await queued(database, "1", worker="alive")
    behind = await queued(database, "2", sending=False)
    elsewhere = await queued(database, "3", chat="8", sending=False)
    async with database.unit_of_work() as work:
        assert await work.outbox.earlier_unsent(behind)
        assert not await work.outbox.earlier_unsent(elsewhere)
        assert [record.id for record in await work.outbox.pending("telegram", "me", NOON)] == [elsewhere.id]
        await work.outbox.mark_many([Outcome(id=held_up.id, status="sent", at=NOON, external_id="9")])
        assert [record.id for record in await work.outbox.pending("telegram", "me", NOON)] == [behind.id]


async def test_a_reply_to_retry_waits_for_its_time(database_url: str) -> None:
    clock = Clock()
    database = Database.open(database_url, clock=clock)
    await register(database, "me")
    reply = await queued(database, worker="me")
    due = NOON + timedelta(seconds=30)
    async with database.unit_of_work() as work:
        await work.outbox.mark_many(
            [Outcome(id=reply.id, status="retry", at=NOON, error_code="502", next_at=due)]
        )
        assert await work.outbox.pending("telegram", "me", NOON) == []
    clock.now = due
    async with database.unit_of_work() as work:
        [again] = await work.outbox.pending("telegram", "me", NOON)
    await database.close()
    assert (again.id, again.attempts, again.payload) == (reply.id, 1, {"text": "hello"})


async def test_many_outcomes_are_recorded_together_and_final_ones_stay(database: Database) -> None:
    a, b, c = [await queued(database, str(number)) for number in range(3)]
    async with database.unit_of_work() as work:
        await work.outbox.mark_many(
            [
                Outcome(id=a.id, status="sent", at=NOON, external_id="100"),
                Outcome(id=b.id, status="blocked", at=NOON, error_code="403"),
                Outcome(id=c.id, status="failed", at=NOON, error_code="400"),
            ]
        )
        await work.outbox.mark_many([Outcome(id=a.id, status="failed", at=NOON)])
        await work.outbox.mark_many([])
        assert await work.outbox.counts() == {"sent": 1, "blocked": 1, "failed": 1}


async def test_a_delivered_reply_keeps_its_words_in_the_message_only(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        answer = await answers(work, await asks(work, person))
        reply = await work.outbox.add(
            NewOutbox(message_id=answer.id, channel="telegram", chat="7", payload=answer.payload, worker="w1")
        )
        await work.outbox.mark_many([Outcome(id=reply.id, status="sent", at=NOON, external_id="100")])
        [delivery] = (await work.founders.held(person.founder.id))["deliveries"]
    assert (delivery["payload"], delivery["external_id"], delivery["status"]) == (None, "100", "sent")
