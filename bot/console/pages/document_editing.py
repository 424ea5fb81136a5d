"""Writing documents: a form with a preview, files, and what keeps a text from being saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.console.desks import document_desk, document_page
from bot.console.guard import allows
from bot.console.pages.document_trials import Change, begin, clash, panel
from bot.console.pages.documents import document_of, link
from bot.console.pages.transcript import number_of
from bot.console.view import View
from handlers.review.checks import LONGEST_BODY, LONGEST_TITLE, DocumentRefused, Problem, check
from handlers.review.drafts import Draft
from handlers.review.markdown import render
from handlers.review.overlay import as_proposed
from knowledge.documents.upload import read_upload
from knowledge.errors import UploadUnreadable
from storage.document_records import DocumentOrigin

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentPage

router = APIRouter(include_in_schema=False)
LARGEST_FILE = 20 * 1024 * 1024
LARGEST_FORM = 4 * 1024 * 1024
LONGEST_NOTE = 500
LONGEST_PROBE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The form as it is shown; `fresh` is for a document that is not there yet."""

    draft: Draft
    based_on: int = 0
    fresh: bool = False
    uploaded: bool = False
    note: str = ""
    probe: str = ""
    problems: Sequence[Problem] = field(default=())
    file_error: str = ""

    @classmethod
    def of(cls, form: Mapping[str, object]) -> Sheet:
        """Read what was sent."""
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        over = texts.get("over") or texts.get("based_on", "")
        return cls(
            draft=Draft.of(form),
            based_on=number_of(over),
            fresh=bool(texts.get("fresh")),
            uploaded=bool(texts.get("uploaded")),
            note=" ".join(texts.get("note", "").split())[:LONGEST_NOTE],
            probe=" ".join(texts.get("probe", "").split())[:LONGEST_PROBE],
        )

    def problem(self, name: str) -> Problem | None:
        """Find what is wrong with a field."""
        return next((one for one in self.problems if one.field == name), None)


@router.get("/documents/new")
async def new(view: Annotated[View, allows("document.edit")]) -> Response:
    """Show an empty form."""
    language = view.language if view.language in view.console.services.program.languages else ""
    default = language or view.console.services.program.default_language
    return await _shown(view, Sheet(draft=Draft(language=default), fresh=True))


@router.get("/documents/edit/{document_id:path}")
async def edit(view: Annotated[View, allows("document.edit")], document_id: str, q: str = "") -> Response:
    """Show a document in the form; `q` is the question to probe it with."""
    page = await document_page(view.console, document_id)
    zone = view.console.services.program.timezone
    document = document_of(page) or page.history[0].content
    draft = Draft.from_document(document, zone)
    return await _shown(view, Sheet(draft=draft, based_on=page.based_on, probe=q[:LONGEST_PROBE]))


@router.post("/documents/preview", max_body_size=LARGEST_FORM)
async def preview(view: Annotated[View, allows("document.edit")]) -> Response:
    """Show how a text will read and into how many passages it is cut."""
    draft = Draft.of(await view.request.form())
    if len(draft.markdown) > LONGEST_BODY:
        return view.page("documents/preview.html", rendered="", passages=(), too_long=True)
    proposed = as_proposed(draft.document("edited", view.console.services.program.timezone))
    passages = document_desk(view.console).library.cut(proposed)
    rendered = Markup(await asyncio.to_thread(render, draft.markdown, below=1))  # noqa: S704
    return view.page("documents/preview.html", rendered=rendered, passages=passages, too_long=False)


@router.post("/documents/upload", max_body_size=LARGEST_FILE + LARGEST_FORM)
async def upload(view: Annotated[View, allows("document.edit")]) -> Response:
    """Read a file into the form; nothing is stored."""
    file = (await view.request.form()).get("file")
    program = view.console.services.program
    empty = Sheet(draft=Draft(language=program.default_language), fresh=True)
    if not isinstance(file, UploadFile) or not file.filename:
        return await _shown(view, replace(empty, file_error=view.say("documents.file_missing")), status=422)
    data = await file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        said = view.say("documents.file_too_large", number=LARGEST_FILE >> 20)
        return await _shown(view, replace(empty, file_error=said), status=413)
    try:
        async with view.console.converting:
            document = await asyncio.to_thread(
                read_upload, file.filename, data, program.languages, program.timezone
            )
    except UploadUnreadable as error:
        said = view.texts.either(f"documents.unreadable.{error.code}", "").format(detail=error.detail)
        said = view.say("documents.file_unreadable", reason=f"{error.name}: {said}" if said else str(error))
        return await _shown(view, replace(empty, file_error=said), status=422)
    page = await document_desk(view.console).page(document.id)
    sheet = Sheet(
        draft=Draft.from_document(document, program.timezone),
        based_on=page.based_on if page is not None else 0,
        fresh=page is None,
        uploaded=True,
    )
    return await _shown(view, sheet)


@router.post("/documents/save", max_body_size=LARGEST_FORM)
async def save(view: Annotated[View, allows("document.edit")]) -> Response:
    """Try a text out and publish it; what is typed stays on the page whatever comes of it."""
    sheet = Sheet.of(await view.request.form())
    page = await document_desk(view.console).page(sheet.draft.named)
    if sheet.fresh and page is not None and (page.row is not None or page.history):
        return await _refused(view, sheet, (Problem(field="id", code="taken"),))
    try:
        content = sheet.draft.document(_origin(sheet, page), view.console.services.program.timezone)
        await asyncio.to_thread(check, content)
    except DocumentRefused as error:
        return await _refused(view, sheet, error.problems)
    change = Change(
        kind="save",
        content=content,
        by=view.staff,
        based_on=sheet.based_on,
        note=sheet.note,
        probe=sheet.probe,
    )
    if page is not None and page.based_on != sheet.based_on:
        found = await clash(view, content)
        return await _shown(view, sheet, change=change, clash=found, status=409)
    trial = begin(view, change)
    return await _shown(view, sheet, **await panel(view, trial, form=True))


async def _refused(view: View, sheet: Sheet, problems: tuple[Problem, ...]) -> Response:
    return await _shown(view, replace(sheet, problems=problems), problems=problems, status=422)


async def _shown(view: View, sheet: Sheet, *, status: int = 200, **outcome: Any) -> Response:
    """Show the form with what came of it; HTMX, which leaves the form as it is, gets that only."""
    rows = [] if view.is_partial else await document_desk(view.console).rows()
    shown: dict[str, Any] = {
        "trial": None,
        "clash": None,
        "problems": (),
        "found": (),
        "change": None,
        "form": True,
    }
    languages = view.console.services.program.languages
    return view.page(
        "documents/edit.html",
        block="outcome",
        # HTMX puts only what succeeded into the page.
        status=200 if view.is_partial else status,
        sheet=sheet,
        languages=dict.fromkeys((*languages, *filter(None, [sheet.draft.language]))),
        ids=[row.document.id for row in rows],
        limits={"title": LONGEST_TITLE, "note": LONGEST_NOTE, "probe": LONGEST_PROBE},
        largest=LARGEST_FILE >> 20,
        **{**shown, "link": link, **outcome},
    )


def _origin(sheet: Sheet, page: DocumentPage | None) -> DocumentOrigin:
    if sheet.uploaded:
        return "uploaded"
    return page.history[0].origin if page is not None and page.history else "edited"
