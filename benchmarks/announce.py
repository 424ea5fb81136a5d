"""Announcing: pace under Telegram's limit, faults and kills, speed without a pacer, answers meanwhile.

The bot is `founder-bot run` in a process of its own, Telegram an emulator in another. With 30 a second every
run of 3,000 recipients takes nearly two minutes; `python -m benchmarks.announce --recipients 600 --only pace`
is shorter.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.announcing import FIRST, QUESTION, TEXTS, Installation, busiest_second, installed, servers
from benchmarks.tables import table
from benchmarks.throughput import emulator
from storage.announcement_records import AnnouncementRecord
from tests.databases import Server
from tests.telegram_api import TOKEN

RATE = 30
_HEAD_PACE = ("database", "senders", "recipients", "sent", "429", "busiest second", "seconds", "to N/30")
_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much is sent, and to an API how far away."""

    recipients: int = 3000
    latency: float = 0.04
    rounds: int = 5


def _span(messages: Sequence[dict[str, Any]]) -> float:
    times = [message["at"] for message in messages]
    return max(times) - min(times)


# --- 1: pace ------------------------------------------------------------------------------------------


async def pace(name: str, server: Server | None, senders: int, options: Options) -> tuple[Any, ...]:
    """Send to everybody under the limit, with one process or several; two also answer founders meanwhile."""
    async with installed(name, server, latency=options.latency, rate=RATE) as there:
        chats = await there.seed(options.recipients)
        for _ in range(senders):
            bot = there.bot(RATE, webhook=senders > 1)
            await bot.start()
            await bot.ready()
        announcement = await there.announce()
        chatting = asyncio.create_task(_chat(there, senders > 1))
        counts = await there.finished(announcement, options.recipients / 10 + 120)
        chatting.cancel()
        sent = await there.sent()
        everything = [message["at"] for message in await there.api.log()]
        refused = sum(call["status"] == 429 for call in await there.api.calls("sendMessage"))
    assert counts == {"sent": len(chats)}, counts
    assert Counter(message["chat"] for message in sent) == Counter(chats), (
        "somebody has it twice or not at all"
    )
    span = _span(sent)
    ratio = span / (options.recipients / RATE)
    return name, senders, len(chats), len(sent), refused, busiest_second(everything), span, ratio


async def _chat(there: Installation, wanted: bool) -> None:
    """Let a founder ask for help now and then, answered by the process that has the webhook."""
    while wanted:
        await asyncio.sleep(5)
        await there.api.act("say", user=7, text="/help")


# --- 2: faults ----------------------------------------------------------------------------------------


