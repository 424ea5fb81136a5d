"""Applications: what was submitted, listed and read, decided on, asked about, and handed on as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.application_export import application_lines
from bot.console.application_reading import PLACE, SheetReader, Whole, found, load, masked_titles, place_of
from bot.console.downloads import TYPES, begin_export, content_of, export_file
from bot.console.errors import Conflict, NotFound
from bot.console.guard import allows
from bot.console.pages.conversations import track_names
from bot.console.pages.transcript import may_open, number_of
from bot.console.paging import PAGE, address, cut, params, unpack
from bot.console.view import Revision, Text, View
from forms.eligibility import Finding
from forms.model import TRACK
from handlers.review.application_filters import STATUSES, ApplicationFilters
from handlers.review.application_sheets import Sheets, title_question
from handlers.review.deciding import LONGEST_NOTE, LONGEST_QUESTION, SETTABLE, Deciding, Reviewer
from storage.application_records import VersionRecord
from storage.application_review import COUNTED

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = APIRouter(include_in_schema=False)


@router.get("/applications")
async def list_applications(view: Annotated[View, allows("application.see")], after: str = "") -> Response:
    """List what was submitted, the newest first; drafts are nobody's before they are handed in."""
    filters = ApplicationFilters.of(view.request.query_params)
    title = title_question(view.console.services.form)
    wanted = filters.wanted(view.console.services.program.timezone, title)
    async with view.reading() as work:
        place = unpack(after, *PLACE)
        part = cut(await work.applications.submitted(wanted, before=place, limit=PAGE + 1), place_of)
        titles = await masked_titles(work, part.rows)
        total = await work.applications.count_submitted(wanted)
        tracks = await work.applications.tracks_submitted()
    return view.page(
        "applications/list.html",
        block="results",
        filters=filters,
        lines=list(zip(part.rows, titles, strict=True)),
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
    sheets = _sheets(view, whole, shown, opened=opened)
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
    status: Text = "",
    note: Text = "",
    revision: Revision = 0,
) -> Response:
    """Decide, and tell the founder; refused when the application has changed since the page was made."""
    wanted = next((one for one in SETTABLE if one == status), None)
    here, words = f"/applications/{application_id}", note.strip()[:LONGEST_NOTE]
    if wanted is None:
        return view.go(here, "applications.no_status", kind="bad")
    async with view.writing() as work:
        record = await found(work, application_id)
        told = await _deciding(view, work).set_status(record, wanted, words, revision=revision)
    if told is None:
        raise Conflict(words)
    view.console.nudge()
    return _done(view, here, "applications.decided", told)


@router.post("/applications/{application_id}/ask")
async def ask(
    view: Annotated[View, allows("application.review")],
    application_id: int,
    question: Text = "",
    seen: Text = "",
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
        allowed = whole.files(_sheets(view, whole, whole.version(0), opened=True))
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
    query: Text = "",
    format: Text = "csv",
    unmasked: Text = "",
) -> Response:
    """Send what the filters let through, one row each."""
    kind, filters = format if format in TYPES else "csv", ApplicationFilters.of(params(query))
    await begin_export(view, "application", filters, kind, unmasked=bool(unmasked))
    form, database = view.console.services.form, view.console.services.database
    wanted = filters.wanted(view.console.services.program.timezone, title_question(form))
    lines = application_lines(database, wanted, form, kind=kind, unmasked=bool(unmasked))
    return export_file(view, "application", kind, lines)


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


def _sheets(view: View, whole: Whole, version: VersionRecord | None, *, opened: bool) -> Sheets:
    private = view.may("application.review")
    reader = SheetReader(language=view.language, private=private, opened=opened)
    return whole.sheets(view.console.services, version, reader)


def track_labels(view: View) -> dict[str, str]:
    """Return what tracks are called in the reader's language, as the form and the program name them."""
    form = view.console.services.form
    question = form.question(TRACK) if form is not None else None
    options = question.options if question is not None else ()
    return track_names(view) | {
        one.id: form.text(one.labels, view.language) or one.id for one in options if form is not None
    }
