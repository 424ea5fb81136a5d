"""Which handler takes a message: the first route that matches, from the most special to the question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from handlers import ask, feedback, handover, language, privacy, small_talk, start, unsupported
from handlers.turn import Result, Turn
from handlers.words import has_words


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


def _kind(*kinds: str) -> Callable[[Turn], bool]:
    return lambda turn: turn.message.kind in kinds


def _press(*actions: str) -> Callable[[Turn], bool]:
    return lambda turn: turn.press is not None and turn.press.action in actions


def _command(*names: str) -> Callable[[Turn], bool]:
    return lambda turn: turn.message.kind == "command" and turn.message.command in names


def _wordless(turn: Turn) -> bool:
    return turn.typed and not has_words(turn.text)


ROUTES: tuple[Route, ...] = (
    Route(name="unsupported", matches=_kind("unsupported", "file"), handle=unsupported.decline),
    Route(name="edited", matches=_kind("edited"), handle=unsupported.edited, looks_up=True),
    Route(name="helpful", matches=_press("helpful"), handle=feedback.helpful),
    Route(name="unhelpful", matches=_press("unhelpful"), handle=feedback.unhelpful),
    Route(name="reason", matches=_press("reason"), handle=feedback.reason_pressed),
    Route(name="topic", matches=_press("topic"), handle=ask.ask_topic, looks_up=True),
    Route(name="example", matches=_press("example"), handle=ask.ask_example, looks_up=True),
    Route(name="again", matches=_press("again"), handle=ask.ask_again, looks_up=True),
    Route(name="human", matches=_press("human"), handle=handover.pressed),
    Route(name="human_cancel", matches=_press("unhuman"), handle=handover.cancel),
    Route(name="language", matches=_press("language"), handle=language.chosen),
    Route(name="forget", matches=_press("forget"), handle=privacy.forget),
    Route(name="stale_button", matches=_kind("button"), handle=unsupported.stale_press),
    Route(name="start", matches=_command("start"), handle=start.start),
    Route(name="help", matches=_command("help"), handle=start.show_help),
    Route(name="language", matches=_command("language"), handle=language.choose),
    Route(name="privacy", matches=_command("privacy"), handle=privacy.explain),
    Route(name="mydata", matches=_command("mydata"), handle=privacy.my_data),
    Route(name="forget", matches=_command("forget"), handle=privacy.ask_to_forget),
    Route(name="human", matches=_command("human"), handle=handover.command),
    Route(name="unknown_command", matches=_kind("command"), handle=unsupported.unknown_command),
    Route(name="no_words", matches=_wordless, handle=unsupported.no_words),
    Route(name="human", matches=handover.wishes_person, handle=handover.wish),
    Route(name="small_talk", matches=small_talk.is_small_talk, handle=small_talk.small_talk),
    Route(name="reason", matches=feedback.awaits_reason, handle=feedback.reason_typed),
    Route(name="ask", matches=lambda turn: turn.typed, handle=ask.ask, looks_up=True),
)


def find_route(turn: Turn, routes: Sequence[Route] = ROUTES) -> Route:
    """Return the first route that matches; LookupError when none does, which is a mistake in the tuple."""
    for route in routes:
        if route.matches(turn):
            return route
    raise LookupError(f"no route for a message of kind {turn.message.kind!r}")
