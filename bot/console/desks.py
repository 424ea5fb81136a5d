"""What staff work on documents and gaps with, in a process that publishes; raises NotFound in any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.console.config import Console
from bot.console.errors import NotFound

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentPage
    from handlers.review.documents import DocumentDesk
    from handlers.review.gaps import GapDesk


def document_desk(console: Console) -> DocumentDesk:
    """Return what documents are worked on with."""
    if console.services.documents is None:
        raise NotFound
    return console.services.documents


def gap_desk(console: Console) -> GapDesk:
    """Return what gaps are worked on with."""
    if console.services.gaps is None:
        raise NotFound
    return console.services.gaps


async def document_page(console: Console, document_id: str) -> DocumentPage:
    """Find a document with its history; raises NotFound for one that never was, too."""
    page = await document_desk(console).page(document_id)
    if page is None:
        raise NotFound
    return page


async def document_ids(console: Console) -> list[str]:
    """List the ids of all documents; none in a process that publishes none."""
    desk = console.services.documents
    return [row.document.id for row in await desk.rows()] if desk is not None else []
