"""Groups put right by hand: questions moved out of one, groups merged, and both undone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.console.desks import gap_desk
from bot.console.gap_reading import found
from bot.console.guard import allows
from bot.console.pages.transcript import number_of
from bot.console.view import Revision, Text, View
from handlers.review.gaps import GapDesk

router = APIRouter(include_in_schema=False)
_OWN = "own"


@router.post("/gaps/{group_id}/move")
async def move(
    view: Annotated[View, allows("gap.close")],
    group_id: int,
    revision: Revision = 0,
    question: Annotated[list[str] | None, Form()] = None,
    to: Text = "",
    what: Text = "chosen",
) -> Response:
    """Move the chosen questions into another group or one of their own, or merge the whole group."""
    gaps, whole = await _desk(view, group_id), what == "all"
    chosen = set() if whole else {number_of(one) for one in question or ()} - {0}
    target = None if to == _OWN else number_of(to)
    problem = await _problem(view, group_id, chosen, target, whole)
    if problem:
        return view.go(f"/gaps/{group_id}#by-hand", problem, kind="bad")
    now = await gaps.move(group_id, revision, view.staff, target, chosen)
    if whole:
        return view.go(f"/gaps/{now}", "gaps.merged")
    return view.go(f"/gaps/{group_id}", "gaps.moved")


@router.post("/gaps/{group_id}/move-back")
async def move_back(
    view: Annotated[View, allows("gap.close")],
    group_id: int,
    revision: Revision = 0,
    source: Text = "",
) -> Response:
    """Undo moves: put back what came from a group."""
    gaps = await _desk(view, group_id)
    await gaps.move_back(group_id, revision, view.staff, number_of(source))
    return view.go(f"/gaps/{number_of(source)}", "gaps.moved_back")


async def _desk(view: View, group_id: int) -> GapDesk:
    async with view.reading() as work:
        await found(work, group_id)
    return gap_desk(view.console)


async def _problem(view: View, group_id: int, chosen: set[int], target: int | None, whole: bool) -> str:
    """The key of the sentence that says what to mend; "" when nothing is."""
    if target == 0 or target == group_id:
        return "gaps.no_target"
    if not whole and not chosen:
        return "gaps.none_chosen"
    if target is None:
        async with view.reading() as work:
            there = {one.id for one in await work.gaps.questions(group_id)}
        if whole or there <= chosen:
            return "gaps.all_chosen"
    return ""
