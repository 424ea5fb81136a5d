"""Founders and announcements: topics, reply buttons, and what happens while one is being sent."""

from __future__ import annotations

import asyncio

import pytest

from handlers.messages import Reply
from storage.announcement_records import Audience
from tests.announcing.broadcast import (
    announced,
    delivered,
    ledger,
    network,
    press,
    sending,
    until_finished,
)
from tests.announcing.desk import EN, ZH, Desk, audience
from tests.announcing.team import founder
from tests.conversation.fakes import Bot, Clock, payload, rows, until


@pytest.fixture
def bot(broadcasting: Bot) -> Bot:
    return broadcasting


async def test_each_founder_gets_it_in_their_language(bot: Bot) -> None:
    await audience(bot, "li", hint="zh")
    await audience(bot, "ann")

    await delivered(bot)

    texts = {chat: reply.text for chat, reply in network(bot).announced}
    assert texts == {"li": ZH, "ann": EN}


async def test_the_last_press_counts_and_the_button_shows_it(bot: Bot) -> None:
    await audience(bot, "li", hint="zh")
    number = await delivered(bot)
    (_, news), *_ = network(bot).announced

    await press(bot, "li", payload(news, "rsvp"), "zh")
    (seen,) = await press(bot, "li", f"v1:rsvp:{number}:r2", "zh")

    assert seen.toast == "已记下：不参加。随时可以更改。"
    assert "✓ 不参加" in [x.label for row in seen.buttons for x in row]
    assert "参加" in [x.label for row in seen.buttons for x in row]
    (stored,) = await rows(bot.database, "announcement_replies")
    assert stored["choice"] == "r2"


async def test_a_press_by_somebody_who_was_not_addressed_counts_nothing(bot: Bot) -> None:
    ids = await audience(bot, "li", "eve")
    number = await delivered(bot, audience=Audience(founders=(ids[0],)))

    (seen,) = await press(bot, "eve", f"v1:rsvp:{number}:r1")
    (other,) = await press(bot, "li", f"v1:rsvp:{number}:r9")

    assert "preview" in (seen.toast or "")
    assert "not open any more" in (other.toast or "")
    assert await rows(bot.database, "announcement_replies") == []


async def test_one_tap_stops_the_topic_and_another_takes_that_back(bot: Bot) -> None:
    await audience(bot, "li")
    await delivered(bot)
    (_, news), *_ = network(bot).announced

    (stopped,) = await press(bot, "li", payload(news, "untopic"))
    assert "no more announcements about “Events”" in stopped.text
    second = await delivered(bot)
    assert await ledger(bot, second) == {"unsubscribed": 1}

    (resumed,) = await press(bot, "li", payload(stopped, "retopic"))
    assert "hear about “Events” again" in resumed.text
    third = await delivered(bot)
    assert await ledger(bot, third) == {"sent": 1}


async def test_topics_are_switched_on_and_off_and_the_list_changes_in_place(bot: Bot) -> None:
    (shown,) = await bot.send("li", kind="command", command="topics", text="/topics", language_hint="zh")
    assert [x.label for row in shown.buttons for x in row] == ["✅ 活动", "✅ 招募"]
    assert "与你自己的申请有关的消息一定会发给你" in shown.text

    (off,) = await press(bot, "li", shown.buttons[0][0].payload, "zh")
    assert [x.label for row in off.buttons for x in row] == ["⬜ 活动", "✅ 招募"]
    assert off.edits == "a1"
    (again,) = await press(bot, "li", shown.buttons[0][0].payload, "zh")
    assert [x.label for row in again.buttons for x in row] == ["⬜ 活动", "✅ 招募"], "pressed twice is off"
    (gone,) = await press(bot, "li", "v1:topicset:parties:off", "zh")
    assert gone.toast == "这个话题已不存在。发送 /topics 查看现有话题。"


async def test_an_announcement_without_a_topic_reaches_also_those_who_stopped_all(bot: Bot) -> None:
    (li,) = await audience(bot, "li")
    async with bot.database.unit_of_work() as work:
        await work.subscriptions.choose(li, "events", False)

    number = await delivered(bot, topic=None)

    assert await ledger(bot, number) == {"sent": 1}


async def test_who_unsubscribes_while_it_is_being_sent_does_not_get_it(bot: Bot) -> None:
    ids = await audience(bot, *(f"f{n}" for n in range(60)))
    network(bot).held = asyncio.Event()
    async with sending(bot):
        number = await announced(bot)
        await until(lambda: network(bot).under_way > 0)
        await press(bot, "f59", "v1:topicset:events:off")
        network(bot).held.set()  # type: ignore[union-attr]
        await until_finished(bot, number)

    assert "f59" not in [chat for chat, _ in network(bot).announced]
    assert await ledger(bot, number) == {"sent": len(ids) - 1, "unsubscribed": 1}


