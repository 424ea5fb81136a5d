"""What leaves as a file: exports, and files that founders sent, which no browser opens by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from bot.console.errors import Forbidden
from bot.console.view import View
from handlers.review.address import AddressFilters

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def begin_export(view: View, what: str, filters: AddressFilters, kind: str, *, unmasked: bool) -> None:
    """Write down who exports what, before the first line leaves; raises Forbidden for who may not unmask."""
    if unmasked and not view.may("conversation.unmask"):
        raise Forbidden
    async with view.writing() as work:
        await view.note(work, f"{what}.export", format=kind, filters=filters.noted, unmasked=unmasked)


def export_file(view: View, what: str, kind: str, lines: AsyncIterator[bytes]) -> Response:
    """Send an export while it is read."""
    name = f"{what}s-{view.now:%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=TYPES[kind], headers=headers)


async def content_of(view: View, sha256: str, name: str) -> Response | None:
    """Return a file as a download; None when its content is gone."""
    store = view.console.services.files
    try:
        content = await store.read(sha256) if store is not None else None
    except LookupError:
        return None
    if content is None:
        return None
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
