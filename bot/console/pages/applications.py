"""Applications: what was submitted, listed and read, decided on, asked about, and handed on as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Form
from starlette.responses import Response, StreamingResponse

from bot.console.application_export import TYPES, application_lines
from bot.console.downloads import content_of
from bot.console.errors import Conflict, Forbidden, NotFound
from bot.console.guard import allows
from bot.console.pages.conversations import track_names
from bot.console.pages.transcript import MOST_REVISION, may_open, number_of
from bot.console.paging import PAGE, address, cut, unpack
from bot.console.view import View
from forms.eligibility import Finding
from forms.model import TRACK
from handlers.review.application_filters import STATUSES, ApplicationFilters
from handlers.review.application_sheets import Given, Sheets, files_in, people_in, title_question
from handlers.review.deciding import LONGEST_NOTE, LONGEST_QUESTION, SETTABLE, Deciding, Reviewer
from handlers.review.masking import Masker, Open
from storage.application_history import submitted_answers
from storage.application_records import (
    ApplicationExport,
    ApplicationLine,
    ApplicationRecord,
    EventRecord,
    FollowUpRecord,
    VersionRecord,
)
from storage.application_review import COUNTED

if TYPE_CHECKING:
    from forms import model as application_form
    from storage.database import UnitOfWork

router = APIRouter(include_in_schema=False)


@router.get("/applications")
async def list_applications(view: Annotated[View, allows("application.see")], after: str = "") -> Response:
    """List what was submitted, the newest first; drafts are nobody's before they are handed in."""
    filters = ApplicationFilters.of(view.request.query_params)
    title = title_question(view.console.services.form)
    wanted = filters.wanted(view.console.services.program.timezone, title)
    async with view.reading() as work:
        found = await work.applications.submitted(wanted, before=place(after), limit=PAGE + 1)
        total = await work.applications.count_submitted(wanted)
        tracks = await work.applications.tracks_submitted()
    part = cut(found, key_of)
    return view.page(
        "applications/list.html",
        block="results",
        filters=filters,
        lines=part.rows,
        mask=Masker(),
        total=total,
        counted=COUNTED,
        more=address(view.request, after=part.cursor) if part.cursor else "",
        continued=bool(after),
        statuses=STATUSES,
        tracks=tracks,
        names=track_labels(view),
    )


@router.get("/applications/{application_id}")
async def show(
    view: Annotated[View, allows("application.see")],
    application_id: int,
    version: str = "",
    against: str = "",
    key: str = "",
) -> Response:
    """Show one application as it was submitted last, or in an earlier `version`, `against` another one."""
    async with view.reading() as work:
        whole = await load(work, application_id)
        opened = await may_open(view, work, key, application_id, kind="application")
        conversation = await work.conversations.latest_of(whole.record.founder_id)
    shown = whole.version(number_of(version))
    other = whole.version(number_of(against)) if against else None
    sheets = sheets_of(view, whole, shown, opened=opened)
    given = whole.given(shown)
    return view.page(
        "applications/view.html",
        whole=whole,
        record=whole.record,
        shown=shown,
        other=other,
        parts_of=sheets.sections(given, whole.export.members),
        findings=[_finding(view, one) for one in sheets.findings(given)],
        changes=sheets.changes(whole.given(other), given, whole.export.members) if other else None,
        people={one.founder_id: one for one in whole.export.members},
        mask=sheets.mask,
        key=key if opened else "",
        title=sheets.mask(whole.title(view.console.services.form)),
        conversation=conversation.id if conversation is not None else 0,
        settable=[one for one in SETTABLE if one != whole.record.status],
        limits={"note": LONGEST_NOTE, "question": LONGEST_QUESTION},
        names=track_labels(view),
    )


@router.post("/applications/{application_id}/unmask")
async def unmask(view: Annotated[View, allows("conversation.unmask")], application_id: int) -> Response:
    """Show personal data of one application to this session, and write down that it was shown."""
    async with view.writing() as work:
        await found(work, application_id)
        assert view.me is not None
        about, session = ("application", application_id), view.me.session.id
        key = await view.note(work, "application.unmask", about, session=session)
    return view.go(f"/applications/{application_id}?key={key}")


