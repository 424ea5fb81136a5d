"""Files that founders sent, handed on so that no browser opens them by itself."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from bot.console.view import View


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
