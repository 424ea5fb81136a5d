"""What the bot cannot read or does not know, declined in words that say what to do instead."""

from __future__ import annotations

from dataclasses import replace

from handlers.ask import ask
from handlers.turn import Result, Turn
from handlers.words import has_emoji, has_words

_LOOK_BACK = 20
_THINGS = {
    "animation": "sticker",
    "audio": "voice",
    "file": "file",
    "group": "group",
    "photo": "photo",
    "sticker": "sticker",
    "video": "video",
    "voice": "voice",
    "dice": "sticker",
    "document": "file",
    "video_note": "video",
    "supergroup": "group",
}


async def decline(turn: Turn) -> Result:
    """Say what kind of message cannot be read; a question written under it is answered."""
    thing = turn.message.unsupported or ("file" if turn.message.kind == "file" else "other")
    if has_words(turn.text) and thing != "group":
        result = await ask(turn)
        first, *others = result.replies
        noted = replace(first, notes=(*first.notes, turn.say("unsupported.caption")))
        return replace(result, replies=(noted, *others))
    return turn.reply(f"unsupported.{_THINGS.get(thing, 'other')}")


async def edited(turn: Turn) -> Result:
    """Answer an edited message anew when it is the last one; an older one is not answered out of order."""
    async with turn.reading() as work:
        recent = await work.messages.recent(turn.conversation_id, _LOOK_BACK)
    typed = [item for item in recent if item.direction == "in" and item.kind in {"text", "edited"}]
    same = [item for item in typed if item.external_id == turn.message.external_id]
    if same and same[-1].text == turn.message.text:
        return Result()  # networks report an edit for a link preview too: nothing new to say
    if not has_words(turn.text):
        return await no_words(turn)
    if same and same[-1] is typed[-1] and not turn.text.startswith("/"):
        return await ask(turn)
    return turn.reply("unsupported.edited_old")


async def no_words(turn: Turn) -> Result:
    """Answer a message without a word: nothing at all, emoji, or signs."""
    if not turn.text:
        return turn.reply("unsupported.empty")
    if has_emoji(turn.text):
        return turn.reply("small.emoji", program=turn.program_name)
    return turn.reply("ask.no_words")


async def unknown_command(turn: Turn) -> Result:
    """Point to the commands there are."""
    return turn.reply("unsupported.command")


async def stale_press(turn: Turn) -> Result:
    """Answer a button of another version, or one whose step has passed."""
    return turn.toast("unsupported.stale")
