"""Payloads of buttons: "v1:action:argument:…", at most 64 bytes because Telegram takes no more.

Buttons stay in chats for years, so every payload says in which version it was written.
"""

from __future__ import annotations

from dataclasses import dataclass

from handlers.messages import Button

VERSION = "v1"
SELF = "@"
"""Stands for the id of the message the button hangs under, which is known only once it is stored."""

_LIMIT = 64
_LONGEST_ID = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a pressed button asks for."""

    action: str
    arguments: tuple[str, ...] = ()

    def word(self, position: int = 0) -> str:
        """Return one argument as it stands; "" when it is missing."""
        return self.arguments[position] if position < len(self.arguments) else ""

    def number(self, position: int = 0) -> int | None:
        """Return one argument as a row id or index; None when it is missing or no such number."""
        text = self.word(position)
        return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_ID else None


def button(label: str, action: str, *arguments: object) -> Button:
    """Make a button; raises ValueError when its payload could get too long or is ambiguous."""
    parts = [VERSION, action, *map(str, arguments)]
    payload = ":".join(parts)
    longest = len(payload.encode()) + parts.count(SELF) * (_LONGEST_ID - 1)
    if longest > _LIMIT or any(":" in part for part in parts):
        raise ValueError(f"a button payload must have at most {_LIMIT} bytes and no colon in its parts")
    return Button(label=label, payload=payload)


def parse_press(payload: str | None) -> Press | None:
    """Read a payload; None when another version of the bot wrote it, or somebody else did."""
    version, *rest = (payload or "").split(":")
    if version != VERSION or not rest or not rest[0]:
        return None
    return Press(action=rest[0], arguments=tuple(rest[1:]))


def resolve(payload: str, message_id: int) -> str:
    """Put the id of the message into the places that say "this message"."""
    return ":".join(str(message_id) if part == SELF else part for part in payload.split(":"))
