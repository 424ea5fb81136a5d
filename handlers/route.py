"""A route: a kind of message and who answers it, with the usual ways to tell messages apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from handlers.turn import Result, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A kind of message and who answers it; `name` is what traces and exports show.

    `looks_up` says that the answer comes from the documents, so the founder should see at once that
    somebody is looking.
    """

    name: str
    matches: Callable[[Turn], bool]
    handle: Callable[[Turn], Awaitable[Result]]
    looks_up: bool = False


def kind(*kinds: str) -> Callable[[Turn], bool]:
    """Match messages of these kinds."""
    return lambda turn: turn.message.kind in kinds


def press(*actions: str) -> Callable[[Turn], bool]:
    """Match presses of buttons with these actions."""
    return lambda turn: turn.press is not None and turn.press.action in actions


def command(*names: str) -> Callable[[Turn], bool]:
    """Match these commands."""
    return lambda turn: turn.message.kind == "command" and turn.message.command in names
