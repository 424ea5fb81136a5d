"""Codes in a chat: read as typed, kept out of the log of messages, refused in words."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.messages import Reply
from handlers.turn import Turn
from storage.application_records import CodeRefused

HIDDEN = "hidden"
"""The key of Reply.extra that names what the log of messages must not keep."""
_LONGEST = 16


def tidy(typed: str) -> str:
    """A code as it was issued: capitals and digits, without what people put between them."""
    kept = "".join(char for char in typed.upper() if char.isascii() and char.isalnum())
    return kept[:_LONGEST]


def hidden(code: str) -> Mapping[str, str]:
    """What a reply says about itself so that the code in it is not stored with the message."""
    return {HIDDEN: code}


def refusal(turn: Turn, refused: CodeRefused, command: str) -> Reply:
    """Say why a code was not taken, and what to do."""
    text = turn.say(f"applied.code.{refused.reason}", command=f"/{command}")
    return Reply(text=text, language=turn.language)
