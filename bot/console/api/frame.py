"""What all resources of the API share: tokens with scopes, pages of a list, problems."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.console.config import Console
from bot.console.errors import Forbidden, NotSignedIn
from bot.console.paging import unpack
from handlers.staff import Permission, may
from storage.announcement_records import StaffRecord
from storage.console_records import TokenRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

T = TypeVar("T")
PREFIX = "/api/v1"
MAX_PAGE = 200

Id = Annotated[int, Path(ge=1, lt=2**63)]
"""The number of a row in a path."""

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most.")]
After = Annotated[
    str, Query(max_length=1000, description="`next` of the page before; leave it out for the first.")
]

_bearer = HTTPBearer(
    auto_error=False, description="A token from your account page or `founder-bot staff token`."
)


class Wrong(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    what: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[Wrong] | None = None


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` is what to send as `after` for the following part, null on the last."""

    items: list[T]
    next: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name a page of something in the description of the API."""
        return f"{params[0].__name__}Page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose token it is and what can be worked with."""

    console: Console
    staff: StaffRecord
    token: TokenRecord

    def may(self, permission: Permission) -> bool:
        """Tell whether role and scopes allow something."""
        return may(self.staff.role, permission) and (
            permission == "account.own" or permission in self.token.scopes
        )

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a short unit of work that reads."""
        return self.console.services.database.unit_of_work(read_only=True)

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a short unit of work that writes."""
        return self.console.services.database.unit_of_work()

    async def note(
        self, work: UnitOfWork, action: str, about: tuple[str, int] | None = None, **details: Any
    ) -> None:
        """Write an action into the audit log, with the token that did it."""
        await work.audit.note(
            action,
            actor=self.staff.name,
            staff_id=self.staff.id,
            about=about,
            details={"token": self.token.name, **details},
        )


class TokenGuard:
    """The one dependency of every route of the API."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(
        self,
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        """Return the caller; raises NotSignedIn or Forbidden, which become problems."""
        if credentials is None:
            raise NotSignedIn
        console: Console = request.app.state.console
        database = console.services.database
        async with database.unit_of_work(read_only=True) as work:
            found = await work.api_tokens.find(credentials.credentials)
            stale = found is not None and work.api_tokens.is_stale(found[0])
        if found is None:
            raise NotSignedIn
        token, staff = found
        if stale:
            async with database.unit_of_work() as work:
                await work.api_tokens.touch(token.id)
        caller = Caller(console=console, staff=staff, token=token)
        if not caller.may(self.permission):
            raise Forbidden
        return caller


def needs(permission: Permission) -> Any:
    """Demand a permission of the role and a scope of the token: `caller: Annotated[Caller, needs(…)]`."""
    return Depends(TokenGuard(permission))


def _problem(description: str) -> dict[str, Any]:
    return {
        "model": Problem,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "description": description,
    }


def resource(name: str) -> APIRouter:
    """Make the router of a resource; its paths begin with /api/v1."""
    answers: dict[int | str, dict[str, Any]] = {
        400: _problem("The body cannot be read: it is not UTF-8."),
        401: _problem("The token is missing, wrong, expired or revoked."),
        403: _problem("The role or the token's scopes do not allow this."),
        422: _problem("Something in the request is not right; `errors` says what."),
    }
    return APIRouter(prefix=PREFIX, tags=[name], responses=answers)


NOT_FOUND: dict[int | str, dict[str, Any]] = {404: _problem("There is no such thing.")}
"""For routes that name one object: `responses=NOT_FOUND`."""

CONFLICT: dict[int | str, dict[str, Any]] = {409: _problem("It was changed meanwhile; nothing was done.")}
"""For routes that change something that others may change too."""


def cursor(after: str, *kinds: type) -> tuple[Any, ...] | None:
    """Read where to go on; a cursor that was not given out by us is refused."""
    if not after:
        return None
    found = unpack(after, *kinds)
    if found is None:
        raise HTTPException(422, "after: send the `next` of a page, unchanged")
    return found
