"""Several processes speak for one bot: together they keep its rate, and one of them announces."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from bot.announcing import Timing
from bot.background import background
from bot.channels.telegram import TelegramChannel
from bot.leadership import Leadership
from bot.pacer import Pacer
from bot.sharing import Share, Sharing, allotted
from bot.workers import new_worker_id
from handlers.messages import Reply
from storage.database import Database
from storage.errors import DatabaseLocked
from tests.announcing.delivery.world import World, confirmed, counts, ledger, seed, until

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def shared(database: Database, worker: str, pacer: Pacer) -> AsyncIterator[Sharing]:
    """Take part in sharing for as long as the block lasts."""
    sharing = Sharing(database, "telegram", worker, pacer, now)
    async with background(sharing.keep()):
        yield sharing


def test_replies_are_provided_for_first_and_the_rest_goes_to_who_announces() -> None:
    idle, busy = Share(), Share(replies=9)
    assert allotted(30, {"a": idle}) == {"a": 30}
    assert allotted(30, {"a": idle, "b": idle}) == {"a": 15, "b": 15}
    assert allotted(30, {"a": Share(announces=True), "b": idle}) == {"a": 29, "b": 1}
    assert allotted(30, {"a": Share(announces=True), "b": busy}) == {"a": 20, "b": 10}
    assert allotted(5, {"a": busy, "b": busy, "c": Share(announces=True)}) == {"a": 2, "b": 2, "c": 1}


async def test_who_is_alone_has_it_all_and_gives_it_up_bit_by_bit(database: Database) -> None:
    first, second = Pacer(30), Pacer(30)
    async with shared(database, "w1", first):
        await until(lambda: first.share == 30)
        for number in range(20):
            async with first.slot(str(number)):
                pass
        async with shared(database, "w2", second) as sharing:
            await until(lambda: second.share > 0)
            assert first.used + second.share <= 30
            await until(lambda: (first.share, second.share) == (15, 15))
            await sharing.leave()
            await until(lambda: first.share == 30)


async def test_a_process_that_died_on_this_machine_gives_its_share_back_soon(database: Database) -> None:
    mine, pacer = new_worker_id(), Pacer(30)
    place, _, token = mine.split("/")
    dead = await asyncio.create_subprocess_exec("true")
    await dead.wait()
    async with database.unit_of_work() as work:
        await work.rate_shares.lock("telegram")
        entry = {"share": 30, "at": now().isoformat(), "replies": 0, "announces": False, "closed_until": ""}
        await work.rate_shares.write("telegram", {f"{place}/{dead.pid}/{token}": entry})
    async with shared(database, mine, pacer):
        await until(lambda: pacer.share == 30, 10.0)
    async with database.unit_of_work() as work:
        await work.rate_shares.lock("telegram")
        assert f"{place}/{dead.pid}/{token}" not in await work.rate_shares.read("telegram")


async def test_the_share_of_a_process_elsewhere_that_is_silent_becomes_free(database: Database) -> None:
    pacer = Pacer(30)
    sharing = Sharing(database, "telegram", "w1", pacer, now)
    for seconds, mine in ((11, 0), (13, 30)):
        entry = asdict(Share(share=30, at=(now() - timedelta(seconds=seconds)).isoformat()))
        async with database.unit_of_work() as work:
            await work.rate_shares.lock("telegram")
            await work.rate_shares.write("telegram", {"elsewhere": entry})
        await sharing.round()
        assert pacer.share == mine


async def test_a_share_is_given_up_only_as_far_as_the_last_second_allows(database: Database) -> None:
    time = [100.0]
    first, second = Pacer(30, clock=lambda: time[0]), Pacer(30)
    sharings = [Sharing(database, "telegram", w, p, now) for w, p in (("w1", first), ("w2", second))]
    await sharings[0].round()
    async with contextlib.AsyncExitStack() as under_way:
        for number in range(20):
            await under_way.enter_async_context(first.slot(str(number)))
        time[0] += 1.1
        for sharing in (sharings[1], *sharings):
            await sharing.round()
        assert (first.share, second.share) == (15, 10), "20 of 30 may still be counted as the first one's"
    time[0] += 1.1
    for sharing in sharings:
        await sharing.round()
    assert (first.share, second.share) == (15, 15)


async def test_without_the_database_a_share_is_not_exceeded_and_soon_not_used(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pacers, time = [Pacer(30), Pacer(30)], [1000.0]
    monkeypatch.setattr("bot.sharing.monotonic", lambda: time[0])
    first, second = (
        Sharing(database, "telegram", w, p, now) for w, p in zip(("w1", "w2"), pacers, strict=True)
    )
    await first.round()
    await second.round()
    assert pacers[0].share == 30

    async def locked(*_: object) -> None:
        raise DatabaseLocked("busy")

    monkeypatch.setattr("storage.rate_shares.RateShares.lock", locked)
    await first._try_round()
    assert pacers[0].share == 15, "the other one waits for it"
    time[0] += 7
    await first._try_round()
    assert pacers[0].share == 15
    time[0] += 2
    await first._try_round()
    assert pacers[0].share == 0, "others may believe this process dead"


async def test_a_lease_that_cannot_be_renewed_is_held_until_it_would_expire(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, tries, gained = [1000.0], list[str](), asyncio.Event()
    monkeypatch.setattr("bot.leadership.monotonic", lambda: time[0])
    lease = Leadership(database, "x", new_worker_id(), _setting(gained), seconds=0.2)

    async def locked(*_: object, **__: object) -> bool:
        tries.append("again")
        raise DatabaseLocked("busy")

    stop = asyncio.Event()
    async with background(lease.keep(stop)):
        await until(lambda: lease.holding)
        monkeypatch.setattr("storage.leases.Leases.acquire", locked)
        await until(lambda: len(tries) > 2)
        assert lease.holding
        time[0] += 0.3
        await until(lambda: not lease.holding)
        stop.set()


async def test_a_pause_that_the_network_asked_one_process_for_holds_for_all(database: Database) -> None:
    first, second = Pacer(30), Pacer(30)
    async with shared(database, "w1", first), shared(database, "w2", second):
        await until(lambda: second.share > 0)
        first.pause(30)
        await until(lambda: second.closed_for > 0)
        assert 20 < second.closed_for <= 30


async def test_two_processes_together_keep_the_rate_while_one_announces_and_both_reply(world: World) -> None:
    """The emulator refuses whatever is above the rate in any second, and none is refused."""
    chats = await seed(world.database, 150)
    world.join(range(1, 100))
    world.join(chats)
    world.api.configure(rate=30, latency=0.02)
    announcement = await confirmed(world.database)
    async with (
        world.announcing(rate=30, worker="w1") as one,
        world.announcing(rate=30, worker="w2") as two,
        shared(world.database, "w1", one.pacer),
        shared(world.database, "w2", two.pacer),
    ):
        replying = asyncio.create_task(reply_now_and_then(one, two))
        assert await world.is_over(announcement) == {"sent": 150}
        await replying
    assert {call.status for call in world.api.calls("sendMessage")} == {200}
    assert len({line.worker for line in await ledger(world.database, announcement.id)}) == 1


async def reply_now_and_then(*channels: TelegramChannel) -> None:
    """Let both processes answer founders, 10 a second between them."""
    for number in range(1, 40):
        await channels[number % 2].send(str(number), Reply(text="An answer."))
        await asyncio.sleep(0.1)


async def test_a_clean_stop_hands_over_at_once_and_leaves_nothing_unknown(world: World) -> None:
    chats = await seed(world.database, 80)
    world.join(chats)
    world.api.configure(latency=0.05)
    announcement = await confirmed(world.database)
    slow = Timing(lease=30.0, look_again=0.05)
    async with world.announcing(rate=40, worker="w1", timing=slow):
        await until(lambda: len(world.api.messages()) >= 20)
    assert (await counts(world.database, announcement.id)).keys() == {"sent", "pending"}
    async with world.announcing(rate=200, worker="w2", timing=slow):
        assert await world.is_over(announcement, 10) == {"sent": 80}
    assert world.received(chats) == dict.fromkeys(chats, 1)


async def test_who_lost_the_lease_without_noticing_still_sends_nothing_twice(world: World) -> None:
    chats = await seed(world.database, 100)
    world.join(chats)
    announcement = await confirmed(world.database)
    short = Timing(lease=0.4, look_again=0.02)
    async with world.announcing(rate=30, worker="w1", timing=short):
        await until(lambda: len(world.api.messages()) >= 5)
        async with world.database.unit_of_work() as work:
            await work.leases.release("announcements:telegram", "w1")
            assert await work.leases.acquire("announcements:telegram", "w2", 0.05)
        async with world.announcing(rate=30, worker="w2", timing=short):
            found = await world.is_over(announcement, 15)
    assert found.keys() <= {"sent", "unknown"}
    assert sum(found.values()) == 100
    assert max(world.received(chats).values()) == 1


async def test_the_lease_of_a_process_that_died_on_this_machine_is_taken_at_once(database: Database) -> None:
    mine = new_worker_id()
    place, _, token = mine.split("/")
    dead = await asyncio.create_subprocess_exec("true")
    await dead.wait()
    async with database.unit_of_work() as work:
        assert await work.leases.acquire("announcements:telegram", f"{place}/{dead.pid}/{token}", 600)
    gained = asyncio.Event()
    lease = Leadership(
        database,
        "announcements:telegram",
        mine,
        _setting(gained),
        seconds=60,
    )
    stop = asyncio.Event()
    keeping = asyncio.create_task(lease.keep(stop))
    async with asyncio.timeout(30):
        await gained.wait()
    stop.set()
    await keeping


def _setting(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def gained() -> None:
        event.set()

    return gained