async def test_who_erases_themselves_while_it_is_being_sent_leaves_no_trace_and_the_ledger_adds_up(
    bot: Bot,
) -> None:
    ids = await audience(bot, *(f"f{n}" for n in range(60)))
    network(bot).held = asyncio.Event()
    async with sending(bot):
        number = await announced(bot)
        await until(lambda: network(bot).under_way > 0)
        for chat in ("f0", "f59"):
            (report, *_) = await press(bot, chat, "v1:forget:yes")
            assert "erased" in report.text
        network(bot).held.set()  # type: ignore[union-attr]
        await until_finished(bot, number)

    assert "f59" not in [chat for chat, _ in network(bot).announced]
    counted = await ledger(bot, number)
    assert sum(counted.values()) == len(ids)
    assert counted["erased"] >= 1
    for line in await rows(bot.database, "recipients"):
        if line["founder_id"] in (ids[0], ids[59]):
            assert line["chat"] is None
            assert line["language"] is None


async def test_two_accounts_linked_while_it_is_being_sent_hear_it_once(bot: Bot) -> None:
    ids = await audience(bot, *(f"f{n}" for n in range(60)))
    network(bot).held = asyncio.Event()
    async with sending(bot):
        number = await announced(bot)
        await until(lambda: network(bot).under_way > 0)
        async with bot.database.unit_of_work() as work:
            line = await work.recipients.of(number, ids[0])
            assert line is not None
            assert line.status == "sending"
            assert await work.founders.merge(ids[59], ids[0])
        network(bot).held.set()  # type: ignore[union-attr]
        await until_finished(bot, number)

    heard = [chat for chat, _ in network(bot).announced]
    assert "f59" not in heard
    assert heard.count("f0") == 1
    assert await ledger(bot, number) == {"sent": len(ids) - 1}


async def test_staff_see_how_far_it_is_in_one_message_and_a_last_word_when_it_is_out(bot: Bot) -> None:
    desk = await Desk.open(bot)
    await audience(bot, *(f"f{n}" for n in range(30)))
    async with sending(bot):
        await desk.drafted()
        await desk.press("Recipients")
        await desk.press("Send now to 31")
        number = (await desk.announcement())["id"]
        await until_finished(bot, number)
        await until(lambda: {bool(reply.edits) for reply in shown(bot)} == {True, False})
    report = next(reply for reply in shown(bot) if not reply.edits)
    assert report.text.startswith("✅ The announcement is out."), "the last word is a message of its own"
    assert "Correct" in str(report.buttons)


def shown(bot: Bot) -> list[Reply]:
    """What staff saw of the end: the message of the confirmation brought up to date, and the last word."""
    return [reply for reply in bot.to("jie") if "Sent: 31 of 31" in reply.text]


async def test_pause_resume_and_cancel_are_a_press_each_and_on_record(bot: Bot) -> None:
    desk = await Desk.open(bot)
    await audience(bot, *(f"f{n}" for n in range(60)))
    network(bot).held = asyncio.Event()
    async with sending(bot):
        number = await announced(bot)
        await until(lambda: network(bot).under_way > 0)
        await desk.say("/announcements")
        await desk.press(f"{number} ·")
        assert "paused" in await desk.press("Pause")
        assert "being sent" in await desk.press("Go on")
        await desk.press("Cancel")
        assert "cancelled" in await desk.press("Yes, cancel it")
        network(bot).held.set()  # type: ignore[union-attr]
        await until(lambda: network(bot).under_way == len(network(bot).announced))
    counted = await ledger(bot, number)
    assert counted["cancelled"] + counted.get("sent", 0) + counted.get("sending", 0) == 61
    actions = [row["action"] for row in await rows(bot.database, "audit_log") if row["actor"] == "Jie"]
    assert actions[-3:] == ["announcement.pause", "announcement.resume", "announcement.cancel"]


async def test_mydata_holds_what_was_announced_answered_and_chosen(bot: Bot) -> None:
    (li,) = await audience(bot, "li")
    number = await delivered(bot)
    await press(bot, "li", f"v1:rsvp:{number}:r1")
    await press(bot, "li", f"v1:untopic:{number}")
    async with bot.database.unit_of_work() as work:
        await work.subscriptions.tag(li, "batch 2027")
        held = await work.founders.held(li)

    assert [row["status"] for row in held["recipients"]] == ["sent"]
    assert [row["choice"] for row in held["announcement_replies"]] == ["r1"]
    assert [row["topic"] for row in held["topic_choices"]] == ["events"]
    assert [row["tag"] for row in held["founder_tags"]] == ["batch 2027"]


async def test_after_linking_the_last_choice_counts_whoever_made_it(bot: Bot, clock: Clock) -> None:
    old, new = await audience(bot, "old", "new")
    number = await delivered(bot)
    await press(bot, "new", f"v1:rsvp:{number}:r1")
    clock.pass_by(minutes=1)
    await press(bot, "old", f"v1:rsvp:{number}:r2")
    async with bot.database.unit_of_work() as work:
        await work.subscriptions.tag(old, "a")
        await work.subscriptions.tag(new, "a")
        assert await work.founders.merge(old, new)
        assert await work.announcements.reply_counts(number) == {"r2": 1}
        assert await work.subscriptions.tags() == {"a": 1}
    assert await ledger(bot, number) == {"sent": 1}


async def test_a_founder_of_another_channel_is_counted_as_out_of_reach(bot: Bot) -> None:
    await audience(bot, "li")
    await founder(bot.database, "far", channel="elsewhere")

    number = await delivered(bot)

    assert await ledger(bot, number) == {"sent": 1, "no_channel": 1}
