"""Applications: listed, read with answers, versions and questions, decided on, and asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bot.console.api.frame import CONFLICT, NOT_FOUND, After, Caller, Id, Limit, Page, cursor, needs, resource
from bot.console.application_reading import PLACE, SheetReader, Whole, found, load, masked_titles, place_of
from bot.console.errors import Conflict, Forbidden
from bot.console.paging import cut
from handlers.review.application_filters import ApplicationFilters
from handlers.review.application_sheets import Sheets, SheetSection, title_question
from handlers.review.deciding import LONGEST_NOTE, LONGEST_QUESTION, Deciding, Reviewer
from storage.application_records import ApplicationRecord, FollowUpRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = resource("applications")
Submitted = Literal["submitted", "in_review", "accepted", "declined", "withdrawn"]
Unmasked = Annotated[
    bool, Query(description="Show personal data: needs the scope conversation.unmask, and is audited.")
]


class Application(BaseModel):
    """A submitted application; `revision` is what a decision must name, `title` the company or project."""

    id: int
    number: str | None
    title: str
    status: Submitted
    track: str | None
    language: str
    late: bool
    founder_id: int
    revision: int
    unanswered_questions: int
    submitted_at: datetime
    decided_at: datetime | None
    amending_at: datetime | None


class Answer(BaseModel):
    """One answer of the version submitted last; `withheld` needs the scope application.review."""

    section: str
    founder_id: int | None
    key: str
    label: str
    value: str
    wording: str
    sha256: str
    private: bool
    withheld: bool


class Requirement(BaseModel):
    """How one requirement stood on the day of submission."""

    id: str
    text: str
    outcome: Literal["met", "not_met", "unknown"]
    missing: list[str]


class FollowUp(BaseModel):
    """A question of staff about an application; an answer with `sha256` is that file, by its name."""

    id: int
    asked_by: str
    question: str
    asked_at: datetime
    answer: str | None
    sha256: str | None
    answered_at: datetime | None


class Event(BaseModel):
    """One line of an application's history."""

    at: datetime
    actor: str
    kind: str
    details: Mapping[str, Any]


class WholeApplication(Application):
    """An application with everything about it."""

    answers: list[Answer]
    requirements: list[Requirement]
    questions: list[FollowUp]
    versions: list[datetime]
    history: list[Event]


class Decision(BaseModel):
    """What is decided; `note` is sent to the founder, `revision` is that of the application as read."""

    status: Literal["in_review", "accepted", "declined"]
    note: str = Field("", max_length=LONGEST_NOTE)
    revision: int = Field(ge=0, lt=2**31)


class Decided(BaseModel):
    """Whether the founder has a chat in which they are told."""

    told: bool


class NewQuestion(BaseModel):
    """What staff want to know."""

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)


@router.get("/applications")
async def list_applications(
    caller: Annotated[Caller, needs("application.see")],
    q: Annotated[str, Query(max_length=200, description="Part of a number or of the company's name.")] = "",
    track: Annotated[str, Query(max_length=200)] = "",
    status: Submitted | None = None,
    since: Annotated[date | None, Query(description="First day, in the program's time zone.")] = None,
    until: Annotated[date | None, Query(description="Last day, included.")] = None,
    after: After = "",
    limit: Limit = 50,
) -> Page[Application]:
    """List submitted applications, the newest first."""
    services = caller.console.services
    given = {"q": q, "track": track, "status": status or "", "since": since or "", "until": until or ""}
    filters = ApplicationFilters.of({name: str(value) for name, value in given.items()})
    wanted = filters.wanted(services.program.timezone, title_question(services.form))
    async with caller.reading() as work:
        lines = await work.applications.submitted(wanted, before=cursor(after, *PLACE), limit=limit + 1)
        part = cut(lines, place_of, limit)
        titles = await masked_titles(work, part.rows)
    items = [
        Application(**_row(line.application, title, line.unanswered))
        for line, title in zip(part.rows, titles, strict=True)
    ]
    return Page(items=items, next=part.cursor)


