from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.attendance import Attendance, Patience
from handlers.attending import Attending
from handlers.office_hours import OfficeHours
from handlers.texts import Texts
from storage.announcement_records import Role, StaffRecord
from storage.database import Database
from storage.outbox import HELD_BACK
from storage.records import QueuedHandover
from tests.conversation.fakes import PROGRAM, Bot, Clock, payload, payloads, rows, until

EN, ZH = Texts("en"), Texts("zh")
HOURS = OfficeHours(
    days=frozenset(range(5)),
    opens=time(9, 30),
    closes=time(18),
    closed=frozenset({date(2026, 11, 23)}),
    timezone=ZoneInfo("Asia/Shanghai"),
)


async def staff(
    bot: Bot, name: str = "Anna", chat: str | None = None, role: Role = "reviewer"
) -> StaffRecord:
    """A member of staff, with a chat of their own when one is named."""
    async with bot.database.unit_of_work() as work:
        member = await work.staff.add(name, role, language="en")
    if chat is not None:
        await bot.say("hello", chat)
        async with bot.database.unit_of_work() as work:
            founder = (await rows(bot.database, "founders"))[-1]["id"]
            assert await work.staff.link(member.id, founder)
    return member


async def only_handover(bot: Bot) -> int:
    return int((await rows(bot.database, "handovers"))[-1]["id"])


async def taken(bot: Bot, member: StaffRecord, handover_id: int | None = None) -> QueuedHandover | None:
    wanted = handover_id or await only_handover(bot)
    async with bot.database.unit_of_work() as work:
        return await Attending(work, bot.services).take(wanted, member)