@router.post("/applications/{application_id}/status")
async def set_status(
    view: Annotated[View, allows("application.review")],
    application_id: int,
    status: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    revision: Annotated[str, Form()] = "",
) -> Response:
    """Decide, and tell the founder; refused when the application has changed since the page was made."""
    wanted = next((one for one in SETTABLE if one == status), None)
    here, words = f"/applications/{application_id}", note.strip()[:LONGEST_NOTE]
    if wanted is None:
        return view.go(here, "applications.no_status", kind="bad")
    async with view.writing() as work:
        record = await found(work, application_id)
        seen = min(number_of(revision), MOST_REVISION)
        told = await _deciding(view, work).set_status(record, wanted, words, revision=seen)
    if told is None:
        raise Conflict(words)
    view.console.nudge()
    return _done(view, here, "applications.decided", told)


@router.post("/applications/{application_id}/ask")
async def ask(
    view: Annotated[View, allows("application.review")],
    application_id: int,
    question: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
) -> Response:
    """Ask the founder a question in their chat; refused when a colleague has asked one meanwhile."""
    here, words = f"/applications/{application_id}", question.strip()[:LONGEST_QUESTION]
    if not words:
        return view.go(here, "applications.no_question", kind="bad")
    async with view.writing() as work:
        # Locked, so that of two who ask at once the second sees the first one's question.
        record = await found(work, application_id, lock=True)
        asked = await work.applications.follow_ups(application_id)
        if len(asked) != number_of(seen) or record.status == "withdrawn":
            raise Conflict(words)
        _, told = await _deciding(view, work).ask(record, words)
    view.console.nudge()
    return _done(view, here, "applications.asked", told)


@router.post("/applications/{application_id}/files/{sha256}")
async def download(
    view: Annotated[View, allows("application.review")], application_id: int, sha256: str
) -> Response:
    """Give a file of an application, as a download that no browser opens by itself."""
    async with view.writing() as work:
        whole = await load(work, application_id)
        sheets = sheets_of(view, whole, whole.version(0), opened=True)
        allowed = {
            one
            for version in (None, *whole.versions)
            for one in files_in(sheets.sections(whole.given(version), whole.export.members))
        }
        allowed |= {one.sha256 for one in whole.questions if one.sha256 is not None}
        names = {
            file.sha256: file.name
            for member in whole.export.members
            for file in await work.files.of(member.founder_id)
        }
        if sha256 not in allowed or sha256 not in names:
            raise NotFound
        await view.note(work, "application.file", ("application", application_id), sha256=sha256)
    content = await content_of(view, sha256, names[sha256])
    return content or view.go(f"/applications/{application_id}", "conversations.file_gone", kind="bad")


@router.post("/applications/export")
async def export(
    view: Annotated[View, allows("application.review")],
    query: Annotated[str, Form()] = "",
    format: Annotated[str, Form()] = "csv",
    unmasked: Annotated[str, Form()] = "",
) -> Response:
    """Send what the filters let through, one row each; who exported what is written down before."""
    if unmasked and not view.may("conversation.unmask"):
        raise Forbidden
    kind = format if format in TYPES else "csv"
    filters = ApplicationFilters.of(dict(parse_qsl(query[:4000])))
    async with view.writing() as work:
        await view.note(
            work, "application.export", format=kind, filters=filters.noted, unmasked=bool(unmasked)
        )
    form = view.console.services.form
    wanted = filters.wanted(view.console.services.program.timezone, title_question(form))
    lines = application_lines(
        view.console.services.database, wanted, form, kind=kind, unmasked=bool(unmasked)
    )
    name = f"applications-{view.now:%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=TYPES[kind], headers=headers)


