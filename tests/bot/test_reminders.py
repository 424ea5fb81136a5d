"""Reminders of drafts: when, to whom, what they say, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest

from bot.background import background
from bot.reminders import Reminders, due_now, quiet
from handlers.messages import Reply
from handlers.texts import Texts
from handlers.turn import Services
from storage.application_records import StoredAnswer
from storage.database import Database
from tests.conversation.applications import a_draft, founder_of, harbor, record_of, submitted, yard
from tests.conversation.fakes import PROGRAM, Bot, Clock, ScriptedKnowledge, decoded, payload, rows

EN = Texts("en")
TRIAL = {"track": StoredAnswer("trial")}


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2027 as the yard's clocks show it."""
    return datetime(2027, month, day, hour, minute, tzinfo=PROGRAM.timezone).astimezone(UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(database_url: str, clock: Clock) -> AsyncIterator[Database]:
    opened = Database.open(database_url, clock=clock)
    yield opened
    await opened.close()


def services(database: Database, clock: Clock, **changes: Any) -> Services:
    made = Services(
        database=database,
        knowledge=ScriptedKnowledge(),  # type: ignore[arg-type]
        program=PROGRAM,
        clock=clock,
        detect=lambda _: "en",
        form=harbor(),
    )
    return replace(made, **changes)


async def texts_of(database: Database) -> list[str]:
    return [str(row["text"]) for row in await rows(database, "messages")]


async def looked(database: Database, clock: Clock, at: datetime) -> int:
    clock.now = at
    return await Reminders(services(database, clock)).look()


async def test_a_draft_is_reminded_of_three_times_until_the_deadline(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    await a_draft(store, without=("email", "team_size"))
    assert await looked(store, clock, local(3, 12, 9)) == 0
    assert await looked(store, clock, local(3, 12, 11)) == 1
    assert await looked(store, clock, local(3, 12, 12)) == 0
    assert await looked(store, clock, local(3, 20, 12)) == 0
    assert await looked(store, clock, local(3, 28, 20, 1)) == 1
    assert await looked(store, clock, local(3, 29, 12)) == 0
    assert await looked(store, clock, local(3, 30, 20, 1)) == 1
    assert await looked(store, clock, local(3, 31, 12)) == 0
    idle, three_days, one_day = await texts_of(store)
    when = "2027-03-31 20:00"
    assert "waiting" in idle
    assert three_days.startswith("Three days")
    assert one_day.startswith("Only one day")
    for text in (idle, three_days, one_day):
        assert EN("applied.left", count=2) in text
        assert when in text


async def test_nobody_is_written_to_at_night(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 23)
    await a_draft(store, without=("email",))
    assert await looked(store, clock, local(3, 12, 23, 5)) == 0
    assert await looked(store, clock, local(3, 13, 7, 59)) == 0
    assert await looked(store, clock, local(3, 13, 8, 0)) == 1


async def test_after_a_long_silence_only_what_matters_now_is_sent(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    await a_draft(store, without=("email",))
    assert await looked(store, clock, local(3, 31, 9)) == 1
    assert await looked(store, clock, local(3, 31, 10)) == 0
    (text,) = await texts_of(store)
    assert text.startswith("Only one day")


async def test_a_reminder_stops_when_the_application_is_submitted(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    await submitted(store)
    for day in (12, 20, 29, 31):
        assert await looked(store, clock, local(3, day, 12)) == 0


async def test_a_blocked_chat_and_a_forgotten_founder_get_none(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    await a_draft(store, "ann", without=("email",))
    await a_draft(store, "bo", without=("email",))
    async with store.unit_of_work() as work:
        await work.founders.mark_blocked("memory", "ann", clock.now)
    bo = await founder_of(store, "bo")
    async with store.unit_of_work() as work:
        await work.founders.erase(bo)
    assert await looked(store, clock, local(3, 13, 12)) == 0


async def test_a_founder_who_is_writing_just_now_is_left_in_peace(store: Database, clock: Clock) -> None:
    clock.now = local(3, 15, 10)
    application = await a_draft(store, without=("email",))
    clock.now = local(3, 30, 20)
    async with store.unit_of_work() as work:
        await work.applications.take(application, (await record_of(store, application)).revision)
    assert await looked(store, clock, local(3, 30, 20, 5)) == 0
    assert await looked(store, clock, local(3, 30, 20, 30)) == 1


async def test_a_window_that_closes_on_a_draft_is_told_with_its_late_rule(
    store: Database, clock: Clock
) -> None:
    clock.now = local(3, 30, 10)
    await a_draft(store, without=("email",))
    assert await looked(store, clock, local(3, 31, 20, 10)) == 0
    assert await looked(store, clock, local(3, 31, 20, 40)) == 1
    assert await looked(store, clock, local(4, 3, 12)) == 0
    (text,) = await texts_of(store)
    assert "closed on 2027-03-31 20:00" in text
    assert "2027-09-01 10:00" in text


async def test_a_missed_window_makes_the_reminder_before_it_needless(store: Database, clock: Clock) -> None:
    clock.now = local(3, 28, 10)
    await a_draft(store, without=("email",))
    assert await looked(store, clock, local(4, 1, 12)) == 1
    assert await looked(store, clock, local(4, 1, 12, 30)) == 0
    assert await looked(store, clock, local(4, 20, 12)) == 0
    (text,) = await texts_of(store)
    assert "closed on 2027-03-31 20:00" in text


async def test_a_track_that_takes_nothing_late_says_so(store: Database, clock: Clock) -> None:
    clock.now = local(5, 31, 10)
    await a_draft(store, without=("email",), answers=TRIAL)
    assert await looked(store, clock, local(5, 31, 20, 30)) == 1
    (text,) = await texts_of(store)
    assert EN("applied.missed.refuse") in text


async def test_nothing_is_sent_long_after_a_window(store: Database, clock: Clock) -> None:
    clock.now = local(5, 31, 10)
    await a_draft(store, without=("email",), answers=TRIAL)
    due = due_now(harbor(), await record_of(store, 1), local(7, 15, 12), services(store, clock))
    assert due is None or due.kind != "missed"


async def test_many_processes_send_one_reminder(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    for chat in ("ann", "bo", "cy"):
        await a_draft(store, chat, without=("email",))
    clock.now = local(3, 13, 12)
    loops = [Reminders(services(store, clock)) for _ in range(4)]
    assert sum(await asyncio.gather(*(loop.look() for loop in loops))) == 3
    assert len(await rows(store, "outbox")) == 3
    assert len(await rows(store, "messages")) == 3


async def test_a_crash_before_the_commit_sends_it_later_and_after_it_never(
    store: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = local(3, 10, 10)
    await a_draft(store, without=("email",))
    clock.now = local(3, 13, 12)

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr("bot.reminders.tell_chat", killed)
        with pytest.raises(asyncio.CancelledError):
            await Reminders(services(store, clock)).look()
    assert await rows(store, "application_reminders") == []
    assert await Reminders(services(store, clock)).look() == 1
    assert await Reminders(services(store, clock)).look() == 0
    assert len(await rows(store, "outbox")) == 1


async def test_only_chats_that_this_process_serves_are_written_to(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    await a_draft(store, without=("email",))
    clock.now = local(3, 13, 12)
    assert await Reminders(services(store, clock), ["terminal"]).look() == 0
    assert await Reminders(services(store, clock), ["terminal", "memory"]).look() == 1


async def test_it_goes_to_the_chat_used_last(store: Database, clock: Clock) -> None:
    async with yard(store, clock) as bot:
        clock.now = local(3, 10, 10)
        await bot.say("How much is the rent?")
        await bot.say("How much is the rent?", chat="phone")
        await a_draft(store, without=("email",))
        ann, phone = await founder_of(store), await founder_of(store, "phone")
        async with store.unit_of_work() as work:
            assert await work.founders.merge(phone, ann)
        await bot.say("And the crane?", chat="phone")
        assert await looked(store, clock, local(3, 13, 12)) == 1
        await _arrival(bot, "phone", 3)
    assert len(bot.to("ann")) == 1


async def test_one_tap_stops_reminders_and_another_brings_them_back(store: Database, clock: Clock) -> None:
    async with yard(store, clock) as bot:
        clock.now = local(3, 10, 10)
        await bot.say("How much is the rent?")
        await a_draft(store, without=("email",))
        await looked(store, clock, local(3, 13, 12))
        notice = await _arrival(bot, "ann", 2)
        off = await bot.press(payload(notice, "remindoff"))
        assert off.text == EN("applied.reminders.off")
        assert await looked(store, clock, local(3, 28, 21)) == 0
        on = await bot.press(payload(off, "remindon"))
        assert on.text == EN("applied.reminders.on")
        assert await looked(store, clock, local(3, 28, 21, 5)) == 1
        assert (await bot.press(payload(notice, "remindoff"), chat="mallory")).toast


async def test_continue_goes_on_with_the_question_that_is_open(store: Database, clock: Clock) -> None:
    async with yard(store, clock) as bot:
        clock.now = local(3, 10, 10)
        await bot.say("How much is the rent?")
        application = await a_draft(store, without=("email",))
        await looked(store, clock, local(3, 13, 12))
        notice = await _arrival(bot, "ann", 2)
        await bot.send(kind="button", button=payload(notice, "continue"), button_message="m1")
        await bot.send(text="ann@blue-whale.example.com")
        async with store.unit_of_work(read_only=True) as work:
            answers = await work.applications.answers(application, None)
    assert answers["email"].data == "ann@blue-whale.example.com"


async def test_a_reminder_can_be_erased_and_is_in_my_data(store: Database, clock: Clock) -> None:
    clock.now = local(3, 10, 10)
    await a_draft(store, without=("email",))
    await looked(store, clock, local(3, 13, 12))
    ann = await founder_of(store)
    async with store.unit_of_work(read_only=True) as work:
        assert "waiting" in str((await work.founders.held(ann))["messages"])
    async with store.unit_of_work() as work:
        await work.founders.erase(ann)
    assert await texts_of(store) == [""]
    assert await rows(store, "application_reminders") == []


@pytest.mark.parametrize(
    ("hour", "minute", "expected"), [(7, 59, True), (8, 0, False), (21, 59, False), (22, 0, True)]
)
async def test_quiet_hours(store: Database, clock: Clock, hour: int, minute: int, expected: bool) -> None:
    assert quiet(local(3, 10, hour, minute), services(store, clock)) is expected


async def test_without_a_form_nothing_is_looked_for(store: Database, clock: Clock) -> None:
    assert await Reminders(services(store, clock, form=None)).look() == 0


async def test_a_failed_look_is_followed_by_the_next(
    store: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    async def look(self: Reminders) -> int:
        nonlocal looks
        looks += 1
        raise OSError

    monkeypatch.setattr(Reminders, "look", look)
    async with background(Reminders(services(store, clock)).keep(0.01)):
        await asyncio.sleep(0.1)
    assert looks > 1


async def test_ten_thousand_drafts_are_looked_through_quickly(sqlite_url: str, clock: Clock) -> None:
    database = Database.open(sqlite_url, clock=clock)
    clock.now = local(3, 10, 10)
    await _many(database, 10_000, clock.now)
    clock.now += timedelta(hours=1)
    started = process_time()
    assert await Reminders(services(database, clock)).look() == 0
    spent = process_time() - started
    await database.close()
    assert spent < 5


async def _many(database: Database, count: int, at: datetime) -> None:
    from sqlalchemy import text

    moment = at.strftime("%Y-%m-%d %H:%M:%S.%f")
    async with database.unit_of_work() as work:
        connection = work.founders._scope.connection
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
        values = {"count": count, "at": moment}
        for statement in (
            "INSERT INTO founders (id, created_at) {} SELECT i, :at FROM n",
            "INSERT INTO conversations (id, founder_id, channel, chat, created_at) "
            "{} SELECT i, i, 'memory', 'c' || i, :at FROM n",
            "INSERT INTO applications (id, founder_id, status, track, language, form_version, revision, "
            "late, created_at, updated_at) "
            "{} SELECT i, i, 'draft', 'berth', 'en', 'v', 0, 0, :at, :at FROM n",
        ):
            await connection.execute(text(statement.format(numbers)), values)


async def _arrival(bot: Bot, chat: str, count: int) -> Reply:
    async with asyncio.timeout(5):
        while len(bot.to(chat)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return bot.to(chat)[count - 1]


async def amending(database: Database, clock: Clock, **options: Any) -> int:
    """An application that was submitted on March 30 and has been amended, not yet confirmed, since."""
    clock.now = local(3, 30, 10)
    application = await submitted(database, **options)
    clock.now = local(3, 31, 19)
    async with database.unit_of_work() as work:
        assert await work.applications.begin_amend(application)
    return application


async def test_a_window_that_closes_on_an_amendment_is_told_once_with_what_counts(
    store: Database, clock: Clock
) -> None:
    application = await amending(store, clock)
    assert await looked(store, clock, local(3, 31, 20, 10)) == 0, "the hidden grace still takes it"
    assert await looked(store, clock, local(3, 31, 20, 40)) == 1
    assert await looked(store, clock, local(3, 31, 20, 50)) == 0
    assert await looked(store, clock, local(4, 3, 12)) == 0
    (text,) = await texts_of(store)
    assert "closed on 2027-03-31 20:00" in text
    assert "submitted on 2027-03-30 10:00" in text
    number = (await record_of(store, application)).number
    assert f"application {number}." in text


async def test_at_night_it_is_told_in_the_morning(store: Database, clock: Clock) -> None:
    await amending(store, clock)
    assert await looked(store, clock, local(3, 31, 22, 30)) == 0
    assert await looked(store, clock, local(4, 1, 8, 0)) == 1


async def test_an_amendment_that_was_confirmed_or_dropped_in_time_is_not_told(
    store: Database, clock: Clock
) -> None:
    application = await amending(store, clock)
    async with store.unit_of_work() as work:
        assert await work.applications.end_amend(application, restore=True)
    assert await looked(store, clock, local(3, 31, 20, 40)) == 0


async def test_stopped_reminders_do_not_silence_it_and_its_button_restores(
    store: Database, clock: Clock
) -> None:
    application = await amending(store, clock)
    async with store.unit_of_work() as work:
        await work.applications.stop_reminders(application)
    assert await looked(store, clock, local(3, 31, 20, 40)) == 1
    (restore,) = await restoring_buttons(store)
    async with yard(store, clock) as bot:
        *_, reply = await bot.send(kind="button", button=restore, button_message="m1")
    assert reply.text.startswith("Your changes are dropped")
    assert (await record_of(store, application)).amending_at is None


async def restoring_buttons(database: Database) -> list[str]:
    """The payloads that the outbox keeps of buttons that put the submitted version back."""
    found = []
    for row in await rows(database, "messages"):
        shown = decoded(row["payload"])
        found += [one["payload"] for line in shown.get("buttons", []) for one in line]
    return [payload for payload in found if payload.startswith("v1:unamend:")]
