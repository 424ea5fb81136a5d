"""Documents beside their twins: which pairs there are, and where the two say different things."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.desks import document_desk
from bot.console.errors import NotFound
from bot.console.guard import allows
from bot.console.pages.documents import link
from bot.console.view import View
from handlers.review.twin_checks import Pair, pairs_of

router = APIRouter(include_in_schema=False)


@router.get("/documents/twins")
async def twins(view: Annotated[View, allows("document.see")]) -> Response:
    """List the pairs; each looks up by itself what differs, since comparing takes a while."""
    pairs, alone = pairs_of(await document_desk(view.console).rows())
    return view.page("documents/twins.html", pairs=pairs, alone=alone, link=link)


@router.get("/documents/twins/count/{document_id:path}")
async def count(view: Annotated[View, allows("document.see")], document_id: str) -> Response:
    """Say for one pair how much differs."""
    pair = await _pair(view, document_id)
    report = await view.console.twins.compare(pair)
    return view.page("documents/twin_count.html", report=report, pair=pair, link=link)


@router.get("/documents/twins/pair/{document_id:path}")
async def differences(view: Annotated[View, allows("document.see")], document_id: str) -> Response:
    """Show what differs in one pair, with its place in both texts."""
    pair = await _pair(view, document_id)
    report = await view.console.twins.compare(pair)
    return view.page("documents/twin_pair.html", report=report, pair=pair, link=link)


async def _pair(view: View, document_id: str) -> Pair:
    pairs, _ = pairs_of(await document_desk(view.console).rows())
    found = next((pair for pair in pairs if document_id in (pair.left.id, pair.right.id)), None)
    if found is None:
        raise NotFound
    return found