@router.get("/applications/{application_id}", responses=NOT_FOUND)
async def get_application(
    caller: Annotated[Caller, needs("application.see")], application_id: Id, unmasked: Unmasked = False
) -> WholeApplication:
    """Read an application as it was submitted last, in the program's language."""
    if unmasked and not caller.may("conversation.unmask"):
        raise Forbidden
    async with caller.reading() as work:
        whole = await load(work, application_id)
    if unmasked:
        async with caller.writing() as work:
            await caller.note(work, "application.unmask", ("application", application_id))
    return _whole(caller, whole, unmasked)


@router.put("/applications/{application_id}/status", responses=NOT_FOUND | CONFLICT)
async def decide(
    caller: Annotated[Caller, needs("application.review")], application_id: Id, decision: Decision
) -> Decided:
    """Set the status, and tell the founder in their chat."""
    async with caller.writing() as work:
        record = await found(work, application_id)
        deciding = _deciding(caller, work)
        note = decision.note.strip()
        told = await deciding.set_status(record, decision.status, note, revision=decision.revision)
    if told is None:
        raise Conflict
    caller.console.nudge()
    return Decided(told=told)


@router.post("/applications/{application_id}/questions", status_code=201, responses=NOT_FOUND | CONFLICT)
async def ask(
    caller: Annotated[Caller, needs("application.review")], application_id: Id, question: NewQuestion
) -> FollowUp:
    """Ask the founder a question in their chat; refused for an application that was withdrawn."""
    words = question.question.strip()
    if not words:
        raise HTTPException(422, "question: write at least one character that is no space")
    async with caller.writing() as work:
        record = await found(work, application_id)
        if record.status == "withdrawn":
            raise Conflict
        asked, _ = await _deciding(caller, work).ask(record, words)
    caller.console.nudge()
    return FollowUp.model_validate(asked, from_attributes=True)


def _deciding(caller: Caller, work: UnitOfWork) -> Deciding:
    by = Reviewer(name=caller.staff.name, staff_id=caller.staff.id, token=caller.token.name)
    return Deciding(work, caller.console.services.program, by)


def _whole(caller: Caller, whole: Whole, unmasked: bool) -> WholeApplication:
    services, version = caller.console.services, whole.version(0)
    language, private = services.program.default_language, caller.may("application.review")
    reader = SheetReader(language=language, private=private, opened=unmasked)
    sheets = whole.sheets(services, version, reader)
    given, form = whole.given(version), services.form
    return WholeApplication(
        **_row(whole.record, sheets.mask(whole.title(form)), whole.unanswered),
        answers=list(_answers(sheets.sections(given, whole.export.members))),
        requirements=[
            Requirement(
                id=one.requirement.id,
                text=form.text(one.requirement.texts, language) if form else "",
                outcome=one.outcome,
                missing=list(one.missing),
            )
            for one in sheets.findings(given)
        ],
        questions=[_follow_up(one, sheets) for one in whole.questions],
        versions=[one.submitted_at for one in whole.versions],
        history=[Event.model_validate(one, from_attributes=True) for one in whole.events],
    )


def _answers(sections: Sequence[SheetSection]) -> Iterator[Answer]:
    names = Answer.model_fields.keys() - {"section", "founder_id"}
    for section in sections:
        for block in section.blocks:
            for line in block.lines:
                if not line.empty:
                    values = {name: getattr(line, name) for name in names}
                    yield Answer(section=section.title, founder_id=block.whose, **values)


def _follow_up(asked: FollowUpRecord, sheets: Sheets) -> FollowUp:
    shown = FollowUp.model_validate(asked, from_attributes=True)
    masked = None if asked.answer is None else sheets.mask(asked.answer)
    return shown.model_copy(update={"answer": masked, "sha256": asked.sha256 if sheets.private else None})


def _row(record: ApplicationRecord, title: str, unanswered: int) -> dict[str, Any]:
    names = Application.model_fields.keys() - {"title", "unanswered_questions"}
    values = {name: getattr(record, name) for name in names}
    return {**values, "title": title, "unanswered_questions": unanswered}
