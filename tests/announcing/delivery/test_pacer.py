"""The pacer against a network that counts arrivals in every second, with answers that take their time."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from dataclasses import dataclass, field
from time import monotonic

import pytest

from bot.pacer import Dismissed, Pacer, Priority


@dataclass
class Network:
    """Counts a message when it arrives, somewhere between its request and its answer."""

    pacer: Pacer
    slowest: float = 0.15
    arrivals: list[float] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    async def send(self, chat: str, priority: Priority = "announcement") -> None:
        async with self.pacer.slot(chat, priority):
            await asyncio.sleep(random.uniform(0, self.slowest))
            self.arrivals.append(monotonic())
            self.order.append(chat)
            await asyncio.sleep(random.uniform(0, self.slowest))

    def busiest_second(self) -> int:
        times = sorted(self.arrivals)
        return max(bisect_left(times, start + 1.0) - number for number, start in enumerate(times))


async def test_no_second_ever_holds_more_than_the_rate_however_uneven_the_network_is() -> None:
    network = Network(Pacer(40))

    await asyncio.gather(*(network.send(str(number)) for number in range(110)))

    assert network.busiest_second() <= 40
    assert network.busiest_second() >= 30, "and the rate is used"


async def test_a_network_that_stalls_and_then_takes_everything_at_once_still_counts_no_more() -> None:
    pacer, arrivals, stalled = Pacer(40), list[float](), asyncio.Event()

    async def send(chat: str) -> None:
        async with pacer.slot(chat, "announcement"):
            await stalled.wait()
            arrivals.append(monotonic())

    sends = [asyncio.create_task(send(str(number))) for number in range(60)]
    await asyncio.sleep(1.3)
    stalled.set()
    await asyncio.gather(*sends)

    network = Network(pacer, arrivals=arrivals)
    assert network.busiest_second() <= 40


async def test_slots_are_spread_evenly_and_not_given_in_bursts() -> None:
    network = Network(Pacer(100), slowest=0.0)

    await asyncio.gather(*(network.send(str(number)) for number in range(60)))

    first_tenth = [at for at in network.arrivals if at < network.arrivals[0] + 0.1]
    assert len(first_tenth) <= 16


async def test_after_a_pause_little_is_caught_up_with() -> None:
    network = Network(Pacer(20), slowest=0.0)
    network.pacer.pause(0.8)
    await asyncio.gather(*(network.send(str(number)) for number in range(15)))
    assert sum(at - network.arrivals[0] < 0.05 for at in network.arrivals) <= 8


async def test_slots_that_come_free_together_are_not_given_together_again() -> None:
    pacer, answered, given = Pacer(20), asyncio.Event(), list[float]()

    async def send(chat: str) -> None:
        async with pacer.slot(chat, "announcement"):
            given.append(monotonic())
            await answered.wait()

    sends = [asyncio.create_task(send(str(number))) for number in range(26)]
    await asyncio.sleep(1.2)
    answered.set()
    await asyncio.gather(*sends)

    assert given[25] - given[20] >= 0.2


async def test_a_reply_goes_before_announcements_that_wait() -> None:
    network = Network(Pacer(20), slowest=0.0)
    sends = [asyncio.create_task(network.send(f"news {number}")) for number in range(15)]
    await asyncio.sleep(0.12)

    await network.send("founder", "reply")

    assert network.order.index("founder") <= 5
    await asyncio.gather(*sends)


async def test_one_chat_gets_one_announcement_a_second_while_others_go_on() -> None:
    network = Network(Pacer(100), slowest=0.0)
    started = monotonic()

    await asyncio.gather(network.send("same"), network.send("same"), network.send("other"))

    assert network.order == ["same", "other", "same"]
    assert network.arrivals[-1] - started >= 0.95


async def test_a_chat_may_get_a_few_replies_at_once() -> None:
    network = Network(Pacer(100), slowest=0.0)
    started = monotonic()

    await asyncio.gather(*(network.send("same", "reply") for _ in range(6)))

    assert network.arrivals[4] - started < 0.5
    assert network.arrivals[5] - started >= 0.9


async def test_a_pause_stops_everybody_and_a_shorter_one_does_not_end_it() -> None:
    network = Network(Pacer(100), slowest=0.0)
    started = monotonic()
    network.pacer.pause(0.4)
    network.pacer.pause(0.1)

    await network.send("founder", "reply")

    assert network.arrivals[0] - started >= 0.39


async def test_whoever_stops_waiting_leaves_no_slot_behind() -> None:
    pacer = Pacer(2)
    network = Network(pacer, slowest=0.0)
    sends = [asyncio.create_task(network.send(str(number))) for number in range(6)]
    await asyncio.sleep(0.05)
    for send in sends:
        send.cancel()
    await asyncio.gather(*sends, return_exceptions=True)

    async with asyncio.timeout(3):
        await network.send("last")
        await network.send("very last")
    assert network.order == ["0", "last", "very last"]


async def test_a_slot_given_to_who_stops_waiting_at_that_very_moment_comes_back() -> None:
    pacer = Pacer(1)
    send = asyncio.create_task(Network(pacer).send("first"))
    while not pacer.used:  # noqa: ASYNC110 (the moment between the grant and the waking of who waits)
        await asyncio.sleep(0)
    send.cancel()
    await asyncio.gather(send, return_exceptions=True)

    async with asyncio.timeout(10), pacer.slot("second", "reply"):
        assert pacer.used == 1


async def test_when_announcing_is_over_announcements_that_wait_are_dismissed_and_nothing_else() -> None:
    network = Network(Pacer(1), slowest=0.0)
    async with network.pacer.slot("founder", "reply"):
        parked = asyncio.create_task(network.send("founder"))
        await asyncio.sleep(0.05)
        waits = asyncio.create_task(network.send("other"))
        others = [asyncio.create_task(network.send("other", order)) for order in ("reply", "rest")]
        await asyncio.sleep(0.05)
        network.pacer.dismiss_announcements()
        with pytest.raises(Dismissed):
            async with asyncio.timeout(10):
                await waits
    with pytest.raises(Dismissed):
        await parked
    with pytest.raises(Dismissed):
        await network.send("late")
    await asyncio.gather(*others)
    assert network.order == ["other", "other"]


async def test_an_edit_takes_a_slot_of_the_bot_but_none_of_its_chat() -> None:
    pacer = Pacer(100)
    async with pacer.slot("founder", "announcement"):
        pass

    async with asyncio.timeout(0.5), pacer.slot(None, "announcement"):
        assert pacer.used == 2


async def test_a_smaller_share_is_kept_and_a_bigger_one_used_at_once() -> None:
    network = Network(Pacer(30), slowest=0.0)
    network.pacer.share = 0
    sends = [asyncio.create_task(network.send(str(number), "reply")) for number in range(8)]
    await asyncio.sleep(0.1)
    assert network.arrivals == []
    assert network.pacer.replies == 8

    network.pacer.share = 3
    await asyncio.sleep(0.1)
    assert len(network.arrivals) == 3
    network.pacer.share = 30
    async with asyncio.timeout(0.5):
        await asyncio.gather(*sends)


def test_a_rate_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Pacer(0)
