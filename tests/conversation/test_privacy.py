from __future__ import annotations

import json

from handlers.texts import Texts
from storage.database import Database
from tests.conversation.fakes import Bot, Clock, payload, rows

ZH, EN = Texts("zh"), Texts("en")


async def test_a_founder_gets_everything_held_about_them_as_a_file(both: Database, clock: Clock) -> None:
    async with Bot(both, clock=clock) as bot:
        await bot.say("How much is my secret rent?")
        reply = await bot.command("mydata")
        first = len(reply.attachments[0].content or b"")
        again = await bot.command("mydata")
    (file,) = reply.attachments
    assert (file.name, file.media_type) == ("my-data-2026-11-22.json", "application/json")
    held = json.loads(file.content or b"")
    assert "secret rent" in json.dumps(held["messages"])
    assert "Ann Lee" in json.dumps(held["identities"])
    # The stored reply keeps the file's name only, or every file would hold all the files before it.
    assert len(again.attachments[0].content or b"") < 3 * first
    assert "base64" not in json.dumps(held)


async def test_nothing_is_erased_before_the_yes_nor_after_a_no(bot: Bot) -> None:
    await bot.say("How much is the rent?")
    question = await bot.command("forget")
    assert question.text == EN("privacy.forget_ask")
    kept = await bot.press("v1:forget:no", under="m2")
    assert (kept.text, kept.edits) == (EN("privacy.not_forgotten"), "m2")
    assert (await rows(bot.database, "messages"))[0]["text"] == "How much is the rent?"


async def test_a_founder_who_wants_to_be_forgotten_is_and_hears_what_is_kept(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        answer = await bot.say("How much is my secret rent?")
        await bot.press(payload(answer, "unhelpful"))
        await bot.say("my secret reason")
        await bot.command("human")
        question = await bot.command("forget")
        reply = await bot.press(payload(question, "forget"), under="m5")
        assert reply.text.startswith(EN("privacy.forgotten"))
        assert EN("privacy.keeps.feedback") in reply.text
        await bot.dispatcher.stop()
        everything = ""
        for table in ("messages", "traces", "feedback", "identities", "conversations", "inbox", "outbox"):
            everything += str(await rows(both, table))
    for trace in ("secret", "Ann Lee", "'ann'", '"ann"'):
        assert trace not in everything, trace
    assert await rows(both, "identities") == []


async def test_who_writes_again_after_being_forgotten_is_a_stranger(bot: Bot) -> None:
    answer = await bot.say("How much is the rent?")
    await bot.press("v1:forget:yes")
    assert (await bot.press(payload(answer, "helpful"))).toast
    assert (await bot.say("How much is the rent?")).sources
    assert len(await rows(bot.database, "founders")) == 2


async def test_privacy_says_what_is_kept_and_names_the_ways_out(bot: Bot) -> None:
    text = (await bot.command("privacy")).text
    assert "/mydata" in text
    assert "/forget" in text
