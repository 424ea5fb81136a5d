"""Who answers what belongs to the application; these routes come before all others."""

from __future__ import annotations

from handlers.apply import interview, leaving, opening, pressing, rewritten
from handlers.apply.applied_routes import APPLIED_ROUTES
from handlers.route import OfKind, Route, command, kind, press

_COMMANDS = ("draft", "edit", "skip", "back", "why", "pause", "cancel", "submit")


def _in_interview(matches: OfKind) -> OfKind:
    return OfKind(matches.kinds, lambda turn: turn.interview is not None and matches(turn))


APPLY_ROUTES: tuple[Route, ...] = (
    *APPLIED_ROUTES,
    Route(name="apply", matches=press("apply"), handle=opening.apply),
    Route(name="apply_continue", matches=press("continue"), handle=opening.resume),
    Route(name="apply_pick", matches=press("pick"), handle=pressing.pick),
    Route(name="apply_toggle", matches=press("toggle"), handle=pressing.toggle),
    Route(name="apply_done", matches=press("done"), handle=pressing.done),
    Route(name="apply_skip", matches=press("skip"), handle=pressing.skip),
    Route(name="apply_why", matches=press("why"), handle=pressing.why),
    Route(name="apply_edit", matches=press("edit"), handle=pressing.edit),
    Route(name="apply_row", matches=press("row"), handle=pressing.row),
    Route(name="apply_draft", matches=press("draft"), handle=pressing.draft),
    Route(name="apply_review", matches=press("review"), handle=pressing.review),
    Route(name="apply_submit", matches=press("send"), handle=pressing.send),
    Route(name="apply_language", matches=press("speak"), handle=pressing.speak),
    Route(name="apply_language", matches=_in_interview(press("language")), handle=pressing.language),
    Route(name="apply_pause", matches=press("pause"), handle=leaving.pause),
    Route(name="apply_cancel", matches=press("discard"), handle=leaving.discard),
    Route(name="apply_meant", matches=press("answer"), handle=interview.meant_answer),
    Route(name="apply_asked", matches=press("question"), handle=interview.meant_question, looks_up=True),
    Route(name="apply", matches=command("apply"), handle=opening.apply),
    *(Route(name=f"apply_{name}", matches=command(name), handle=interview.command) for name in _COMMANDS),
    Route(name="apply", matches=opening.wishes, handle=opening.apply),
    Route(name="apply_continue", matches=opening.wishes_to_go_on, handle=opening.go_on_or_ask),
    Route(name="apply_file", matches=_in_interview(kind("file")), handle=interview.file),
    Route(name="apply_unreadable", matches=_in_interview(kind("unsupported")), handle=interview.unreadable),
    Route(name="apply_edited", matches=_in_interview(kind("edited")), handle=rewritten.edited),
    Route(name="apply_answer", matches=_in_interview(kind("text")), handle=interview.typed),
)
