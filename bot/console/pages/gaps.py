"""What founders asked and did not get answered: groups, and what staff do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.desks import document_ids, gap_desk
from bot.console.errors import Conflict
from bot.console.gap_reading import (
    LONGEST_REASON,
    PLACE,
    found,
    masked,
    masked_lines,
    place_of,
    probe_mask,
    probes,
)
from bot.console.guard import allows
from bot.console.pages.gap_answers import Written, trial_of
from bot.console.paging import address, cut, unpack
from bot.console.view import Revision, Text, View
from handlers.review.gaps import GapChanged
from knowledge.errors import KnowledgeError
from storage.gap_records import GapStatus

if TYPE_CHECKING:
    from knowledge.model import Answer

router = APIRouter(include_in_schema=False)
PAGE = 30
_NEAREST = 3


@router.get("/gaps")
async def list_gaps(
    view: Annotated[View, allows("gap.see")], status: str = "open", after: str = ""
) -> Response:
    """List groups, those that most people asked about first."""
    wanted: GapStatus = status if status in get_args(GapStatus) else "open"  # type: ignore[assignment]
    async with view.reading() as work:
        part = cut(await work.gaps.lines(wanted, limit=PAGE + 1, after=unpack(after, *PLACE)), place_of, PAGE)
        counts = await work.gaps.counts()
        first = await masked_lines(work, part.rows)
    return view.page(
        "gaps/list.html",
        lines=[{"line": line, "question": text} for line, text in zip(part.rows, first, strict=True)],
        chosen=wanted,
        statuses=get_args(GapStatus),
        counts=counts,
        more=address(view.request, after=part.cursor) if part.cursor else "",
    )


@router.post("/gaps/regroup")
async def regroup(view: Annotated[View, allows("gap.close")]) -> Response:
    """Take in what was not settled since the last time, now."""
    desk = view.console.services.gaps
    if desk is None:
        return view.go("/gaps", "gaps.unavailable", kind="bad")
    done = await desk.regroup()
    return view.go("/gaps", "gaps.regrouped", added=done.added, open=done.open)


@router.get("/gaps/{group_id}")
async def show(view: Annotated[View, allows("gap.see")], group_id: int) -> Response:
    """Show a group with its questions, and the answer as it is being written."""
    async with view.reading() as work:
        group = await found(work, group_id)
        questions = await work.gaps.questions(group_id)
        founders = await work.gaps.founders(group_id)
        shown = await masked(work, questions)
        mask = await probe_mask(work, questions)
        moves = await work.gaps.moves(group_id)
        others = [one for one in await work.gaps.representatives() if one.group_id != group_id]
        targets = list(zip(others, await masked(work, others), strict=True))
    return view.page(
        "gaps/group.html",
        group=group,
        questions=[{"question": one, "text": text} for one, text in zip(questions, shown, strict=True)],
        founders=len(founders),
        asked=len({one.founder_id or -one.id for one in questions}),
        moves=moves,
        targets=targets,
        written=Written.kept_with(group),
        trial=trial_of(view, group),
        documents=await document_ids(view.console),
        mask=mask,
    )


@router.get("/gaps/{group_id}/nearest")
async def nearest(view: Annotated[View, allows("gap.see")], group_id: int) -> Response:
    """Ask the group's questions of the documents as they are now: what stands nearest, what is answered."""
    async with view.reading() as work:
        await found(work, group_id)
        questions = await work.gaps.questions(group_id)
        mask = await probe_mask(work, questions)
    desk = view.console.services.documents
    answers: list[tuple[str, Answer]] = []
    problem = False
    if desk is not None:
        try:
            for one in probes(questions):
                answers.append((mask(one.text), await desk.bench(one.text, one.language.split("-")[0])))
        except KnowledgeError:
            # The rest of the page is of use without it; what is wrong stands on the pages of documents.
            problem = True
    return view.page("gaps/nearest.html", answers=answers, most=_NEAREST, problem=problem)


@router.post("/gaps/{group_id}/dismiss")
async def dismiss(
    view: Annotated[View, allows("gap.close")], group_id: int, revision: Revision = 0, reason: Text = ""
) -> Response:
    """Decide that this needs no answer, and say why."""
    await _exists(view, group_id)
    if not reason.strip():
        return view.go(f"/gaps/{group_id}", "gaps.reason_missing", kind="bad")
    return await _decide(view, group_id, revision, dismissed_for=reason.strip()[:LONGEST_REASON])


@router.post("/gaps/{group_id}/attach")
async def attach(
    view: Annotated[View, allows("gap.close")], group_id: int, revision: Revision = 0, document: Text = ""
) -> Response:
    """Say that a document there is already answers this."""
    await _exists(view, group_id)
    if document not in await document_ids(view.console):
        return view.go(f"/gaps/{group_id}", "gaps.no_document", kind="bad")
    return await _decide(view, group_id, revision, documents=[document])


@router.post("/gaps/{group_id}/reopen")
async def reopen(
    view: Annotated[View, allows("gap.close")], group_id: int, revision: Revision = 0
) -> Response:
    """Undo a decision; what was published stays, and can be taken away on the page of the document."""
    await _exists(view, group_id)
    await gap_desk(view.console).reopen(group_id, revision, view.staff)
    return view.go(f"/gaps/{group_id}", "gaps.reopened")


async def _decide(view: View, group_id: int, revision: int, **decision: Any) -> Response:
    try:
        await gap_desk(view.console).decide(group_id, revision, view.staff, **decision)
    except GapChanged as error:
        raise Conflict(str(decision.get("dismissed_for", ""))) from error
    return view.go("/gaps", "gaps.decided")


async def _exists(view: View, group_id: int) -> None:
    async with view.reading() as work:
        await found(work, group_id)
