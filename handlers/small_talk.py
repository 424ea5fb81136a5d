"""Greetings, thanks and the like: whole messages only, so that "hello, what is the rent?" is a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from handlers.buttons import SELF, button
from handlers.feedback import awaits_reason
from handlers.start import show_help
from handlers.texts import load_phrases
from handlers.turn import Result, Turn
from handlers.words import phrases

_ORDER = ("human", "apply", "upset", "help", "goodbye", "thanks", "how_are_you", "okay", "greeting")
"""What counts most when one message holds several, as in "Hi! Thanks!"."""


def recognize(text: str) -> tuple[str, str] | None:
    """Return (kind, language) of a message that consists of known phrases only, else None."""
    known = load_phrases()
    whole = " ".join(phrases(text))
    found = [_phrase(phrase, known) for phrase in ([whole] if whole in known else phrases(text))]
    if not found or None in found:
        return None
    return min((item for item in found if item is not None), key=lambda item: _ORDER.index(item[0]))


def _phrase(phrase: str, known: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Look a phrase up; Chinese ones are also said in one breath: "好的谢谢"."""
    if phrase in known or phrase.isascii():
        return known.get(phrase)
    cuts = range(2, len(phrase) - 1)
    pairs = ((known.get(phrase[:cut].strip()), known.get(phrase[cut:].strip())) for cut in cuts)
    return next((second for first, second in pairs if first and second), None)


def is_small_talk(turn: Turn) -> bool:
    """Tell whether the message is small talk alone; why an answer did not help is more than that."""
    found = recognize(turn.text) if turn.typed else None
    return found is not None and found[0] != "apply" and not (found[0] == "upset" and awaits_reason(turn))


async def small_talk(turn: Turn) -> Result:
    """Answer like a friendly person, in the language of the phrase."""
    kind, language = recognize(turn.text) or ("greeting", turn.language)
    turn = turn.speaking(language)
    if kind == "help":
        return await show_help(turn)
    result = turn.reply(f"small.{kind}", program=turn.program_name)
    if kind != "upset":
        return result
    person = button(turn.say("button.human"), "human", SELF)
    return replace(result, replies=(replace(result.replies[0], buttons=((person,),)),))
