"""Gaps: what founders asked and did not get answered, in groups that are closed and opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bot.console.api.frame import CONFLICT, NOT_FOUND, After, Caller, Id, Limit, Page, cursor, needs, resource
from bot.console.desks import document_ids, gap_desk
from bot.console.errors import Conflict
from bot.console.gap_reading import LONGEST_REASON, PLACE, found, masked, masked_lines, place_of
from bot.console.paging import cut
from handlers.review.gaps import GapDesk
from storage.gap_records import GapGroupRecord, GapLine, GapReason, GapStatus

router = resource("gaps")


class Decision(BaseModel):
    """Where a group stands; `revision` is what a change must name, `documents` are those that close it."""

    id: int
    status: GapStatus
    revision: int
    reason: str
    documents: Sequence[str]
    announcement_id: int | None
    staff_id: int | None
    decided_at: datetime | None
    created_at: datetime


class Gap(Decision):
    """A group in the list: the question that stands for it, and the documents that came nearest."""

    question: str
    language: str
    languages: Sequence[str]
    questions: int
    founders: int
    nearest: Sequence[str]
    first_at: datetime
    last_at: datetime


class GapQuestion(BaseModel):
    """A question of a group; `likeness` (0-1) compares it with the one that stands for the group."""

    id: int
    conversation_id: int
    message_id: int
    founder_id: int | None
    language: str
    reason: GapReason
    likeness: float
    text: str
    asked_at: datetime


class GapWithQuestions(Decision):
    """A group with its first 200 questions, and the answer as it is being written.

    `to_be_told` counts those who asked, are still here and have not been sent the answer.
    """

    questions: list[GapQuestion]
    to_be_told: int
    draft: dict[str, Any] | None


class Change(BaseModel):
    """What a change is based on: `revision` of the group as read."""

    revision: int = Field(ge=0, lt=2**31)


class Dismissal(Change):
    """Why a group needs no answer."""

    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class Attachment(Change):
    """The id of the document that answers a group already."""

    document: str = Field(min_length=1, max_length=400)


@router.get("/gaps")
async def list_gaps(
    caller: Annotated[Caller, needs("gap.see")],
    status: Annotated[GapStatus, Query(description="Where the groups stand.")] = "open",
    after: After = "",
    limit: Limit = 50,
) -> Page[Gap]:
    """List groups, those that most people asked about first."""
    async with caller.reading() as work:
        lines = await work.gaps.lines(status, limit=limit + 1, after=cursor(after, *PLACE))
        part = cut(lines, place_of, limit)
        texts = await masked_lines(work, part.rows)
    items = [_line(line, text) for line, text in zip(part.rows, texts, strict=True)]
    return Page(items=items, next=part.cursor)


@router.get("/gaps/{gap_id}", responses=NOT_FOUND)
async def get_gap(caller: Annotated[Caller, needs("gap.see")], gap_id: Id) -> GapWithQuestions:
    """Read a group with its questions, personal data masked."""
    return await _whole(caller, gap_id)


@router.post("/gaps/{gap_id}/dismiss", responses=NOT_FOUND | CONFLICT)
async def dismiss(
    caller: Annotated[Caller, needs("gap.close")], gap_id: Id, dismissal: Dismissal
) -> GapWithQuestions:
    """Decide that an open group needs no answer, and say why."""
    gaps = await _to_change(caller, gap_id, dismissal.revision, is_open=True)
    reason = dismissal.reason.strip()
    if not reason:
        raise HTTPException(422, "reason: write at least one character that is no space")
    await gaps.decide(gap_id, dismissal.revision, caller.staff, dismissed_for=reason)
    return await _whole(caller, gap_id)


@router.post("/gaps/{gap_id}/attach", responses=NOT_FOUND | CONFLICT)
async def attach(
    caller: Annotated[Caller, needs("gap.close")], gap_id: Id, attachment: Attachment
) -> GapWithQuestions:
    """Say that a document there is already answers an open group."""
    gaps = await _to_change(caller, gap_id, attachment.revision, is_open=True)
    if attachment.document not in await document_ids(caller.console):
        raise HTTPException(422, "document: there is no document with this id")
    await gaps.decide(gap_id, attachment.revision, caller.staff, documents=[attachment.document])
    return await _whole(caller, gap_id)


@router.post("/gaps/{gap_id}/reopen", responses=NOT_FOUND | CONFLICT)
async def reopen(
    caller: Annotated[Caller, needs("gap.close")], gap_id: Id, change: Change
) -> GapWithQuestions:
    """Undo a decision; a document that was published stays."""
    gaps = await _to_change(caller, gap_id, change.revision, is_open=False)
    await gaps.reopen(gap_id, change.revision, caller.staff)
    return await _whole(caller, gap_id)


async def _to_change(caller: Caller, gap_id: int, revision: int, *, is_open: bool) -> GapDesk:
    """What changes groups; raises NotFound, or Conflict when the group is not as the caller read it."""
    async with caller.reading() as work:
        group = await found(work, gap_id)
    gaps = gap_desk(caller.console)
    if group.revision != revision or (group.status == "open") is not is_open:
        raise Conflict
    return gaps


async def _whole(caller: Caller, gap_id: int) -> GapWithQuestions:
    async with caller.reading() as work:
        group = await found(work, gap_id)
        questions = await work.gaps.questions(gap_id)
        texts = await masked(work, questions)
        founders = await work.gaps.founders(gap_id)
    names = GapQuestion.model_fields.keys() - {"text"}
    return GapWithQuestions(
        **_decision(group),
        questions=[
            GapQuestion(text=text, **{name: getattr(one, name) for name in names})
            for one, text in zip(questions, texts, strict=True)
        ],
        to_be_told=len(founders),
        draft=dict(group.draft) if group.draft is not None else None,
    )


def _line(line: GapLine, question: str) -> Gap:
    return Gap(
        **_decision(line.group),
        question=question,
        language=line.language,
        languages=line.languages,
        questions=line.questions,
        founders=line.founders,
        nearest=line.nearest,
        first_at=line.first_at,
        last_at=line.last_at,
    )


def _decision(group: GapGroupRecord) -> dict[str, Any]:
    return {name: getattr(group, name) for name in Decision.model_fields}
