"""Before an announcement is sent: who gets it and when, two who write one draft, and who may do what."""

from __future__ import annotations

from tests.announcing.desk import EN, ZH, Desk, audience
from tests.announcing.team import founder
from tests.conversation.fakes import Clock, decoded, rows


async def test_nobody_is_said_before_anything_can_be_sent(desk: Desk) -> None:
    await desk.drafted()
    await desk.press("For whom")
    await desk.press("Application")
    await desk.press("accepted")
    await desk.press("Back")
    await desk.press("Done")

    assert "application accepted" in desk.text
    assert "Nobody would get it" in await desk.press("Recipients")
    assert not any("Send now" in label for label in desk.labels())


async def test_the_count_says_who_is_left_out_and_why_and_how_long_it_takes(desk: Desk) -> None:
    database = desk.bot.database
    ids = await audience(desk.bot, "li", "wang", "zhao", "qian")
    await founder(database, "far", channel="elsewhere")
    async with database.unit_of_work() as work:
        await work.subscriptions.choose(ids[0], "events", False)
        await work.founders.mark_blocked("memory", "wang", desk.bot.clock())
        await work.founders.erase(ids[2])
    await desk.drafted()
    await desk.press("Topic")
    await desk.press("Events")

    seen = await desk.press("Recipients")

    assert "2 founders get it: 2 in English." in seen
    assert "1 unsubscribed, 1 blocked the bot, 1 erased their data, 1 cannot be reached here" in seen
    assert "about 1 s, at 30 messages a second" in seen


async def test_at_night_the_count_says_when_it_begins_unless_it_is_urgent(desk: Desk, clock: Clock) -> None:
    clock.pass_by(hours=7)  # midnight in Shanghai
    await audience(desk.bot, "li")
    await desk.drafted()
    assert "quiet hours: it is sent from 2026-11-23 08:00" in await desk.press("Recipients")
    await desk.press("Back")
    await desk.press("Urgent")
    assert "quiet hours" not in await desk.press("Recipients")


async def test_what_would_end_in_the_night_before_it_is_sent_is_not_sent(desk: Desk, clock: Clock) -> None:
    clock.pass_by(hours=7)  # midnight in Shanghai
    await audience(desk.bot, "li")
    await desk.drafted()
    await desk.press("Valid until")
    await desk.say("7:00")
    assert "out of date before it is sent" in await desk.press("Recipients")
    await desk.press("Urgent")
    assert "2 founders get it" in await desk.press("Recipients")


async def test_a_list_of_founders_is_read_by_number_and_name_and_unknown_ones_are_named(desk: Desk) -> None:
    (li, _) = await audience(desk.bot, "li", "wang")
    await desk.drafted()
    await desk.press("For whom")
    await desk.press("A list")

    assert "I know nobody of this name or number: @nobody" in await desk.say(f"{li}, @nobody")
    await desk.say(str(li))
    assert "1 founders get it" in await desk.press("Recipients")


async def test_tags_and_languages_combine(desk: Desk) -> None:
    ids = await audience(desk.bot, "li", "wang") + await audience(desk.bot, "ann", hint="zh")
    async with desk.bot.database.unit_of_work() as work:
        for number in (ids[0], ids[2]):
            await work.subscriptions.tag(number, "batch 2027")
    await desk.drafted()
    await desk.press("For whom")
    await desk.press("Tag")
    await desk.press("batch 2027")
    await desk.press("Back")
    await desk.press("Language")
    await desk.press("Chinese")
    await desk.press("Back")
    assert "language Chinese; tag batch 2027" in await desk.press("Done")
    assert "1 founders get it: 1 in Chinese" in await desk.press("Recipients")


async def test_what_is_confirmed_is_scheduled_once_and_noted(desk: Desk) -> None:
    await audience(desk.bot, "li")
    await desk.drafted()
    await desk.press("Recipients")
    confirm = next(x.payload for row in desk.seen.buttons for x in row if "Send now" in x.label)

    shown = await desk.press_payload(confirm)
    assert "scheduled" in shown
    assert "confirm" not in shown
    assert "is no draft any more: scheduled" in await desk.press_payload(confirm)
    entries = [(row["actor"], row["action"]) for row in await rows(desk.bot.database, "audit_log")]
    assert entries[-1] == ("Jie", "announcement.confirm")
    assert entries.count(("Jie", "announcement.confirm")) == 1


async def test_a_draft_that_changed_after_the_count_is_not_sent(desk: Desk) -> None:
    await audience(desk.bot, "li")
    await desk.drafted()
    await desk.press("Recipients")
    counted = desk.seen
    await desk.press("Back")
    await desk.press("Urgent")
    desk.all = [counted]

    assert "changed after the recipients were counted" in await desk.press("Send now")
    assert (await desk.announcement())["status"] == "draft"


async def test_the_second_of_two_sees_what_the_first_changed_and_may_insist(desk: Desk) -> None:
    other = await Desk.open(desk.bot, "Mei")
    await desk.drafted()
    await other.say("/announcements")
    await other.press("1 ·")
    await other.press("Edit the draft")
    theirs = other.seen
    await desk.press("Topic")
    await desk.press("Events")

    await other.press("English")
    seen = await other.say("The workshop is moved to Monday.")

    assert "Your change was not made" in seen
    assert "Jie at" in seen
    assert "Topic: nothing → Events" in seen
    assert decoded((await desk.announcement())["texts"])["en"] == EN
    await other.press("what I wrote all the same")
    stored = await desk.announcement()
    assert (decoded(stored["texts"])["en"], stored["topic"]) == ("The workshop is moved to Monday.", "events")
    other.all = [theirs]
    assert "Topic: nothing → Events" in await other.press("Urgent"), "an old card is no way around it"


async def test_ones_own_older_card_still_works(desk: Desk) -> None:
    await desk.drafted()
    card = desk.seen
    await desk.press("Topic")
    await desk.press("Calls")
    desk.all = [card]

    await desk.press("Urgent")

    stored = await desk.announcement()
    assert (stored["topic"], bool(stored["urgent"])) == ("calls", True)


async def test_a_draft_is_thrown_away_only_after_asking_and_can_be_copied(desk: Desk) -> None:
    await desk.drafted()
    await desk.press("Throw away")
    await desk.press("Yes, throw it away")
    assert (await desk.announcement())["status"] == "cancelled"

    await desk.say("/announcements")
    await desk.press("1 ·")
    await desk.press("Copy as a new draft")

    copy = await desk.announcement()
    assert (copy["id"], copy["status"], decoded(copy["texts"])) == (2, "draft", {"zh": ZH, "en": EN})


async def test_who_loses_the_role_in_the_middle_changes_nothing_more(desk: Desk) -> None:
    await desk.drafted()
    async with desk.bot.database.unit_of_work() as work:
        (member,) = await work.staff.named("Jie")
        await work.staff.set_role(member.id, "viewer")

    assert "earlier step" in await desk.press("Urgent")
    assert not (await desk.announcement())["urgent"]


async def test_a_viewer_sees_the_list_and_steers_nothing(desk: Desk) -> None:
    viewer = await Desk.open(desk.bot, "Vic", "viewer")
    await audience(desk.bot, "li")
    await desk.drafted()
    await desk.press("Recipients")
    await desk.press("Send now")

    await viewer.say("/announcements")
    await viewer.press("1 ·")
    assert "does not allow" in await viewer.press("Cancel")
    assert (await desk.announcement())["status"] == "scheduled"
