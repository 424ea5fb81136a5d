"""Conversations as a file: exactly what the filters of the list let through."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from starlette.responses import Response, StreamingResponse

from bot.console.errors import Forbidden
from bot.console.exporting import export_lines
from bot.console.guard import allows
from bot.console.view import View
from handlers.review.filters import Filters

router = APIRouter(include_in_schema=False)
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@router.post("/conversations/export")
async def export(
    view: Annotated[View, allows("conversation.export")],
    query: Annotated[str, Form()] = "",
    format: Annotated[str, Form()] = "csv",
    unmasked: Annotated[str, Form()] = "",
) -> Response:
    """Send the file while it is read; who exported what is written down before the first line."""
    if unmasked and not view.may("conversation.unmask"):
        raise Forbidden
    kind = format if format in TYPES else "csv"
    filters = Filters.of(dict(parse_qsl(query[:4000])))
    async with view.writing() as work:
        await view.note(
            work, "conversation.export", format=kind, filters=filters.noted, unmasked=bool(unmasked)
        )
    lines = export_lines(
        view.console.services.database,
        filters.wanted(view.console.services.program.timezone, unmask=view.may("conversation.unmask")),
        as_csv=kind == "csv",
        unmasked=bool(unmasked),
    )
    name = f"conversations-{view.now:%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=TYPES[kind], headers=headers)
