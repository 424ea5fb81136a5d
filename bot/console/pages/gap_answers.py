"""Answers to gaps: written, tried out on the golden questions, published, and sent to everyone who asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.desks import document_desk, gap_desk
from bot.console.errors import Conflict
from bot.console.gap_reading import found, probe_mask, probes
from bot.console.guard import allows
from bot.console.texts import Wording
from bot.console.trials import Trial, TrialState
from bot.console.view import Revision, View
from handlers.review.checks import DocumentRefused, check
from handlers.review.gaps import ANSWERS, Draft, GapChanged, faq_document, faq_id

if TYPE_CHECKING:
    from storage.document_records import NewDocument
    from storage.gap_records import GapGroupRecord

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer as it was typed: by language, and the last day it holds ("" for no end)."""

    drafts: dict[str, Draft]
    until: str

    @classmethod
    def of(cls, form: Mapping[str, object]) -> Written:
        """Read what was sent."""
        texts = {name: value.replace("\0", "") for name, value in form.items() if isinstance(value, str)}
        drafts = {
            code: Draft(title=texts.get(f"title_{code}", ""), text=texts.get(f"text_{code}", ""))
            for code in ANSWERS
        }
        return cls(drafts=drafts, until=texts.get("until", "").strip())

    @classmethod
    def kept_with(cls, group: GapGroupRecord) -> Written:
        """Read what a group has kept."""
        kept = group.draft or {}
        empty = {"title": "", "text": ""}
        drafts = {code: Draft(**{**empty, **kept.get("texts", {}).get(code, {})}) for code in ANSWERS}
        return cls(drafts=drafts, until=str(kept.get("valid_until", "")))

    @property
    def given(self) -> dict[str, Draft]:
        """What is written in full."""
        return {code: d for code, d in self.drafts.items() if d.title.strip() and d.text.strip()}

    def ends(self, zone: tzinfo) -> datetime | None:
        """Return the moment after the last day; None for no end, or for what is no day."""
        try:
            return datetime.combine(date.fromisoformat(self.until) + timedelta(days=1), time(), zone)
        except (ValueError, OverflowError):
            return None

    def documents(self, group_id: int, zone: tzinfo) -> list[NewDocument]:
        """Return the FAQ documents that this makes, twins where there are two."""
        given, ends = self.given, self.ends(zone)
        other = dict(zip(ANSWERS, reversed(ANSWERS), strict=True))
        both = len(given) == len(ANSWERS)
        return [
            faq_document(group_id, code, draft, ends, twin=faq_id(group_id, other[code]) if both else None)
            for code, draft in given.items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is tried out for a group as of `revision`: documents, with the versions they are based on."""

    group_id: int
    revision: int
    edits: Sequence[tuple[NewDocument, int]]
    probes: Sequence[str]


def trial_of(view: View, group: GapGroupRecord) -> Trial | None:
    """Find the trial of a group as it is now; None when it has changed since, or was not tried out."""
    trial = view.console.trials.find(_key(group.id))
    return trial if trial is not None and trial.about.revision == group.revision else None


@router.post("/gaps/{group_id}/answer")
async def answer(
    view: Annotated[View, allows("gap.close")], group_id: int, revision: Revision = 0
) -> Response:
    """Keep the answer and try it out on the golden questions."""
    written = Written.of(await view.request.form())
    async with view.reading() as work:
        await found(work, group_id)
    desk, gaps = document_desk(view.console), gap_desk(view.console)
    try:
        await gaps.save_draft(group_id, revision, written.drafts, written.until)
    except GapChanged as error:
        raise Conflict("\n\n".join(d.text for d in written.given.values())) from error
    new = written.documents(group_id, view.console.services.program.timezone)
    if problem := await _problem(view, written, new):
        key, values = problem
        return view.go(f"/gaps/{group_id}#answer", key, kind="bad", **values)
    async with view.reading() as work:
        questions = await work.gaps.questions(group_id)
        newest = [await work.documents.newest(one.id) for one in new]
    proposed = Answer(
        group_id=group_id,
        revision=revision + 1,
        edits=[(one, was.version if was else 0) for one, was in zip(new, newest, strict=True)],
        probes=[one.text for one in probes(questions)],
    )

    async def job(trial: Trial) -> TrialState:
        trial.rehearsal = await desk.rehearse(new, probes=proposed.probes, step=trial.tell)
        return "tried" if trial.rehearsal.safe else "breaks"

    view.console.trials.start(proposed, job, _key(group_id))
    return view.go(f"/gaps/{group_id}#trial")


@router.get("/gaps/{group_id}/trial")
async def progress(view: Annotated[View, allows("gap.see")], group_id: int) -> Response:
    """Show how far the trial is, and what it found."""
    async with view.reading() as work:
        group = await found(work, group_id)
        mask = await probe_mask(work, await work.gaps.questions(group_id))
    trial = trial_of(view, group)
    response = view.page("gaps/trial.html", group=group, trial=trial, mask=mask)
    if trial is not None and trial.state in ("published", "waiting"):
        # The whole page is another one now: it offers to tell those who asked.
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/gaps/{group_id}/publish")
async def publish(view: Annotated[View, allows("gap.close")], group_id: int) -> Response:
    """Publish what was tried out; refused for what would break a golden question."""
    desk, gaps, by = document_desk(view.console), gap_desk(view.console), view.staff
    async with view.reading() as work:
        group = await found(work, group_id)
    trial = trial_of(view, group)
    if trial is None:
        return view.go(f"/gaps/{group_id}#answer", "gaps.try_again", kind="bad")
    if trial.state != "tried":
        return view.go(f"/gaps/{group_id}#trial", "gaps.not_safe", kind="bad")
    tried: Answer = trial.about

    async def job(trial: Trial) -> TrialState:
        trial.step = "publish"
        async with view.reading() as work:
            group = await work.gaps.group(group_id)
        if group is None or group.revision != tried.revision:
            raise GapChanged
        await desk.save_together(tried.edits, by, note=f"gap {group_id}")
        names = [new.id for new, _ in tried.edits]
        await gaps.decide(group_id, tried.revision, by, documents=names, answered=True)
        trial.about = replace(tried, revision=tried.revision + 1)
        return "published" if await desk.published() else "waiting"

    view.console.trials.go_on(trial, job)
    return view.go(f"/gaps/{group_id}#trial")


@router.post("/gaps/{group_id}/tell")
async def tell(view: Annotated[View, allows("gap.close")], group_id: int, revision: Revision = 0) -> Response:
    """Send the published answer to everyone who asked, in their language."""
    texts: dict[str, str] = {}
    async with view.reading() as work:
        await found(work, group_id)
        for code in ANSWERS:
            document = await work.documents.get(faq_id(group_id, code))
            if document is not None:
                body = document.markdown.split("\n", 1)[-1].strip()
                texts[code] = Wording(code)("gaps.told", title=document.title, text=body)
    if not texts:
        return view.go(f"/gaps/{group_id}", "gaps.nothing_to_tell", kind="bad")
    _, people = await gap_desk(view.console).tell(group_id, revision, view.staff, texts)
    view.console.nudge()
    return view.go(f"/gaps/{group_id}", "gaps.being_told", number=people)


async def _problem(
    view: View, written: Written, new: Sequence[NewDocument]
) -> tuple[str, dict[str, str]] | None:
    """Say what to mend: the key of a sentence and its values; None when nothing is."""
    if not new:
        return "gaps.nothing_written", {}
    if any(bool(d.title.strip()) != bool(d.text.strip()) for d in written.drafts.values()):
        return "gaps.half_written", {}
    if written.until:
        ends = written.ends(view.console.services.program.timezone)
        if ends is None or ends <= view.now:
            return "gaps.bad_end", {}
    for one in new:
        try:
            await asyncio.to_thread(check, one)
        except DocumentRefused as error:
            first = error.problems[0]
            field, why = view.say(f"documents.{first.field}"), view.say(f"documents.problem_{first.code}")
            language = view.say(f"gaps.language_{one.language}")
            return "gaps.cannot_be_saved", {"language": language, "field": field, "why": why}
    return None


def _key(group_id: int) -> str:
    return f"gaps/{group_id}"
