from __future__ import annotations

from handlers.texts import Texts
from tests.conversation.fakes import Bot, payload, rows

ZH, EN, DE = Texts("zh"), Texts("en"), Texts("de")


async def test_the_bot_follows_the_language_of_the_last_message(bot: Bot) -> None:
    assert (await bot.say("How much is the rent?")).language == "en"
    assert (await bot.command("language")).text == EN("language.choose")
    assert (await bot.say("租金是多少？")).language == "zh"
    assert (await bot.command("language")).text == ZH("language.choose")
    assert (await bot.say("Wie hoch ist die Miete?")).language == "de"
    assert (await bot.command("language")).text == DE("language.choose")


async def test_the_language_of_earlier_messages_is_known_after_a_restart(bot: Bot) -> None:
    await bot.say("Wie hoch ist die Miete?")
    await bot.dispatcher.stop()
    async with Bot(bot.database, clock=bot.clock) as later:
        later.number = bot.number
        assert (await later.command("language")).text == DE("language.choose")


async def test_a_name_alone_is_asked_in_the_language_of_the_conversation(bot: Bot) -> None:
    await bot.say("租金是多少？")
    await bot.say("BMW")
    assert bot.knowledge.asked[-1] == ("BMW", "zh")


async def test_a_stranger_is_greeted_in_the_language_of_their_application(bot: Bot) -> None:
    (reply,) = await bot.send(kind="command", command="privacy", language_hint="de-AT")
    assert reply.text == DE("privacy.text", program="Test Base")


async def test_a_stranger_without_a_hint_is_addressed_in_the_language_of_the_program(bot: Bot) -> None:
    assert (await bot.command("privacy")).language == "zh"


async def test_a_chosen_language_holds_whatever_is_written(bot: Bot) -> None:
    menu = await bot.command("language")
    confirmed = await bot.press("v1:language:en", under="m1")
    assert (confirmed.text, confirmed.edits) == (EN("language.set"), "m1")
    assert "v1:language:auto" in [item.payload for row in menu.buttons for item in row]
    reply = await bot.say("租金是多少？")
    assert bot.knowledge.asked[-1] == ("租金是多少？", "en")
    assert reply.language == "en"
    assert (await bot.say("谢谢")).text == EN("small.thanks")


async def test_a_chosen_language_can_be_made_automatic_again(bot: Bot) -> None:
    await bot.press("v1:language:en")
    await bot.press("v1:language:auto")
    assert (await bot.say("谢谢")).text == ZH("small.thanks")
    assert (await rows(bot.database, "founders"))[0]["language"] is None


async def test_a_language_the_bot_does_not_speak_opens_the_choice_again(bot: Bot) -> None:
    reply = await bot.press("v1:language:xx")
    assert payload(reply, "language") == "v1:language:zh"
