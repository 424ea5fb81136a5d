"""Codes in a chat: read as typed, kept out of the log of messages, refused in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from handlers.buttons import parse_press
from handlers.messages import IncomingMessage, Reply
from handlers.turn import Turn
from storage.application_records import ALPHABET, LENGTH, CodeRefused

HIDDEN = "hidden"
"""The key of Reply.extra that names what the log of messages must not keep."""
MASK = "***"
_LONGEST = 16
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_COMMANDS = frozenset({"link", "join", "staff"})
_LINKS = ("join_", "staff_")
_PRESSES = frozenset({"linked", "joined", "keepdraft"})


def tidy(typed: str) -> str:
    """A code as it was issued: capitals and digits, without what people put between them."""
    kept = "".join(char for char in typed.upper() if char.isascii() and char.isalnum())
    return kept[:_LONGEST]


def is_code(typed: str) -> bool:
    """Tell whether this looks like a code, used or not."""
    return _CODE.fullmatch(typed.strip().upper()) is not None


def hidden(code: str) -> Mapping[str, str]:
    """What a reply says about itself so that the code in it is not stored with the message."""
    return {HIDDEN: code}


def refusal(turn: Turn, refused: CodeRefused, command: str) -> Reply:
    """Say why a code was not taken, and what to do."""
    text = turn.say(f"applied.code.{refused.reason}", command=f"/{command}")
    return Reply(text=text, language=turn.language)


def code_in(message: IncomingMessage) -> str:
    """What a founder's message holds that the log of messages must not keep; "" for nothing."""
    given = message.arguments.startswith(_LINKS) or is_code(message.arguments)
    opened = message.command == "start" and given
    if message.command in _COMMANDS or opened:
        return message.arguments.strip()
    press = parse_press(message.button)
    return press.word() if press and press.action in _PRESSES else ""


def masked(value: Any, code: str) -> Any:
    """Copy a JSON-able value with the code in its texts replaced."""
    if not code:
        return value
    if isinstance(value, str):
        return value.replace(code, MASK)
    if isinstance(value, Mapping):
        return {key: masked(item, code) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, code) for item in value]
    return value
