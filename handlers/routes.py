"""Which handler takes a message: the first route that matches, from the most special to the question."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import ask, feedback, handover, language, privacy, small_talk, start, unsupported
from handlers.announce.routes import ANNOUNCE_ROUTES
from handlers.apply.routes import APPLY_ROUTES
from handlers.route import Route, command, kind, press
from handlers.staff_account import STAFF_ROUTES
from handlers.staff_handovers import STAFF_HANDOVER_ROUTES
from handlers.turn import Turn
from handlers.words import has_words

__all__ = ["ROUTES", "Route", "find_route"]


def _wordless(turn: Turn) -> bool:
    return turn.typed and not has_words(turn.text)


ROUTES: tuple[Route, ...] = (
    Route(name="with_person", matches=handover.is_with_person, handle=handover.listen),
    *STAFF_HANDOVER_ROUTES,
    *STAFF_ROUTES,
    *ANNOUNCE_ROUTES,
    *APPLY_ROUTES,
    Route(name="unsupported", matches=kind("unsupported", "file"), handle=unsupported.decline),
    Route(name="edited", matches=kind("edited"), handle=unsupported.edited, looks_up=True),
    Route(name="helpful", matches=press("helpful"), handle=feedback.helpful),
    Route(name="unhelpful", matches=press("unhelpful"), handle=feedback.unhelpful),
    Route(name="reason", matches=press("reason"), handle=feedback.reason_pressed),
    Route(name="topic", matches=press("topic"), handle=ask.ask_topic, looks_up=True),
    Route(name="example", matches=press("example"), handle=ask.ask_example, looks_up=True),
    Route(name="again", matches=press("again"), handle=ask.ask_again, looks_up=True),
    Route(name="human", matches=press("human"), handle=handover.pressed),
    Route(name="human_cancel", matches=press("unhuman"), handle=handover.cancel),
    Route(name="language", matches=press("language"), handle=language.chosen),
    Route(name="forget", matches=press("forget"), handle=privacy.forget),
    Route(name="stale_button", matches=kind("button"), handle=unsupported.stale_press),
    Route(name="start", matches=command("start"), handle=start.start),
    Route(name="help", matches=command("help"), handle=start.show_help),
    Route(name="language", matches=command("language"), handle=language.choose),
    Route(name="privacy", matches=command("privacy"), handle=privacy.explain),
    Route(name="mydata", matches=command("mydata"), handle=privacy.my_data),
    Route(name="forget", matches=command("forget"), handle=privacy.ask_to_forget),
    Route(name="human", matches=command("human"), handle=handover.command),
    Route(name="unknown_command", matches=kind("command"), handle=unsupported.unknown_command),
    Route(name="no_words", matches=_wordless, handle=unsupported.no_words),
    Route(name="human", matches=handover.wishes_person, handle=handover.wish),
    Route(name="small_talk", matches=small_talk.is_small_talk, handle=small_talk.small_talk),
    Route(name="reason", matches=feedback.awaits_reason, handle=feedback.reason_typed),
    Route(name="ask", matches=kind("text"), handle=ask.ask, looks_up=True),
)


def find_route(turn: Turn, routes: Sequence[Route] = ROUTES) -> Route:
    """Return the first route that matches; LookupError when none does, which is a mistake in the tuple."""
    for route in routes:
        if route.matches(turn):
            return route
    raise LookupError(f"no route for a message of kind {turn.message.kind!r}")