# --- parts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One application with everything about it."""

    record: ApplicationRecord
    export: ApplicationExport
    versions: list[VersionRecord]
    events: list[EventRecord]
    questions: list[FollowUpRecord]
    called: list[str]

    def version(self, number: int) -> VersionRecord | None:
        """The version of a number, else the one submitted last."""
        last = self.versions[-1] if self.versions else None
        return next((one for one in self.versions if one.version == number), last)

    def given(self, version: VersionRecord | None) -> Given:
        """The answers of a version; those of the row itself where it has none."""
        if version is None or "answers" not in version.snapshot:
            return self.export.answers
        return dict(submitted_answers(version.snapshot))

    @property
    def mask(self) -> Masker:
        """Hides the people of the application by the names they have in chats and in its answers."""
        versions = [self.given(one) for one in self.versions] or [self.export.answers]
        return Masker([*self.called, *(name for given in versions for name in people_in(given))])

    def title(self, form: application_form.Form | None) -> str:
        """What the application is called in lists."""
        answer = self.given(self.version(0)).get(None, {}).get(title_question(form))
        return str(answer.data) if answer is not None and answer.data is not None else ""


async def found(work: UnitOfWork, application_id: int, *, lock: bool = False) -> ApplicationRecord:
    """Return a submitted application; raises NotFound for a draft, an erased one or none."""
    record = None
    if 0 < application_id < 2**63:
        if lock:
            await work.applications.get(application_id, lock=True)
        record = await work.applications.find_submitted(application_id)
    if record is None:
        raise NotFound
    return record


async def load(work: UnitOfWork, application_id: int) -> Whole:
    """Read one application with everything about it; raises NotFound."""
    record = await found(work, application_id)
    (export,) = await work.applications.whole([record])
    people = [member.founder_id for member in export.members] or [record.founder_id]
    return Whole(
        record=record,
        export=export,
        versions=await work.applications.versions(application_id),
        events=await work.applications.events(application_id),
        questions=await work.applications.follow_ups(application_id),
        called=[name for names in (await work.people.called(people)).values() for name in names],
    )


def sheets_of(view: View, whole: Whole, version: VersionRecord | None, *, opened: bool) -> Sheets:
    """Choose how this person sees an application, on the day on which a version of it was submitted."""
    zone = view.console.services.program.timezone
    at = version.submitted_at if version is not None else whole.record.updated_at
    return Sheets(
        form=view.console.services.form,
        language=view.language,
        today=at.astimezone(zone).date(),
        mask=Open() if opened else whole.mask,
        opened=opened,
        private=view.may("application.review"),
    )


def track_labels(view: View) -> dict[str, str]:
    """Return what tracks are called in the reader's language, as the form and the program name them."""
    form = view.console.services.form
    question = form.question(TRACK) if form is not None else None
    options = question.options if question is not None else ()
    return track_names(view) | {
        one.id: form.text(one.labels, view.language) or one.id for one in options if form is not None
    }


def place(after: str) -> tuple[datetime, int] | None:
    """Read where a list goes on; None for its beginning, or for what is no place."""
    key = unpack(after, str, int)
    try:
        return (datetime.fromisoformat(key[0]).astimezone(UTC), key[1]) if key else None
    except (ValueError, OverflowError):
        return None


def key_of(line: ApplicationLine) -> tuple[str, int]:
    """The place of a line in the list."""
    at = line.application.submitted_at
    assert at is not None
    return at.isoformat(), line.application.id


def _deciding(view: View, work: UnitOfWork) -> Deciding:
    return Deciding(
        work, view.console.services.program, Reviewer(name=view.staff.name, staff_id=view.staff.id)
    )


def _done(view: View, here: str, key: str, told: bool) -> Response:
    return view.go(here, key if told else f"{key}_untold", kind="good" if told else "bad")


def _finding(view: View, finding: Finding) -> dict[str, Any]:
    form, requirement, services = view.console.services.form, finding.requirement, view.console.services
    assert form is not None
    rule = requirement.rule
    asked = [form.question(one) for one in finding.missing]
    linked = rule is not None and services.documents is not None and view.may("document.see")
    return {
        "outcome": finding.outcome,
        "hard": requirement.hard,
        "text": form.text(requirement.texts, view.language),
        "change": form.text(requirement.change, view.language) if finding.outcome == "not_met" else "",
        "missing": [form.text(one.labels or one.texts, view.language) for one in asked if one is not None],
        "rule": f"/documents/view/{view.language}/{quote(rule.document)}" if rule and linked else "",
    }
