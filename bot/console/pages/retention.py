"""What was removed because it was too old, night by night."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.guard import allows
from bot.console.view import View

router = APIRouter(include_in_schema=False)


@router.get("/retention")
async def retention(view: Annotated[View, allows("audit.see")]) -> Response:
    """List the latest runs."""
    async with view.reading() as work:
        runs = await work.retention.latest()
    return view.page("retention.html", runs=runs)