async def faults(name: str, server: Server | None, options: Options) -> list[tuple[str, Any]]:
    """Everything that can go wrong in one run; raises AssertionError for anybody forgotten or told twice."""
    async with installed(name, server, latency=options.latency, rate=RATE) as there:
        chats = await there.seed(options.recipients)
        blocked = chats[:: len(chats) // max(1, len(chats) * 3 // 100)][: len(chats) * 3 // 100]
        for chat in blocked:
            await there.api.act("block", user=chat)
        await there.api.act("fail", method="sendMessage", status=502, every=50, times=10**6)
        await there.api.act("fail", method="sendMessage", kind="drop_after", every=100, times=10**6)
        bot = there.bot(RATE)
        await bot.start()
        await bot.ready()
        announcement = await there.announce()
        in_flight = []
        for share, restart in ((0.2, False), (0.4, True), (0.6, False)):
            await there.until_sent(int(options.recipients * share))
            if not restart:
                await bot.kill()
                in_flight.append(await _being_sent(there, announcement))
                await bot.start()
            elif there.server is not None:
                await asyncio.to_thread(there.server.stop)
                await asyncio.sleep(2)
                await asyncio.to_thread(there.server.start)
            await there.api.act("fail", method="sendMessage", status=429, retry_after=1, times=2)
        await there.until_sent(int(options.recipients * 0.8))
        await there.api.act("fail", method="sendMessage", status=429, retry_after=1, times=1)
        counts = await there.finished(announcement, options.recipients / 5 + 240)
        return await _account(there, announcement, counts, chats, in_flight)


async def _being_sent(there: Installation, announcement: AnnouncementRecord) -> int:
    async with there.database() as database, database.unit_of_work(read_only=True) as work:
        return (await work.recipients.progress(announcement.id)).get("sending", 0)


async def _account(
    there: Installation,
    announcement: AnnouncementRecord,
    counts: Counter[str],
    chats: Sequence[int],
    in_flight: Sequence[int],
) -> list[tuple[str, Any]]:
    """Compare the ledger with what Telegram has, line by line."""
    received = Counter(message["chat"] for message in await there.sent())
    async with there.database() as database, database.unit_of_work(read_only=True) as work:
        lines = await work.recipients.page(announcement.id, limit=len(chats) + 1)
    calls = await there.api.calls("sendMessage")
    statuses = Counter(call["status"] for call in calls)
    dropped = sum(call["lost"] for call in calls)
    wrong = [line.chat for line in lines if received[int(line.chat or 0)] != 1 and line.status == "sent"]
    wrong += [
        line.chat for line in lines if received[int(line.chat or 0)] and line.status in {"failed", "blocked"}
    ]
    twice = [chat for chat, number in received.items() if number > 1]
    assert not twice, f"told twice: {twice}"
    assert not wrong, f"the ledger is wrong about {wrong[:5]}"
    assert sum(counts.values()) == len(lines) == len(chats), counts
    assert not set(counts) - {"sent", "blocked", "failed", "unknown"}, counts
    assert counts["unknown"] <= sum(in_flight) + dropped, (counts, in_flight, dropped)
    return [
        ("recipients", len(chats)),
        *((f"lines: {status}", number) for status, number in sorted(counts.items())),
        ("told twice", len(twice)),
        ("in flight at the kills", " + ".join(map(str, in_flight))),
        ("answers lost after acceptance", dropped),
        (
            "unknown that had arrived",
            sum(line.status == "unknown" and received[int(line.chat or 0)] for line in lines),
        ),
        ("requests answered 502, 429, 403", " ".join(str(statuses[code]) for code in (502, 429, 403))),
    ]


# --- 3: speed -----------------------------------------------------------------------------------------


async def speed(name: str, server: Server | None, options: Options) -> tuple[Any, ...]:
    """Messages a second without a pacer beside bare concurrent posts, in turns."""
    ours, bare = [], []
    for _ in range(options.rounds):
        async with emulator(0.0) as api:
            await api.act("crowd", first=FIRST, count=options.recipients)
            await _bare(api.url, options.recipients)
            bare.append(options.recipients / _span(await api.log()))
        async with installed(name, server, latency=0.0) as there:
            await there.seed(options.recipients)
            bot = there.bot(1000)
            await bot.start()
            await bot.ready()
            announcement = await there.announce()
            counts = await there.finished(announcement, 300)
            assert counts == {"sent": options.recipients}, counts
            ours.append(options.recipients / _span(await there.sent()))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    shown = (" ".join(f"{value:.0f}" for value in values) for values in (ours, bare))
    return name, *shown, " ".join(f"{ratio:.2f}" for ratio in ratios), min(ratios)


async def _bare(url: str, count: int) -> None:
    waiting = iter(range(FIRST, FIRST + count))
    limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
    async with httpx.AsyncClient(limits=limits) as client:

        async def post() -> None:
            for chat in waiting:
                body = {"chat_id": chat, "text": TEXTS["en"], "parse_mode": "HTML"}
                answer = await client.post(f"{url}/bot{TOKEN}/sendMessage", json=body)
                assert answer.json()["ok"]

        await asyncio.gather(*(post() for _ in range(_AT_ONCE)))


# --- 4: answers meanwhile -----------------------------------------------------------------------------


async def answers(name: str, server: Server | None, options: Options) -> tuple[Any, ...]:
    """How long a founder waits for an answer usually and in the middle of an announcement."""
    async with installed(name, server, latency=options.latency, rate=RATE) as there:
        await there.seed(options.recipients)
        bot = there.bot(RATE)
        await bot.start()
        await bot.ready()
        await _asked(there, 5)
        usual = [await _asked(there, number) for number in range(100, 115)]
        announcement = await there.announce()
        await there.until_sent(200)
        meanwhile = [await _asked(there, number) for number in range(200, 215)]
        assert (await there.api.state())["messages"] < options.recipients, "it was over before the end"
        async with there.database() as database, database.unit_of_work() as work:
            await work.announcements.cancel(announcement.id)
    before, after = statistics.median(usual) * 1000, statistics.median(meanwhile) * 1000
    return name, before, after, after / before, max(meanwhile) * 1000


async def _asked(there: Installation, user: int) -> float:
    """Ask one question and wait for the answer; seconds."""
    await there.api.act("say", user=user, text="/start")
    await asyncio.sleep(0.7)
    began = time.time()
    await there.api.act("say", user=user, text=QUESTION)
    async with asyncio.timeout(20):
        while True:
            mine = [item for item in await there.api.log(user) if "nine days" in item["text"]]
            if mine:
                return float(mine[-1]["at"]) - began
            await asyncio.sleep(0.05)


# --- the run ------------------------------------------------------------------------------------------


async def measure(proofs: Sequence[str], databases: Sequence[str], options: Options) -> None:
    """Run the proofs and print a table for each."""
    with servers(databases) as found:
        if "pace" in proofs:
            runs = [(name, server, 1) for name, server in found.items()]
            runs += [(name, server, 2) for name, server in found.items() if server is not None]
            rows = []
            for name, server, senders in runs:
                rows.append(await pace(name, server, senders, options))
                print("pace:", *rows[-1], flush=True)
            table("Pace, 30 a second", _HEAD_PACE, rows)
        if "faults" in proofs:
            for name, server in found.items():
                table(f"Faults, {name}", ("what", "how many"), await faults(name, server, options))
        if "speed" in proofs:
            head = ("database", "a second", "bare posts", "ratios", "lowest")
            table(
                "Without a pacer",
                head,
                [await speed(name, server, options) for name, server in found.items()],
            )
        if "answers" in proofs:
            head = ("database", "usual ms", "meanwhile ms", "ratio", "slowest ms")
            rows = [await answers(name, server, options) for name, server in found.items()]
            table("A question in the middle", head, rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; whatever is not as promised is an AssertionError."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.announce", description=__doc__)
    parser.add_argument("--recipients", type=int, default=Options().recipients)
    parser.add_argument("--latency", type=float, default=Options().latency, help="seconds a call takes")
    parser.add_argument("--rounds", type=int, default=Options().rounds, help="of speed")
    parser.add_argument("--only", nargs="*", default=["pace", "faults", "speed", "answers"])
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    chosen = parser.parse_args(arguments or [])
    options = Options(recipients=chosen.recipients, latency=chosen.latency, rounds=chosen.rounds)
    asyncio.run(measure(chosen.only, chosen.databases, options))


if __name__ == "__main__":
    main(sys.argv[1:])
