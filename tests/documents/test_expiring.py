"""Who of staff hears of documents that end soon, when, and how often."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.expiring import Expiring
from handlers.review.documents import DocumentDesk
from handlers.texts import Texts
from handlers.turn import Services
from knowledge.rehearsal import Rehearsals
from storage.announcement_records import Role
from storage.database import Database
from tests.conversation.fakes import PROGRAM, rows
from tests.documents.conftest import Harbor, crane, ferry
from tests.storage.builders import Clock, a_person

ZONE = ZoneInfo("Asia/Shanghai")
"""PROGRAM's."""
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
END = datetime(2026, 12, 1, 0, 0, tzinfo=ZONE)


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING.astimezone(UTC))


@pytest.fixture
async def services(harbor: Harbor, database: Database, clock: Clock) -> Services:
    database._clock = clock
    rehearsals = Rehearsals(harbor.library, [], harbor.embeddings)
    desk = DocumentDesk(database, harbor.knowledge, harbor.publisher, rehearsals, clock)
    return Services(
        database=database,
        knowledge=harbor.knowledge,
        program=PROGRAM,
        clock=clock,
        detect=lambda _: "en",
        documents=desk,
        desk_url="http://127.0.0.1:8080",
    )


async def a_member(database: Database, role: Role, chat: str | None, language: str = "en") -> None:
    async with database.unit_of_work() as work:
        member = await work.staff.add(f"{role} {chat}", role, language=language)
    if chat is not None:
        person = await a_person(database, chat)
        async with database.unit_of_work() as work:
            assert await work.staff.link(member.id, person.founder.id)


async def told(database: Database) -> list[tuple[str, str]]:
    """Chat and text of everything that waits to be sent."""
    texts = {row["id"]: row["text"] for row in await rows(database, "messages")}
    return [(str(row["chat"]), str(texts[row["message_id"]])) for row in await rows(database, "outbox")]


async def test_editors_and_owners_with_a_chat_are_told_once_each_morning(
    harbor: Harbor, services: Services, clock: Clock
) -> None:
    assert PROGRAM.timezone == ZONE
    await harbor.save(ferry(valid_until=END))
    await harbor.save(crane(valid_until=END + timedelta(days=400)))
    for role, chat in (("owner", "1"), ("editor", "2"), ("reviewer", "3"), ("viewer", "4"), ("editor", None)):
        await a_member(harbor.database, role, chat)  # type: ignore[arg-type]
    expiring = Expiring(services)
    clock.now -= timedelta(minutes=1)
    assert await expiring.look() == 0
    clock.now += timedelta(minutes=1)
    assert await expiring.look() == 2
    assert await expiring.look() == 0
    assert await Expiring(services).look() == 0
    chats = await told(harbor.database)
    assert [chat for chat, _ in chats] == ["1", "2"]
    line = Texts("en")("documents.line", title="Ferry", id="en/ferry", day="2026-11-30")
    assert chats[0][1].splitlines() == [
        Texts("en")("documents.ending", count=1),
        line,
        "http://127.0.0.1:8080/documents?state=ending&sort=ends",
    ]
    clock.now = (MORNING + timedelta(days=1)).astimezone(UTC)
    assert await expiring.look() == 2


async def test_nobody_is_told_when_nothing_ends_or_it_is_night(
    harbor: Harbor, services: Services, clock: Clock
) -> None:
    await a_member(harbor.database, "editor", "1")
    assert await Expiring(services).look() == 0
    await harbor.save(ferry(valid_until=END))
    assert await Expiring(services).look() == 0, "this morning's look has been"
    clock.now = (MORNING + timedelta(days=1, hours=13)).astimezone(UTC)
    assert await Expiring(services).look() == 0
    clock.now -= timedelta(hours=1)
    assert await Expiring(services).look() == 1, "a bot that was off in the morning tells later"


async def test_of_two_processes_one_tells_in_the_language_of_who_is_told(
    harbor: Harbor, services: Services
) -> None:
    for number in range(12):
        await harbor.save(ferry(id=f"en/ferry-{number:02}", valid_until=END + timedelta(hours=number)))
    await a_member(harbor.database, "editor", "1", "zh")
    assert sorted(await asyncio.gather(*(Expiring(services).look() for _ in range(2)))) == [0, 1]
    [(_, text)] = await told(harbor.database)
    zh = Texts("zh")
    assert text.startswith(zh("documents.ending", count=12))
    assert zh("documents.line", title="Ferry", id="en/ferry-02", day="2026-12-01 02:00") in text
    assert zh("documents.more", count=2) in text
    assert "ferry-10" not in text


async def test_an_address_that_the_chat_can_open_is_a_button(harbor: Harbor, services: Services) -> None:
    await harbor.save(ferry(valid_until=END))
    await a_member(harbor.database, "owner", "1")
    assert await Expiring(replace(services, desk_url="https://desk.example.org")).look() == 1
    [row] = await rows(harbor.database, "outbox")
    assert "https://desk.example.org/documents?state=ending&sort=ends" in str(row["payload"])
    assert "https" not in (await told(harbor.database))[0][1]
