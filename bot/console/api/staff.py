"""Staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel

from bot.console.api.frame import MAX_PAGE, NOT_FOUND, After, Caller, Id, Limit, Page, cursor, needs, resource
from bot.console.errors import NotFound
from bot.console.paging import cut
from storage.announcement_records import Role, StaffRecord

router = resource("staff")


class Person(BaseModel):
    """A member of staff."""

    id: int
    name: str
    role: Role
    language: str | None
    chat_linked: bool
    created_at: datetime
    disabled_at: datetime | None


@router.get("/staff")
async def list_staff(
    caller: Annotated[Caller, needs("staff.see")], after: After = "", limit: Limit = MAX_PAGE
) -> Page[Person]:
    """List staff in the order they were added, the disabled among them."""
    key = cursor(after, int)
    async with caller.reading() as work:
        everyone = await work.staff.everyone()
    rest = [person for person in everyone if key is None or person.id > key[0]]
    found = cut(rest[: limit + 1], lambda person: person.id, limit)
    return Page(items=[_person(one) for one in found.rows], next=found.cursor)


@router.get("/staff/{staff_id}", responses=NOT_FOUND)
async def get_person(caller: Annotated[Caller, needs("staff.see")], staff_id: Id) -> Person:
    """Show one member of staff."""
    async with caller.reading() as work:
        person = await work.staff.get(staff_id)
    if person is None:
        raise NotFound
    return _person(person)


def _person(record: StaffRecord) -> Person:
    return Person(
        id=record.id,
        name=record.name,
        role=record.role,
        language=record.language,
        chat_linked=record.founder_id is not None,
        created_at=record.created_at,
        disabled_at=record.disabled_at,
    )
