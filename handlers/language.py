"""Which language the bot speaks: what the founder chose, else what they write, else what is likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from handlers.buttons import button
from handlers.messages import Reply
from handlers.texts import LANGUAGES, Texts
from handlers.turn import Result, Turn
from handlers.words import has_words, is_only_names

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_AUTOMATIC = "auto"
_OWN_NAMES = {"zh": "中文", "en": "English", "de": "Deutsch"}


def written_language(text: str, detect: Callable[[str], str]) -> str | None:
    """Return the language that the text shows; None when it is too little, such as a lone name."""
    if not has_words(text) or text.isnumeric() or is_only_names(text):
        return None
    return detect(text)


async def choose(turn: Turn) -> Result:
    """Offer the languages the bot speaks, each by its own name."""
    rows = [(button(_OWN_NAMES[language], "language", language),) for language in LANGUAGES]
    rows.append((button(turn.say("button.language_auto"), "language", _AUTOMATIC),))
    return Result.of(Reply(text=turn.say("language.choose"), buttons=tuple(rows), language=turn.language))


async def chosen(turn: Turn) -> Result:
    """Remember the choice, and confirm it in the language chosen."""
    wanted = turn.pressed.word()
    if wanted != _AUTOMATIC and wanted not in LANGUAGES:
        return await choose(turn)
    automatic = wanted == _AUTOMATIC
    speak = Texts(turn.language if automatic else wanted)
    text = speak("language.automatic" if automatic else "language.set")

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.founders.set_language(turn.founder_id, None if automatic else wanted)
        if not automatic:
            await work.applications.speak(turn.founder_id, wanted)
        return (Reply(text=text, edits=turn.message.button_message, language=speak.language),)

    return Result(write=write)
