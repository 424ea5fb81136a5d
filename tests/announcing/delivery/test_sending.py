"""Announcements on their way: what becomes of every single recipient, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.announcing import Timing
from bot.sending import Persistence
from storage.announcement_records import AnnouncementRecord, Audience
from storage.entries import Sender
from tests.announcing.delivery.world import TEXTS, World, confirmed, counts, ledger, seed, status, until

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


async def some(world: World, count: int = 3, **options: object) -> list[int]:
    """Founders who are known here and there."""
    chats = await seed(world.database, count, **options)  # type: ignore[arg-type]
    world.join(chats)
    return chats


def stubborn(attempts: int) -> Timing:
    """Tries so often, without much of a pause."""
    persistence = Persistence(attempts=attempts, first_pause=0.02, longest_pause=0.1)
    return Timing(look_again=0.05, persistence=persistence)


async def test_everybody_gets_it_once_in_their_language_and_it_is_on_record(world: World) -> None:
    english = await some(world, 2)
    chinese = await some(world, 2, first=2001, language="zh")
    announcement = await confirmed(world.database)
    async with world.announcing():
        assert await world.is_over(announcement) == {"sent": 4}
    assert {world.api.texts(chat)[0] for chat in english} == {TEXTS["en"]}
    assert {world.api.texts(chat)[0] for chat in chinese} == {TEXTS["zh"]}
    for line in await ledger(world.database, announcement.id):
        (message,) = world.api.messages(int(line.chat or 0))
        assert line.external_ids == (str(message.message_id),)
        assert line.finished_at is not None
        async with world.database.unit_of_work(read_only=True) as work:
            stored = await work.messages.get(line.message_id or 0)
            found = await work.recipients.announcement_at(
                line.founder_id, line.conversation_id or 0, line.external_id or ""
            )
        assert stored is not None
        assert (stored.kind, stored.text, stored.founder_id) == (
            "announcement",
            message.text,
            line.founder_id,
        )
        assert found == announcement.id
    assert [item.status for item in world.finished] == ["finished"]


async def test_those_who_stopped_the_topic_block_or_are_gone_before_are_told_apart(world: World) -> None:
    await some(world, 5)
    async with world.database.unit_of_work() as work:
        everybody = await work.recipients.preview(Audience(), "events", ("telegram",))
        assert everybody == {("pending", "en"): 5}
        await work.subscriptions.choose(1, "events", False)
        await work.founders.mark_blocked("telegram", "1002", datetime.now(UTC))
        await work.founders.erase(3)
    announcement = await confirmed(world.database, topic="events")
    async with world.announcing():
        assert await world.is_over(announcement) == {"unsubscribed": 1, "blocked": 1, "sent": 2}
    assert set(world.received(range(1001, 1006))) == {1004, 1005}


async def test_whoever_stops_blocks_or_erases_in_the_middle_hears_nothing(world: World) -> None:
    chats = await some(world, 60)
    announcement = await confirmed(world.database, topic="events")
    async with world.announcing(rate=20):
        await until(lambda: len(world.api.messages()) >= 3)
        async with world.database.unit_of_work() as work:
            await work.subscriptions.choose(58, "events", False)
            await work.founders.mark_blocked("telegram", str(chats[58]), datetime.now(UTC))
            await work.founders.erase(60)
        found = await world.is_over(announcement)
    assert found == {"sent": 57, "unsubscribed": 1, "blocked": 1, "erased": 1}
    assert not world.received(chats[57:])


async def test_nothing_is_kept_of_who_erases_themselves_while_it_goes_out_to_them(world: World) -> None:
    await some(world, 1)
    world.api.configure(latency=1.5)
    announcement = await confirmed(world.database)
    async with world.announcing():
        await until(lambda: sending(world, announcement))
        async with world.database.unit_of_work() as work:
            await work.founders.erase(1)
        assert await world.is_over(announcement) == {"sent": 1}
    [line] = await ledger(world.database, announcement.id)
    assert (line.chat, line.external_id, line.message_id) == (None, None, None)


async def test_a_person_of_two_chats_who_links_them_meanwhile_hears_it_once(world: World) -> None:
    chats = await some(world, 60)
    announcement = await confirmed(world.database)
    async with world.announcing(rate=20):
        await until(lambda: len(world.api.messages()) >= 3)
        async with world.database.unit_of_work() as work:
            assert await work.founders.merge(60, 1)
        found = await world.is_over(announcement)
    assert found == {"sent": 59}
    assert sum(world.received([chats[0], chats[59]]).values()) == 1


async def test_a_founder_who_blocked_the_bot_is_marked_until_they_write_again(world: World) -> None:
    chats = await some(world, 2)
    world.api.state.blocked.add(chats[0])
    announcement = await confirmed(world.database)
    async with world.announcing():
        assert await world.is_over(announcement) == {"blocked": 1, "sent": 1}
    async with world.database.unit_of_work(read_only=True) as work:
        found = await work.conversations.get("telegram", str(chats[0]))
    assert found is not None
    assert found.blocked_at is not None


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "requests"),
    [
        ({"status": 502, "times": 2}, "sent", None, 3),
        ({"status": 500, "times": 99}, "failed", "network", 4),
        ({"status": 504}, "unknown", "network", 1),
        ({"kind": "drop_after"}, "unknown", "network", 1),
        ({"kind": "garbage", "status": 200}, "unknown", "telegramerror", 1),
        ({"status": 429, "retry_after": 1}, "sent", None, 2),
        ({"status": 400}, "sent", None, 2),
        ({"status": 400, "times": 99}, "failed", "bad_request", 2),
    ],
)
async def test_every_fault_has_its_consequence(
    world: World, fault: dict[str, object], outcome: str, code: str | None, requests: int
) -> None:
    (chat,) = await some(world, 1)
    world.api.fail("sendMessage", chat=chat, **fault)
    announcement = await confirmed(world.database)
    async with world.announcing(timing=stubborn(4)):
        assert await world.is_over(announcement) == {outcome: 1}
    (line,) = await ledger(world.database, announcement.id)
    assert line.error_code == code
    assert len(world.api.calls("sendMessage")) == requests


async def test_a_network_that_is_down_counts_against_nobody(world: World) -> None:
    await some(world, 30)
    world.api.fail("sendMessage", status=502, times=80)
    announcement = await confirmed(world.database)
    async with world.announcing(timing=stubborn(3)):
        assert await world.is_over(announcement) == {"sent": 30}


async def test_what_is_unknown_is_sent_again_only_when_staff_say_so(world: World) -> None:
    chats = await some(world, 3)
    world.api.fail("sendMessage", chat=chats[1], kind="drop_after")
    announcement = await confirmed(world.database)
    async with world.announcing():
        assert await world.is_over(announcement) == {"sent": 2, "unknown": 1}
        await asyncio.sleep(0.2)
        assert world.received(chats) == dict.fromkeys(chats, 1), "the message had arrived"
        async with world.database.unit_of_work() as work:
            (line,) = await work.recipients.page(announcement.id, statuses=("unknown",))
            assert await work.recipients.resend(announcement.id, ("unknown",), [line.id]) == 1
            assert await work.announcements.reopen(announcement.id)
        assert await world.is_over(announcement) == {"sent": 3}
    assert world.received(chats)[chats[1]] == 2


async def test_pause_resume_and_cancel_take_effect_at_once(world: World) -> None:
    await some(world, 200)
    announcement = await confirmed(world.database)
    async with world.announcing(rate=40):
        await until(lambda: len(world.api.messages()) >= 5)
        async with world.database.unit_of_work() as work:
            assert await work.announcements.pause(announcement.id)
        await until(lambda: nothing_under_way(world, announcement), 10)
        paused = len(world.api.messages())
        await asyncio.sleep(0.5)
        assert len(world.api.messages()) == paused

        async with world.database.unit_of_work() as work:
            assert await work.announcements.resume(announcement.id)
        await until(lambda: len(world.api.messages()) >= paused + 5)
        async with world.database.unit_of_work() as work:
            assert await work.announcements.cancel(announcement.id)
            await work.recipients.cancel(announcement.id)
        await until(lambda: nothing_under_way(world, announcement), 10)
        sent = len(world.api.messages())
        await asyncio.sleep(0.5)
        assert len(world.api.messages()) == sent
        found = await counts(world.database, announcement.id)
    assert found == {"sent": sent, "cancelled": 200 - sent}


async def nothing_under_way(world: World, announcement: AnnouncementRecord) -> bool:
    """Whether what was marked before has its outcome, and what was only claimed is given back."""
    return not {"sending", "claimed"} & set(await counts(world.database, announcement.id))


async def sending(world: World, announcement: AnnouncementRecord) -> int:
    """How many lines are marked and have no outcome yet."""
    return (await counts(world.database, announcement.id)).get("sending", 0)


async def paused_by_the_network(world: World, announcement: AnnouncementRecord, seconds: int) -> int:
    """Let the network ask for patience; return how many messages were taken before, when some wait marked."""
    await until(lambda: len(world.api.messages()) >= 3)
    world.api.fail("sendMessage", status=429, retry_after=seconds)
    await until(lambda: any(call.status == 429 for call in world.api.calls("sendMessage")))
    await until(lambda: sending(world, announcement))
    return len(world.api.messages())


async def test_a_clean_stop_while_the_network_asks_for_patience_leaves_nothing_unknown(world: World) -> None:
    await some(world, 60)
    announcement = await confirmed(world.database)
    async with world.announcing(rate=30):
        sent = await paused_by_the_network(world, announcement, 4)
    found = await counts(world.database, announcement.id)
    assert found == {"sent": len(world.api.messages()), "pending": 60 - len(world.api.messages())}
    assert sent < 60
    async with world.announcing():
        assert await world.is_over(announcement) == {"sent": 60}
    assert max(world.received(range(1001, 1061)).values()) == 1


async def test_what_is_cancelled_while_the_network_asks_for_patience_goes_to_nobody_afterwards(
    world: World,
) -> None:
    await some(world, 60)
    announcement = await confirmed(world.database)
    async with world.announcing(rate=30) as channel:
        await paused_by_the_network(world, announcement, 2)
        async with world.database.unit_of_work() as work:
            assert await work.announcements.cancel(announcement.id)
            await work.recipients.cancel(announcement.id)
        before = len(world.api.messages())
        await until(lambda: not channel.pacer.closed_for)
        await until(lambda: is_settled(world, announcement))
        assert len(world.api.messages()) == before
    assert await counts(world.database, announcement.id) == {"sent": before, "cancelled": 60 - before}


async def is_settled(world: World, announcement: AnnouncementRecord) -> bool:
    """Whether no line waits for anything."""
    return not {"pending", "claimed", "sending"} & (await counts(world.database, announcement.id)).keys()


async def test_what_is_scheduled_begins_at_its_time_and_not_before(world: World) -> None:
    await some(world, 1)
    began = asyncio.get_running_loop().time()
    announcement = await confirmed(world.database, at=datetime.now(UTC) + timedelta(seconds=1))
    async with world.announcing(timing=Timing()):
        await world.is_over(announcement)
    (call,) = world.api.calls("sendMessage")
    assert 0.9 < asyncio.get_running_loop().time() - began < 10.0
    assert call.status == 200


async def test_it_waits_through_the_quiet_hours_unless_it_is_urgent(world: World) -> None:
    await some(world, 1)
    now = [datetime(2026, 7, 1, 15, 0, tzinfo=UTC)]  # 23:00 in Shanghai
    world.clock = lambda: now[0]
    quiet = await confirmed(world.database, urgent=False)
    urgent = await confirmed(world.database)
    async with world.announcing():
        await world.is_over(urgent)
        assert await status(world.database, quiet.id) == "scheduled"
        now[0] = datetime(2026, 7, 2, 0, 0, tzinfo=UTC)  # 08:00
        await world.is_over(quiet)


async def test_an_urgent_one_goes_before_one_that_is_being_sent(world: World) -> None:
    await some(world, 100)
    slow = await confirmed(world.database, urgent=False)
    world.clock = lambda: datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    async with world.announcing(rate=40):
        await paused_by_the_network(world, slow, 3)
        fast = await confirmed(world.database, texts={"en": "Fire drill now."})
        await world.is_over(fast)
        await world.is_over(slow)
    urgent = [one.text.startswith("Fire drill") for one in world.api.messages()]
    # What was claimed already goes out first, and a chat that just got one waits its second.
    halfway = [at for at, is_urgent in enumerate(urgent) if is_urgent][50]
    assert urgent[:halfway].count(False) < 80
    assert urgent.count(False) == 100


async def test_an_audience_of_nobody_is_finished_at_once(world: World) -> None:
    await some(world, 2)
    announcement = await confirmed(world.database, audience=Audience(tags=("cohort-9",)))
    async with world.announcing():
        assert await world.is_over(announcement) == {}


async def test_only_chats_of_channels_that_are_served_are_written_to(world: World) -> None:
    await some(world, 1)
    async with world.database.unit_of_work() as work:
        await work.founders.identify(
            Sender(channel="terminal", sender="ann", chat="ann", name="Ann", language_hint="en")
        )
    announcement = await confirmed(world.database)
    async with world.announcing():
        assert await world.is_over(announcement) == {"sent": 1, "no_channel": 1}


async def test_a_message_it_cannot_render_fails_and_holds_nobody_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some(world, 2)
    monkeypatch.setattr("bot.sending.announcement_reply", None)
    announcement = await confirmed(world.database)
    async with world.announcing():
        assert await world.is_over(announcement) == {"unknown": 2}
    assert world.api.calls("sendMessage") == []


async def test_whoever_watches_is_told_while_it_runs(world: World) -> None:
    await some(world, 60)
    announcement = await confirmed(world.database)
    async with world.announcing(rate=30, timing=Timing(watch_every=0.3)):
        await world.is_over(announcement)
    assert 2 <= len(world.watched) <= 9
    assert len(world.finished) == 1


async def test_whoever_watches_is_told_of_what_was_done_elsewhere_and_before_a_restart(world: World) -> None:
    await some(world, 60)
    announcement = await confirmed(world.database)

    def shown() -> list[str]:
        return [item.status for item in world.watched]

    async with world.announcing(rate=20, timing=Timing(watch_every=0.1, look_again=0.05)):
        await until(lambda: "sending" in shown())
        async with world.database.unit_of_work() as work:
            assert await work.announcements.pause(announcement.id)
        await until(lambda: shown()[-1] == "paused")
        told = len(shown())
        await asyncio.sleep(0.5)
        assert len(shown()) == told, "nothing has changed since"
    async with world.database.unit_of_work() as work:
        assert await work.announcements.cancel(announcement.id)
        await work.recipients.cancel(announcement.id)
    async with world.announcing(timing=Timing(watch_every=0.1, look_again=0.05)):
        await until(lambda: shown()[-1] == "cancelled")
