"""Whose token it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from bot.console.api.frame import Caller, needs, resource
from handlers.staff import PERMISSIONS
from storage.announcement_records import Role

router = resource("me")


class Me(BaseModel):
    """The owner of the token and what it may do."""

    id: int
    name: str
    role: Role
    token: str
    allowed: list[str]


@router.get("/me")
async def me(caller: Annotated[Caller, needs("account.own")]) -> Me:
    """Tell whose token this is and what it may do."""
    return Me(
        id=caller.staff.id,
        name=caller.staff.name,
        role=caller.staff.role,
        token=caller.token.name,
        allowed=[permission for permission in PERMISSIONS if caller.may(permission)],
    )