async def settle(bot: Bot, count: int, chat: str = "ann") -> list[str]:
    """Wait until so many messages have arrived in a chat, and return their texts."""
    async with asyncio.timeout(10):
        while len(bot.to(chat)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return [reply.text for reply in bot.to(chat)]


async def test_a_person_takes_over_talks_and_gives_back(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        member = await staff(bot)
        await bot.say("How much is the rent?")
        await bot.command("human")
        assert await taken(bot, member) is not None
        assert (await settle(bot, 3))[-1] == EN("human.taken", name="Anna")
        assert await bot.send(text="Are you a person?") == []
        assert bot.knowledge.questions == ["How much is the rent?"]
        handover = await only_handover(bot)
        async with both.unit_of_work() as work:
            assert await Attending(work, bot.services).answer(handover, member, "Yes, I am {Anna}!")
        assert (await settle(bot, 4))[-1] == "👤 Anna\nYes, I am {Anna}!"
        async with both.unit_of_work() as work:
            assert await Attending(work, bot.services).release(handover, member)
        assert (await settle(bot, 5))[-1] == EN("human.released", name="Anna")
        assert (await bot.say("And the desk?")).text.startswith("Answer to")
    said = await rows(both, "messages")
    assert [row["kind"] for row in said if row["direction"] == "out"] == [
        "reply",
        "reply",
        "notice",
        "staff",
        "notice",
        "reply",
    ]
    assert [row["ending"] for row in await rows(both, "handovers")] == ["staff"]


async def test_an_answer_thought_of_before_the_take_over_is_kept_and_not_sent(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        member = await staff(bot)
        await bot.command("human")
        bot.knowledge.free.clear()
        await bot.receive(bot.update(text="How much is the rent?"))
        await until(lambda: bot.knowledge.running > 0)
        await taken(bot, member)
        bot.knowledge.free.set()
        await bot.dispatcher.settled("memory", "ann")
        await settle(bot, 2)
        assert not any(reply.text.startswith("Answer") for reply in bot.to("ann"))
    held = [row for row in await rows(both, "outbox") if row["error_code"] == HELD_BACK]
    assert [row["status"] for row in held] == ["failed"]


async def test_an_answer_that_waits_in_the_queue_is_dropped_at_the_moment_of_sending(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        member = await staff(bot)
        await bot.command("human")
        bot.channel.delay = 0.4
        await bot.receive(bot.update(text="How much is the rent?"), bot.update(text="And the desk?"))
        async with asyncio.timeout(5):
            while len(await rows(both, "outbox")) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        bot.channel.delay = 0.0
        await taken(bot, member)
        await bot.dispatcher.settled("memory", "ann")
        texts = await settle(bot, 2)
    assert sum(text.startswith("Answer") for text in texts) <= 1  # the first may be on its way already
    assert "Answer to: And the desk? [1]" not in texts
    held = [row for row in await rows(both, "outbox") if row["error_code"] == HELD_BACK]
    assert held
    assert all(row["status"] == "failed" for row in held)


async def test_two_who_take_the_same_request_are_told_apart(bot: Bot) -> None:
    await bot.command("human")
    one, two = await staff(bot, "Anna"), await staff(bot, "Ben")
    assert await taken(bot, one)
    assert await taken(bot, two) is None
    assert await taken(bot, one)  # again is no mistake, and says nothing twice
    handover = await only_handover(bot)
    async with bot.database.unit_of_work() as work:
        attending = Attending(work, bot.services)
        assert await attending.answer(handover, two, "Hello") is None
        assert await attending.release(handover, two) is None
        assert await attending.take(handover, two, instead_of=one.id)
    texts = await settle(bot, 3)
    assert texts[1:] == [ZH("human.taken", name="Anna"), ZH("human.taken", name="Ben")]


async def test_rights_and_the_way_back_work_while_a_person_talks(bot: Bot) -> None:
    await bot.say("How much is the rent?")
    cancel = payload(await bot.command("human"), "unhuman")
    await taken(bot, await staff(bot))
    await settle(bot, 3)
    assert (await bot.command("privacy")).text == EN("privacy.text", program="Test Base")
    assert (await bot.command("help")).text == EN("human.bot_is_silent")
    assert (await bot.press("v1:example:en:0")).toast == EN("human.bot_is_silent")
    assert EN("human.talking", name="Anna") in (await bot.command("human")).text
    assert (await bot.press(cancel)).text == EN("human.cancelled")
    assert (await bot.say("And now?")).text.startswith("Answer")


async def test_a_founder_who_erases_themselves_ends_the_talk(bot: Bot) -> None:
    await bot.command("human")
    member = await staff(bot)
    await taken(bot, member)
    handover = await only_handover(bot)
    await bot.press("v1:forget:yes")
    async with bot.database.unit_of_work() as work:
        assert await Attending(work, bot.services).answer(handover, member, "Hello?") is None
        assert await work.handovers.queue() == []
    assert (await rows(bot.database, "handovers"))[0]["ending"] == "erased"


# --- staff in a chat ----------------------------------------------------------------------------------


async def test_staff_are_pinged_in_their_chat_and_talk_from_there(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock, desk_url="https://desk.example.org") as bot:
        await staff(bot, "Anna", chat="anna")
        await bot.say("How much is the rent?")
        await bot.command("human")
        pinged = (await settle(bot, 2, "anna"), bot.to("anna")[-1])[1]
        assert EN("human.ping", number=1, question="How much is the rent?") in pinged.text
        assert "How much is the rent?" in (await bot.press(payload(pinged, "take"), "anna")).text
        assert EN("human.taken", name="Anna") in await settle(bot, 3)
        assert await bot.send(text="Hello!") == []
        assert (await settle(bot, 4, "anna"))[-1] == "💬 Hello!"
        assert await bot.send("anna", text="Hi, Anna here") == []
        assert "👤 Anna\nHi, Anna here" in await settle(bot, 4)
        assert (await bot.command("release", "anna")).text == EN("human.given_back")
        assert (await bot.say("How much is the desk?", "anna")).text.startswith("Answer")


async def test_a_staff_chat_keeps_none_of_a_founders_words(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        await staff(bot, "Anna", chat="anna")
        await bot.say("My secret question")
        await bot.command("human")
        await settle(bot, 2, "anna")
        await bot.command("handovers", "anna")
        await bot.press("v1:take:1", "anna")
        await bot.send(text="My secret words")
        assert "💬 My secret words" in await settle(bot, 5, "anna")
        await bot.press("v1:forget:yes")
    for table in ("messages", "outbox", "traces", "handovers"):
        assert "secret" not in str(await rows(both, table))


@pytest.mark.parametrize(("role", "shown"), [("reviewer", "‹email›"), ("editor", "ann@harbor.example")])
async def test_only_who_may_unmask_reads_contact_data_in_the_staff_chat(
    bot: Bot, role: Role, shown: str
) -> None:
    await staff(bot, "Anna", chat="anna", role=role)
    await bot.say("Who writes to ann@harbor.example?")
    await bot.command("human")
    pinged = (await settle(bot, 2, "anna"))[-1]
    listed = (await bot.command("handovers", "anna")).text
    taken_over = (await bot.press("v1:take:1", "anna")).text
    await bot.send(text="Write to ann@harbor.example")
    forwarded = (await settle(bot, 5, "anna"))[-1]
    for text in (pinged, listed, taken_over, forwarded):
        assert shown in text
        assert (shown == "‹email›") == ("ann@harbor" not in text)


async def test_the_queue_in_the_chat_is_for_staff_only(bot: Bot) -> None:
    await staff(bot, "Anna", chat="anna")
    await bot.say("How much is the rent?")
    await bot.command("human")
    listed = await bot.command("handovers", "anna")
    assert "How much is the rent?" in listed.text
    assert payloads(listed) == ["v1:take:1"]
    assert (await bot.command("handovers")).text == EN("unsupported.command")
    assert (await bot.press("v1:take:1")).toast == EN("unsupported.stale")


# --- time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 11, 24, 2, 0, tzinfo=UTC), None),  # Tuesday, 10:00 in Shanghai
        (datetime(2026, 11, 24, 10, 0, tzinfo=UTC), "2026-11-25 09:30"),  # 18:00 sharp is after work
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "2026-11-24 09:30"),
        (datetime(2026, 11, 20, 12, 0, tzinfo=UTC), "2026-11-24 09:30"),  # Friday; Monday is a day off
    ],
)
def test_office_hours_are_those_of_the_programs_zone(now: datetime, opens: str | None) -> None:
    assert HOURS.is_open(now) == (opens is None)
    if opens is not None:
        assert f"{HOURS.next_opening(now):%Y-%m-%d %H:%M}" == opens


async def test_outside_office_hours_the_founder_is_told_when(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock, program=replace(PROGRAM, office_hours=HOURS)) as bot:
        reply = await bot.command("human")  # a Sunday
    assert ZH("human.closed", day="星期二", date="2026-11-24", time="09:30", zone="CST") in reply.text


async def test_a_talk_in_which_nobody_writes_ends_with_a_word(bot: Bot, clock: Clock) -> None:
    member = await staff(bot)
    await bot.command("human")
    await taken(bot, member)
    async with bot.database.unit_of_work() as work:
        await Attending(work, bot.services).answer(await only_handover(bot), member, "Bye")
    attendance = Attendance(bot.services, Patience(idle=timedelta(minutes=30)))
    clock.pass_by(minutes=29)
    assert await attendance.look() == 0
    clock.pass_by(minutes=2)
    assert await attendance.look() == 1
    assert await attendance.look() == 0
    assert (await settle(bot, 4))[-1] == ZH("human.idle", name="Anna")
    assert (await bot.say("How much is the rent?")).text.startswith("Answer")


async def test_a_founder_left_without_a_word_waits_for_another_person(bot: Bot, clock: Clock) -> None:
    await bot.command("human")
    await taken(bot, await staff(bot))
    await bot.send(text="Are you there?")
    clock.pass_by(minutes=31)
    assert await Attendance(bot.services).look() == 1
    assert (await settle(bot, 3))[-1] == EN("human.idle_waiting", name="Anna")
    async with bot.database.unit_of_work() as work:
        (queued,) = await work.handovers.queue()
    assert (queued.handover.taken, queued.handover.staff_id) == (False, None)


async def test_who_waits_too_long_is_told_once_and_only_in_office_hours(bot: Bot, clock: Clock) -> None:
    bot.services = replace(bot.services, program=replace(bot.services.program, office_hours=HOURS))
    attendance = Attendance(bot.services)
    await bot.command("human")  # Sunday 17:00 in Shanghai; Monday is a day off
    clock.pass_by(minutes=20)
    assert await attendance.look() == 0
    clock.now = datetime(2026, 11, 24, 1, 40, tzinfo=UTC)  # Tuesday 09:40
    assert await attendance.look() == 0
    clock.pass_by(minutes=6)
    assert await attendance.look() == 1
    assert await attendance.look() == 0
    assert (await settle(bot, 2))[-1] == ZH("human.still_waiting")
