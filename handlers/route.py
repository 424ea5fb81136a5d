"""A route: a kind of message and who answers it, with the usual ways to tell messages apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
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


@dataclass(frozen=True, slots=True)
class OfKind:
    """A condition that only messages of certain kinds can meet: for all others it need not be looked at."""

    kinds: tuple[str, ...]
    holds: Callable[[Turn], bool]

    def __call__(self, turn: Turn) -> bool:
        """Tell whether a message meets it."""
        return turn.message.kind in self.kinds and self.holds(turn)


def kind(*kinds: str) -> OfKind:
    """Match messages of these kinds."""
    return OfKind(kinds, lambda turn: True)


def press(*actions: str) -> OfKind:
    """Match presses of buttons with these actions."""
    return OfKind(("button",), lambda turn: turn.press is not None and turn.press.action in actions)


def command(*names: str) -> OfKind:
    """Match these commands."""
    return OfKind(("command",), lambda turn: turn.message.command in names)


def possible(routes: Sequence[Route], kind: str) -> tuple[Route, ...]:
    """Leave out the routes that no message of this kind can take."""
    return tuple(
        route for route in routes if not isinstance(route.matches, OfKind) or kind in route.matches.kinds
    )
