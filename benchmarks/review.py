"""Pages of the console with 10,000 and with 1,000,000 messages, on PostgreSQL, through the application."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.review_seed import Size, seed
from benchmarks.tables import table
from handlers.review.search_words import search_words
from storage.database import Database
from storage.migrate import upgrade
from tests.console.desk import Browser, Desk, console_of
from tests.conversation.applications import harbor
from tests.conversation.fakes import Clock
from tests.databases import find_postgres, new_database

SMALL = Size(messages=10_000, founders=500)
LARGE = Size(messages=1_000_000, founders=50_000)
_REPEATS = 5
_PAIRS = 40

FLAGS = ("unanswered=1", "unsure=1", "unhelpful=1", "handover=1", "unreviewed=1")
CHOICES = ("language=zh", "channel=terminal", "track=pilot", "tag=visa", "person=%2317", "person=Founder+17")
DATES = (
    "since=2026-11-20",
    "since=2026-03-02&until=2026-03-02",
    "since=2026-06-01&until=2026-06-30",
    "since=2026-01-01",
)
SEARCHES = (
    "q=rent",
    "q=租金",
    "q=租",
    "q=阿里云+宝马",
    "q=partner+support",
    "q=rent0",
    "q=%22desk+apply%22",
    "q=nosuchword",
)


APPLICATIONS = (
    "",
    "status=submitted",
    "track=pilot&status=accepted",
    "since=2025-12-01&until=2025-12-05",
    "q=2026-00015",
    "q=company+4",
    "q=nosuchcompany&status=in_review",
)


def pages() -> dict[str, list[str]]:
    """The addresses to be measured, by group."""
    lists = {
        "the list": [""],
        "one flag": list(FLAGS),
        "one choice": list(CHOICES),
        "dates": list(DATES),
        "search": list(SEARCHES),
    }
    chance = random.Random(3)
    groups = (FLAGS, CHOICES, DATES, SEARCHES)
    pairs = ["&".join(pair) for a, b in itertools.combinations(groups, 2) for pair in itertools.product(a, b)]
    triples = ["&".join(triple) for triple in itertools.product(FLAGS, DATES, SEARCHES)]
    lists["two filters"] = chance.sample(pairs, _PAIRS)
    lists["flag, dates and search"] = chance.sample(triples, _PAIRS)
    return {name: [f"/conversations?{query}" for query in queries] for name, queries in lists.items()} | {
        "counts of the views": ["/conversations/counts"],
        "founders who wait": ["/handovers"],
        "home": ["/"],
        "applications": [f"/applications?{query}" for query in APPLICATIONS],
    }


async def measure(url: str, size: Size) -> dict[str, list[tuple[float, str]]]:
    """Milliseconds and address of every request, by group; the first of each address is not counted."""
    upgrade(url)
    started = time.perf_counter()
    await seed(url, size)
    print(f"{size.messages:,} messages seeded in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    database = Database.open(url, segment=search_words)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(console=console_of(database, Clock(), Path(folder), form=harbor()), clock=Clock())
        # One who may unmask searches what is hidden as well, which costs more.
        browser = await desk.browser("editor")
        taken: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for name, addresses in pages().items():
            for address in addresses:
                taken[name] += await _timed(browser, address)
        taken["a deep page"] = await _timed(browser, await _deep(browser))
        taken["a transcript"] = await _timed(browser, "/conversations/17")
        taken["an application"] = await _timed(browser, "/applications/15")
        await desk.close()
    await database.close()
    return taken


async def _timed(browser: Browser, address: str) -> list[tuple[float, str]]:
    found = []
    for number in range(_REPEATS + 1):
        started = time.perf_counter()
        answer = await browser.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        if number:
            found.append(((time.perf_counter() - started) * 1000, address))
    return found


async def _deep(browser: Browser) -> str:
    address = "/conversations"
    for _ in range(8):
        page = (await browser.get(address)).text
        older = re.search(r'href="(/conversations\?[^"]*after=[^"]+)"', page)
        if older is None:
            break
        address = older[1].replace("&amp;", "&")
    return address


def p95(times: list[tuple[float, str]]) -> float:
    """The 95th percentile of milliseconds."""
    values = sorted(value for value, _ in times)
    return values[min(len(values) - 1, int(len(values) * 0.95))]


def main() -> None:
    """Seed both sizes, measure the same pages, print the table and the slowest addresses."""
    server = find_postgres()
    try:
        found = {}
        for name, size in (("small", SMALL), ("large", LARGE)):
            with new_database(server.url, f"review_{name}") as url:
                found[name] = asyncio.run(measure(url, size))
            print(
                f"{name}: at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB",
                file=sys.stderr,
            )
    finally:
        server.close()
    rows = []
    for name, small in found["small"].items():
        large = found["large"][name]
        medians = [statistics.median(value for value, _ in times) for times in (small, large)]
        rows.append([name, len(small), *medians, p95(small), p95(large), p95(large) / p95(small)])
    table(
        "Pages of the console, milliseconds",
        [
            "page",
            "requests",
            "p50 at 10,000",
            "p50 at 1,000,000",
            "p95 at 10,000",
            "p95 at 1,000,000",
            "p95 ratio",
        ],
        rows,
    )
    slowest = sorted((item for times in found["large"].values() for item in times), reverse=True)[:12]
    table("The slowest", ["ms", "address"], [[value, address] for value, address in slowest])
