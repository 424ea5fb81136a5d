"""Documents as they stand: the list, one document with what it is good for, the test bench, the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from bot.console.desks import document_desk, document_page
from bot.console.errors import NotFound
from bot.console.guard import allows
from bot.console.view import View
from handlers.ask import LONGEST_QUESTION, reply_of
from handlers.review.document_filters import ORIGINS, SORTS, STATES, TWINS, DocumentFilters, failures
from handlers.review.markdown import render
from handlers.review.masking import Masker
from handlers.texts import Texts
from knowledge.documents.export import to_markdown
from knowledge.errors import KnowledgeError
from knowledge.model import Answer, Document

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentPage

router = APIRouter(include_in_schema=False)
SHOWN = ("text", "passages", "twin")


@router.get("/documents")
async def list_documents(view: Annotated[View, allows("document.see")]) -> Response:
    """List every document that counts, with where it stands and what it was good for."""
    rows = await document_desk(view.console).rows()
    filters = DocumentFilters.of(view.request.query_params)
    async with view.reading() as work:
        removed = [] if filters.narrows else await work.documents.removed()
    return view.page(
        "documents/list.html",
        block="results",
        filters=filters,
        rows=filters.apply(rows),
        total=len(rows),
        # Where a file counts again in its place, it is in the list.
        removed=[one for one in removed if one.id not in {row.document.id for row in rows}],
        ending=sum(row.state == "ending" for row in rows),
        expired=sum(row.state == "expired" for row in rows),
        languages=sorted({row.document.language for row in rows}),
        choices={"state": STATES, "origin": ORIGINS, "twin": TWINS},
        sorts=SORTS,
        failures=failures,
        link=link,
    )


@router.get("/documents/view/{document_id:path}")
async def view_document(
    view: Annotated[View, allows("document.see")], document_id: str, show: str = "text"
) -> Response:
    """Show a document: as it reads, as passages or beside its twin."""
    page = await document_page(view.console, document_id)
    shown = show if show in SHOWN else "text"
    document = document_of(page)
    twin = await _twin(view, document) if document is not None else None
    async with view.reading() as work:
        names = await work.people.names_in(
            {one.conversation_id for one in page.failed} | {one.conversation_id for one in page.answered}
        )
    return view.page(
        "documents/view.html",
        id=document_id,
        page=page,
        document=document,
        show=shown,
        twin=twin,
        rendered=Markup(render(document.markdown, below=1)) if document is not None else "",  # noqa: S704
        rendered_twin=Markup(render(twin.markdown, below=1)) if twin is not None and shown == "twin" else "",  # noqa: S704
        mask=lambda one: Masker(names.get(one.conversation_id, ()))(one.question),
        link=link,
    )


@router.get("/documents/download/{document_id:path}")
async def download(
    view: Annotated[View, allows("document.see")], document_id: str, version: str = ""
) -> Response:
    """Give a document, or one of its saved versions, as a Markdown file with front matter."""
    from handlers.review.overlay import as_document

    page = await document_page(view.console, document_id)
    saved = next((one for one in page.history if str(one.version) == version), None)
    document = as_document(saved) if saved is not None else document_of(page)
    if document is None or (version and saved is None):
        raise NotFound
    text = to_markdown(document, view.console.services.program.timezone)
    name = quote(document_id.rsplit("/", 1)[-1] + ".md")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/documents/bench")
async def bench(view: Annotated[View, allows("document.see")], q: str = "", language: str = "") -> Response:
    """Ask as a founder would, without a trace."""
    question, error, answer = q.strip()[:LONGEST_QUESTION], "", None
    languages = view.console.services.program.languages
    if question:
        try:
            known = language if language in languages else None
            answer = await document_desk(view.console).bench(question, known)
        except KnowledgeError as problem:
            error = str(problem)
    return view.page(
        "documents/bench.html",
        block="answer",
        question=question,
        language=language,
        languages=languages,
        found=Found.of(view, answer) if answer is not None else None,
        error=error,
        link=link,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer and the message that a founder would get."""

    answer: Answer
    text: str
    notes: tuple[str, ...]
    buttons: tuple[str, ...]

    @classmethod
    def of(cls, view: View, answer: Answer) -> Found:
        """Put an answer into the words of the bot."""
        reply = reply_of(answer, Texts(answer.language), view.now.date())
        labels = tuple(one.label for row in reply.buttons for one in row)
        return cls(answer=answer, text=reply.text, notes=tuple(reply.notes), buttons=labels)


def document_of(page: DocumentPage) -> Document | None:
    """Return what counts of a document now."""
    return page.row.document if page.row is not None else None


def link(what: str, document_id: str) -> str:
    """Return the address of a page about a document."""
    return f"/documents/{what}/{quote(document_id)}"


async def _twin(view: View, document: Document) -> Document | None:
    if document.twin is None:
        return None
    page = await document_desk(view.console).page(document.twin)
    return document_of(page) if page is not None else None
