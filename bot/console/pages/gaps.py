"""What founders asked and did not get answered: groups, and what staff do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.console.config import Console
from bot.console.errors import Conflict, NotFound
from bot.console.guard import allows
from bot.console.texts import Wording
from bot.console.view import View
from handlers.review.gap_trials import GapTrials, Trial
from handlers.review.gaps import ANSWERS, Draft, GapChanged, GapDesk, faq_document, faq_id
from handlers.review.masking import Masker
from knowledge.errors import KnowledgeError
from storage.gap_records import GapGroupRecord, GapLine, GapQuestionRecord, GapStatus

if TYPE_CHECKING:
    from knowledge.model import Answer
    from storage.database import UnitOfWork
    from storage.document_records import NewDocument

router = APIRouter(include_in_schema=False)
PAGE = 30
LONGEST_REASON = 500
_NEAREST = 3
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer as it was typed: by language, and the last day it holds ("" for no end)."""

    drafts: dict[str, Draft]
    until: str

    @property
    def given(self) -> dict[str, Draft]:
        """What is written in full."""
        return {code: d for code, d in self.drafts.items() if d.title.strip() and d.text.strip()}


@router.get("/gaps")
async def list_gaps(
    view: Annotated[View, allows("gap.see")], status: str = "open", page: str = ""
) -> Response:
    """List groups, those that most people asked about first."""
    wanted: GapStatus = status if status in get_args(GapStatus) else "open"  # type: ignore[assignment]
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 0
    async with view.reading() as work:
        lines = await work.gaps.lines(wanted, limit=PAGE + 1, offset=number * PAGE)
        counts = await work.gaps.counts()
        first = await masked_lines(work, lines[:PAGE])
    return view.page(
        "gaps/list.html",
        lines=[{"line": line, "question": text} for line, text in zip(lines, first, strict=False)],
        chosen=wanted,
        statuses=get_args(GapStatus),
        counts=counts,
        more=f"/gaps?status={wanted}&page={number + 1}" if len(lines) > PAGE else "",
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
        mask = await _mask(work, questions)
        moves = await work.gaps.moves(group_id)
        others = [one for one in await work.gaps.representatives() if one.group_id != group_id]
        targets = list(zip(others, await masked(work, others), strict=True))
    trials = view.console.services.trials
    return view.page(
        "gaps/group.html",
        group=group,
        questions=[{"question": one, "text": text} for one, text in zip(questions, shown, strict=True)],
        founders=len(founders),
        asked=len({one.founder_id or -one.id for one in questions}),
        moves=moves,
        targets=targets,
        written=_written(group),
        trial=trials.of(group_id, group.revision) if trials is not None else None,
        documents=await document_ids(view.console),
        mask=mask,
    )


@router.get("/gaps/{group_id}/nearest")
async def nearest(view: Annotated[View, allows("gap.see")], group_id: int) -> Response:
    """Ask the group's questions of the documents as they are now: what stands nearest, what is answered."""
    async with view.reading() as work:
        await found(work, group_id)
        questions = await work.gaps.questions(group_id)
        mask = await _mask(work, questions)
    desk = view.console.services.documents
    probes = _probes(questions)
    answers: list[tuple[str, Answer]] = []
    problem = False
    if desk is not None:
        try:
            for one in probes:
                answers.append((mask(one.text), await desk.bench(one.text, one.language.split("-")[0])))
        except KnowledgeError:
            # The rest of the page is of use without it; what is wrong stands on the pages of documents.
            problem = True
    return view.page("gaps/nearest.html", answers=answers, most=_NEAREST, problem=problem)


@router.post("/gaps/{group_id}/answer")
async def answer(
    view: Annotated[View, allows("gap.close")],
    group_id: int,
    revision: Annotated[int, Form()] = 0,
    title_zh: Text = "",
    text_zh: Text = "",
    title_en: Text = "",
    text_en: Text = "",
    until: Text = "",
) -> Response:
    """Keep the answer and try it out against the golden questions."""
    written = Written(
        drafts={"zh": Draft(title=title_zh, text=text_zh), "en": Draft(title=title_en, text=text_en)},
        until=until.strip(),
    )
    gaps, trials = await _desks(view, group_id)
    try:
        await gaps.save_draft(group_id, revision, written.drafts, written.until)
    except GapChanged as error:
        raise Conflict("\n\n".join(d.text for d in written.given.values())) from error
    problem = _problem(written, view)
    if problem:
        return view.go(f"/gaps/{group_id}#answer", problem, kind="bad")
    async with view.reading() as work:
        questions = await work.gaps.questions(group_id)
    documents = _as_documents(group_id, written, view)
    trials.start(group_id, revision + 1, documents, [one.text for one in _probes(questions)])
    return view.go(f"/gaps/{group_id}#trial")


@router.get("/gaps/{group_id}/trial")
async def progress(view: Annotated[View, allows("gap.see")], group_id: int) -> Response:
    """How far the trial is, and what it found."""
    async with view.reading() as work:
        group = await found(work, group_id)
        questions = await work.gaps.questions(group_id)
        mask = await _mask(work, questions)
    trials = view.console.services.trials
    trial = trials.of(group_id, group.revision) if trials is not None else None
    response = view.page("gaps/trial.html", group=group, trial=trial, mask=mask)
    if trial is not None and trial.stage == "published":
        # The whole page is another one now: it offers to tell those who asked.
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/gaps/{group_id}/publish")
async def publish(view: Annotated[View, allows("gap.close")], group_id: int) -> Response:
    """Publish what was tried out; refused for what would break a golden question."""
    _, trials = await _desks(view, group_id)
    async with view.reading() as work:
        group = await found(work, group_id)
    trial: Trial | None = trials.of(group_id, group.revision)
    if trial is None:
        return view.go(f"/gaps/{group_id}#answer", "gaps.try_again", kind="bad")
    try:
        trials.publish(group_id, trial, view.staff)
    except GapChanged:
        return view.go(f"/gaps/{group_id}#trial", "gaps.not_safe", kind="bad")
    return view.go(f"/gaps/{group_id}#trial")


@router.post("/gaps/{group_id}/tell")
async def tell(
    view: Annotated[View, allows("gap.close")], group_id: int, revision: Annotated[int, Form()] = 0
) -> Response:
    """Send the published answer to everyone who asked, in their language."""
    gaps, _ = await _desks(view, group_id)
    texts: dict[str, str] = {}
    async with view.reading() as work:
        for code in ANSWERS:
            document = await work.documents.get(faq_id(group_id, code))
            if document is not None:
                body = document.markdown.split("\n", 1)[-1].strip()
                texts[code] = Wording(code)("gaps.told", title=document.title, text=body)
    if not texts:
        return view.go(f"/gaps/{group_id}", "gaps.nothing_to_tell", kind="bad")
    try:
        _, people = await gaps.tell(group_id, revision, view.staff, texts)
    except GapChanged as error:
        raise Conflict from error
    view.console.nudge()
    return view.go(f"/gaps/{group_id}", "gaps.being_told", number=people)


@router.post("/gaps/{group_id}/dismiss")
async def dismiss(
    view: Annotated[View, allows("gap.close")],
    group_id: int,
    revision: Annotated[int, Form()] = 0,
    reason: Text = "",
) -> Response:
    """Decide that this needs no answer, and say why."""
    if not reason.strip():
        await _desks(view, group_id)
        return view.go(f"/gaps/{group_id}", "gaps.reason_missing", kind="bad")
    return await _decide(view, group_id, revision, dismissed_for=reason.strip()[:LONGEST_REASON])


@router.post("/gaps/{group_id}/attach")
async def attach(
    view: Annotated[View, allows("gap.close")],
    group_id: int,
    revision: Annotated[int, Form()] = 0,
    document: Text = "",
) -> Response:
    """Say that a document there is already answers this."""
    if document not in await document_ids(view.console):
        await _desks(view, group_id)
        return view.go(f"/gaps/{group_id}", "gaps.no_document", kind="bad")
    return await _decide(view, group_id, revision, documents=[document])


@router.post("/gaps/{group_id}/reopen")
async def reopen(
    view: Annotated[View, allows("gap.close")], group_id: int, revision: Annotated[int, Form()] = 0
) -> Response:
    """Undo a decision; what was published stays, and can be taken away on the page of the document."""
    gaps, _ = await _desks(view, group_id)
    try:
        await gaps.reopen(group_id, revision, view.staff)
    except GapChanged as error:
        raise Conflict from error
    return view.go(f"/gaps/{group_id}", "gaps.reopened")


async def found(work: UnitOfWork, group_id: int) -> GapGroupRecord:
    """Find a group; raises NotFound."""
    group = await work.gaps.group(group_id) if 0 < group_id < 2**63 else None
    if group is None:
        raise NotFound
    return group


async def _desks(view: View, group_id: int) -> tuple[GapDesk, GapTrials]:
    """What works on gaps; raises NotFound for a group that is not there, or where nothing works on them."""
    async with view.reading() as work:
        await found(work, group_id)
    services = view.console.services
    if services.gaps is None or services.trials is None:
        raise NotFound
    return services.gaps, services.trials


async def _decide(view: View, group_id: int, revision: int, **decision: Any) -> Response:
    gaps, _ = await _desks(view, group_id)
    try:
        await gaps.decide(group_id, revision, view.staff, **decision)
    except GapChanged as error:
        raise Conflict(str(decision.get("dismissed_for", ""))) from error
    return view.go("/gaps", "gaps.decided")


async def document_ids(console: Console) -> list[str]:
    """List the ids of all documents."""
    desk = console.services.documents
    if desk is None:
        return []
    return [row.document.id for row in await desk.rows()]


async def masked(work: UnitOfWork, questions: Sequence[GapQuestionRecord]) -> list[str]:
    """Return the words of questions without personal data."""
    return await _masked(work, [(one.text, one.founder_id) for one in questions])


async def masked_lines(work: UnitOfWork, lines: Sequence[GapLine]) -> list[str]:
    """Return the first question of groups without personal data."""
    return await _masked(work, [(one.question, one.founder_id) for one in lines])


async def _masked(work: UnitOfWork, said: Sequence[tuple[str, int | None]]) -> list[str]:
    names = await work.people.names({founder_id for _, founder_id in said if founder_id})
    return [Masker((names.get(founder_id or 0),))(text) for text, founder_id in said]


async def _mask(work: UnitOfWork, questions: list[GapQuestionRecord]) -> Masker:
    """Mask what a group's questions are tried out with."""
    probes = _probes(questions)
    names = await work.people.names_in({one.conversation_id for one in probes})
    return Masker(name for one in probes for name in names.get(one.conversation_id, ()))


def _written(group: GapGroupRecord) -> Written:
    draft = group.draft or {}
    texts = draft.get("texts", {})
    empty = {"title": "", "text": ""}
    drafts = {code: Draft(**{**empty, **texts.get(code, {})}) for code in ANSWERS}
    return Written(drafts=drafts, until=str(draft.get("valid_until", "")))


def _probes(questions: list[GapQuestionRecord]) -> list[GapQuestionRecord]:
    """The first question of each language: what the answer must settle."""
    first: dict[str, GapQuestionRecord] = {}
    for one in questions:
        first.setdefault(one.language.split("-")[0], one)
    return list(first.values())


def _problem(written: Written, view: View) -> str:
    """The key of the sentence that says what to mend; "" when nothing is."""
    if not written.given:
        return "gaps.nothing_written"
    if any(bool(d.title.strip()) != bool(d.text.strip()) for d in written.drafts.values()):
        return "gaps.half_written"
    if written.until:
        end = _end(written.until, view)
        if end is None or end <= view.now:
            return "gaps.bad_end"
    return ""


def _end(until: str, view: View) -> datetime | None:
    """The moment after a day's end in the program's time zone; None for what is no day."""
    try:
        day = date.fromisoformat(until)
        return datetime.combine(day + timedelta(days=1), time(), view.console.services.program.timezone)
    except (ValueError, OverflowError):
        return None


def _as_documents(group_id: int, written: Written, view: View) -> list[NewDocument]:
    end = _end(written.until, view) if written.until else None
    given = written.given
    both = len(given) == len(ANSWERS)
    other = dict(zip(ANSWERS, ANSWERS[::-1], strict=True))
    return [
        faq_document(group_id, code, draft, end, twin=faq_id(group_id, other[code]) if both else None)
        for code, draft in given.items()
    ]
