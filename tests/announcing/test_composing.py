"""Composing in a chat: stored at once, shown as founders see it, counted before it is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.base import SendResult
from bot.files import FileStore
from handlers.messages import Reply
from storage.database import Database
from tests.announcing.desk import EN, ZH, Desk, audience
from tests.bot import samples
from tests.conversation.fakes import PROGRAM, Bot, Clock, decoded, rows


async def test_the_first_text_asks_for_the_other_language_and_both_are_stored_at_once(desk: Desk) -> None:
    assert "in one message" in await desk.say("/announce")

    assert "Saved as the Chinese text" in await desk.say(ZH)
    assert decoded((await desk.announcement())["texts"]) == {"zh": ZH}

    card = await desk.say(EN)
    assert "Draft 1, sent to nobody yet" in card
    assert decoded((await desk.announcement())["texts"]) == {"zh": ZH, "en": EN}


async def test_in_chinese_it_is_chinese_throughout(store: Database, clock: Clock) -> None:
    async with Bot(store, clock=clock) as bot:
        desk = await Desk.open(bot, hint="zh")
        await audience(bot, "li", "wang", hint="zh")
        await desk.say("/announce")
        await desk.say(ZH)
        assert "不写英文" in " ".join(desk.labels())
        card = await desk.press("不写")
        assert "英文正文：未写，将发送中文版本并附说明" in card
        assert "3 位创业者会收到" in await desk.press("收件人")
        assert "已安排" in await desk.press("立即发给 3 人")


async def test_the_text_may_stand_behind_the_command_and_shows_its_own_language(desk: Desk) -> None:
    assert "Saved as the Chinese text" in await desk.say(f"/announce {ZH}")
    assert decoded((await desk.announcement())["texts"]) == {"zh": ZH}


async def test_one_language_alone_is_sent_with_a_note_and_the_card_says_so(desk: Desk) -> None:
    await audience(desk.bot, "li", hint="zh")
    await desk.say("/announce")
    await desk.say(EN)
    assert "missing – the English text is sent with a note" in await desk.press("Leave Chinese out")

    await desk.press("Preview")

    chinese = desk.all[1]
    assert chinese.text == EN
    assert chinese.notes == ("这条通知只有英文版本。",)
    await desk.press("Recipients")
    assert "1 of them read a language without a text of its own" in desk.text


async def test_a_draft_is_found_again_and_a_second_can_be_begun_beside_it(desk: Desk) -> None:
    await desk.drafted()

    assert "You have begun this one" in await desk.say("/announce")
    await desk.press("Begin a new one")
    await desk.say("Something else entirely, for everybody who reads English.")

    assert [row["status"] for row in await rows(desk.bot.database, "announcements")] == ["draft", "draft"]


async def test_an_edit_of_the_message_that_is_the_text_changes_the_draft(desk: Desk) -> None:
    await desk.say("/announce")
    await desk.say(ZH)
    await desk.say(EN, external_id="typed")

    assert "Draft 1" in await desk.say(EN + " Bring a demo.", kind="edited", external_id="typed")
    assert decoded((await desk.announcement())["texts"])["en"] == EN + " Bring a demo."
    assert "Draft 1" in await desk.say(EN, kind="edited", external_id="typed"), "and once more"
    await desk.say("What is the rent?", external_id="asked")
    assert "Answer to" in await desk.say("What is the rent now?", kind="edited", external_id="asked")


async def test_a_question_after_the_card_is_a_question(desk: Desk) -> None:
    await desk.drafted()

    assert "Answer to: What is the rent?" in await desk.say("What is the rent?")
    assert decoded((await desk.announcement())["texts"]) == {"zh": ZH, "en": EN}


async def test_every_part_is_asked_for_stored_and_taken_out_again(desk: Desk) -> None:
    await desk.drafted()
    await desk.press("Topic")
    await desk.press("Events")
    await desk.press("Link")
    await desk.say("example.org/workshop")
    await desk.press("Reply buttons")
    await desk.say("参加 / I will come\n不参加 / I cannot come")
    await desk.press("Urgent")
    stored = await desk.announcement()
    assert (stored["topic"], stored["link"], bool(stored["urgent"])) == (
        "events",
        "https://example.org/workshop",
        True,
    )
    assert [item["labels"] for item in decoded(stored["replies"])] == [
        {"zh": "参加", "en": "I will come"},
        {"zh": "不参加", "en": "I cannot come"},
    ]

    await desk.press("Preview")
    _, chinese, _, english, _ = desk.all
    assert [x.label for row in english.buttons for x in row] == [
        "🔗 Open",
        "I will come",
        "I cannot come",
        "🔕 No more of this topic",
    ]
    assert "参加" in [x.label for row in chinese.buttons for x in row]

    await desk.press("Back")
    await desk.press("Link")
    await desk.press("Remove the link")
    await desk.press("Topic")
    await desk.press("No topic")
    stored = await desk.announcement()
    assert (stored["topic"], stored["link"]) == (None, None)


async def test_the_buttons_of_a_preview_count_nothing(desk: Desk) -> None:
    await desk.drafted()
    await desk.press("Reply buttons")
    await desk.say("参加 / I will come")
    await desk.press("Topic")
    await desk.press("Events")
    await desk.press("Send a test to me")

    assert desk.seen.text == EN
    test = desk.seen
    assert "This is a preview" in await desk.press("I will come")
    desk.all = [test]
    assert "This is a preview" in await desk.press("No more of this topic")
    assert await rows(desk.bot.database, "announcement_replies") == []
    assert await rows(desk.bot.database, "topic_choices") == []


async def test_a_text_over_the_limit_in_one_language_is_said_and_the_other_is_kept(desk: Desk) -> None:
    await desk.say("/announce")
    await desk.say(ZH)

    seen = await desk.say("word " * 800)

    assert "3999 of at most 3900 characters" in seen
    assert "shorten it by 99" in seen
    assert decoded((await desk.announcement())["texts"]) == {"zh": ZH}
    assert "Draft 1" in await desk.say(EN), "the same prompt is still open"


async def test_broken_markup_is_shown_as_it_is_typed(desk: Desk) -> None:
    broken = "Come on <b>Friday & bring **your demo, 3 < 5"
    await desk.drafted(en=broken)

    assert "plain text" in desk.text
    await desk.press("Send a test to me")
    assert desk.seen.text == broken


async def test_a_picture_that_is_too_large_is_refused_with_its_size(desk: Desk) -> None:
    await desk.drafted()
    await desk.press("Picture or file")
    whole = samples.png()
    large = whole[:-12] + b"\x00" * 11_000_000 + whole[-12:]
    replies = await send_file(desk, "poster.png", large)

    assert "at most 10 MB" in replies
    assert (await desk.announcement())["file"] in (None, "null")
    assert "poster.png" in await send_file(desk, "poster.png", samples.png())
    assert decoded((await desk.announcement())["file"])["media_type"] == "image/png"


async def send_file(desk: Desk, name: str, content: bytes) -> str:
    """Send a file as a network would hand it over: its content is fetched by reference."""

    class Network:
        name = "memory"

        async def fetch(self, reference: str, limit: int) -> bytes:
            return content[: limit + 1]

    files = desk.bot.dispatcher._turns._services.files
    files._channels = {"memory": Network()}  # type: ignore[union-attr]
    attachments = [{"name": name, "media_type": "image/png", "size": len(content), "reference": "r"}]
    desk.all = await desk.bot.send(
        desk.chat, kind="unsupported", unsupported="photo", attachments=attachments, language_hint="en"
    )
    return desk.text


async def test_a_test_reads_its_picture_when_it_is_sent_and_the_outbox_holds_none_of_it(
    store: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = samples.png()
    async with Bot(store, clock=clock, files=FileStore(tmp_path, [])) as bot:
        desk, waiting = await Desk.open(bot), []
        await desk.drafted()
        await desk.press("Picture or file")
        await send_file(desk, "poster.png", picture)
        send = bot.channel.send

        async def noting(chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
            waiting.append(str((await rows(store, "outbox"))[-1]["payload"]))
            return await send(chat, reply, skip=skip)

        monkeypatch.setattr(bot.channel, "send", noting)
        await desk.press("Send a test to me")
    (file,) = desk.all[0].attachments
    assert file.content == picture
    assert "poster.png" in waiting[0]
    assert "content" not in waiting[0]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2026-11-01 10:00", "is past"),
        ("sometime", "could not read"),
        ("2026-12-05", "Which time of that day"),
    ],
)
async def test_a_time_that_cannot_be_is_asked_for_again(desk: Desk, typed: str, told: str) -> None:
    await desk.drafted()
    await desk.press("When")

    assert told in await desk.say(typed)
    assert (await desk.announcement())["at"] is None
    assert "2026-12-05 10:00 (Beijing time)" in await desk.say("2026-12-05 10:00")


async def test_a_time_that_passes_before_the_confirmation_sends_nothing(desk: Desk, clock: Clock) -> None:
    await audience(desk.bot, "li")
    await desk.drafted()
    await desk.press("When")
    await desk.say("in 10 minutes")
    await desk.press("Recipients")
    clock.pass_by(minutes=11)

    assert "is past" in await desk.press("Schedule for")
    assert (await desk.announcement())["status"] == "draft"


async def test_the_clock_changes_are_the_programs(store: Database, clock: Clock) -> None:
    berlin = replace(PROGRAM, timezone=ZoneInfo("Europe/Berlin"))
    async with Bot(store, clock=clock, program=berlin) as bot:
        desk = await Desk.open(bot)
        await desk.drafted()
        await desk.press("When")
        assert "does not exist" in await desk.say("2027-03-28 02:30")
        assert "03:30" in desk.text
        assert "comes twice" in await desk.say("2027-10-31 02:30")
        assert str((await desk.announcement())["at"]).startswith("2027-10-31 00:30")
        await desk.press("When")
        await desk.say("2027-10-31 02:30+01:00")
        assert str((await desk.announcement())["at"]).startswith("2027-10-31 01:30")
