"""The audit log: who of staff did what, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.guard import allows
from bot.console.paging import PAGE, address, cut, unpack
from bot.console.view import View

router = APIRouter(include_in_schema=False)


@router.get("/audit")
async def audit_log(
    view: Annotated[View, allows("audit.see")], person: str = "", action: str = "", after: str = ""
) -> Response:
    """List entries newest first, of one person or one action where asked."""
    key = unpack(after, int)
    async with view.reading() as work:
        entries = await work.audit.entries(
            staff_id=int(person) if person.isdecimal() and len(person) < 10 else None,
            action=action or None,
            before_id=key[0] if key else None,
            limit=PAGE + 1,
        )
        people = await work.staff.everyone()
        actions = await work.audit.actions()
    entry_slice = cut(entries, lambda entry: entry.id)
    return view.page(
        "audit.html",
        block="entries",
        entries=entry_slice.rows,
        more=address(view.request, after=entry_slice.cursor) if entry_slice.cursor else "",
        people={str(one.id): one.name for one in people},
        actions=actions,
        person=person,
        action=action,
    )
