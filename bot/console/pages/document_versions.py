"""The versions of a document: who saved what and when, what differs, bringing one back, taking it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.desks import document_page
from bot.console.errors import NotFound
from bot.console.guard import allows
from bot.console.pages.document_trials import Change, begin
from bot.console.pages.documents import link
from bot.console.pages.transcript import number_of
from bot.console.view import Text, View
from handlers.review.differences import compare
from handlers.review.overlay import as_document
from knowledge.documents.export import to_markdown

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentPage
    from storage.document_records import DocumentRecord

router = APIRouter(include_in_schema=False)
FOLDER = "folder"


@router.get("/documents/versions/{document_id:path}")
async def versions(
    view: Annotated[View, allows("document.see")], document_id: str, a: str = "", b: str = ""
) -> Response:
    """List the versions, and compare two of them; "folder" is the file below them."""
    page = await document_page(view.console, document_id)
    texts = [_text(view, page, one) for one in (a, b)] if a and b else []
    lines = None if not texts else compare(texts[0], texts[1])
    return view.page(
        "documents/versions.html", id=document_id, page=page, a=a, b=b, lines=lines, folder=FOLDER, link=link
    )


@router.post("/documents/restore/{document_id:path}")
async def restore(
    view: Annotated[View, allows("document.edit")],
    document_id: str,
    version: Text = "",
    based_on: Text = "",
) -> Response:
    """Save what an old version said as a new one."""
    page = await document_page(view.console, document_id)
    old = _saved(page, version)
    change = Change(
        kind="restore", content=old.content, by=view.staff, based_on=number_of(based_on), restored=old.version
    )
    return view.go(f"/documents/trials/{begin(view, change).key}")


@router.post("/documents/remove/{document_id:path}")
async def remove(
    view: Annotated[View, allows("document.edit")],
    document_id: str,
    based_on: Text = "",
) -> Response:
    """Take away what staff have written; the folder's file of that name, if any, counts again."""
    page = await document_page(view.console, document_id)
    if page.row is None or page.row.saved is None:
        raise NotFound
    change = Change(
        kind="remove", content=page.row.saved.content, by=view.staff, based_on=number_of(based_on)
    )
    return view.go(f"/documents/trials/{begin(view, change).key}")


def _saved(page: DocumentPage, version: str) -> DocumentRecord:
    found = next((one for one in page.history if str(one.version) == version), None)
    if found is None:
        raise NotFound
    return found


def _text(view: View, page: DocumentPage, version: str) -> str:
    document = page.file if version == FOLDER else as_document(_saved(page, version))
    if document is None:
        raise NotFound
    return to_markdown(document, view.console.services.program.timezone)
