"""The audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from bot.console.api.frame import After, Caller, Limit, Page, cursor, needs, resource
from bot.console.paging import PAGE, cut

router = resource("audit")


class Entry(BaseModel):
    """One action of staff."""

    id: int
    at: datetime
    staff_id: int | None
    actor: str
    action: str
    object_kind: str | None
    object_id: int | None
    details: Mapping[str, Any]


@router.get("/audit")
async def list_entries(
    caller: Annotated[Caller, needs("audit.see")],
    staff_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    after: After = "",
    limit: Limit = PAGE,
) -> Page[Entry]:
    """List what staff did, newest first."""
    key = cursor(after, int)
    async with caller.reading() as work:
        entries = await work.audit.entries(
            staff_id=staff_id, action=action, before_id=key[0] if key else None, limit=limit + 1
        )
    found = cut(entries, lambda entry: entry.id, limit)
    items = [Entry.model_validate(entry, from_attributes=True) for entry in found.rows]
    return Page(items=items, next=found.cursor)
