"""The home page: what waits for somebody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.guard import allows
from bot.console.view import View
from handlers.staff import Permission
from storage.application_records import ApplicationFilter
from storage.review_records import ConversationFilter

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A number on the home page that leads to a list; its label is home.<key> in the texts."""

    key: str
    path: str
    permission: Permission
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Waiting):
    """One that the database counts."""

    count: Callable[[UnitOfWork], Awaitable[int]]


async def _unreviewed(work: UnitOfWork) -> int:
    return await work.reviews.count(ConversationFilter(unreviewed=True)) or 0


async def _unanswered(work: UnitOfWork) -> int:
    return await work.reviews.count(ConversationFilter(unreviewed=True, unanswered=True)) or 0


async def _submitted(work: UnitOfWork) -> int:
    return await work.applications.count_submitted(ApplicationFilter(status="submitted"))


async def _waiting(work: UnitOfWork) -> int:
    return sum(one.handover.asked_at is not None for one in await work.handovers.queue())


WAITING: tuple[Counted, ...] = (
    Counted(key="handovers", path="/handovers", permission="conversation.see", icon="hand", count=_waiting),
    Counted(
        key="unanswered",
        path="/conversations?unanswered=1&unreviewed=1",
        permission="conversation.see",
        icon="message-circle-question",
        count=_unanswered,
    ),
    Counted(
        key="unreviewed",
        path="/conversations?unreviewed=1",
        permission="conversation.see",
        icon="messages-square",
        count=_unreviewed,
    ),
    Counted(
        key="applications",
        path="/applications?status=submitted",
        permission="application.see",
        icon="file-text",
        count=_submitted,
    ),
)

ENDING = Waiting(
    key="documents",
    path="/documents?state=ending&sort=ends",
    permission="document.see",
    icon="calendar",
)


@router.get("/")
async def home(view: Annotated[View, allows("account.own")]) -> Response:
    """Show what waits, to those who may see it."""
    async with view.reading() as work:
        numbers: list[tuple[Waiting, int]] = [
            (one, await one.count(work)) for one in WAITING if view.may(one.permission)
        ]
    documents = view.console.services.documents
    if documents is not None and view.may(ENDING.permission):
        numbers.append((ENDING, len(await documents.ending())))
    return view.page("home.html", numbers=numbers)


@router.get("/waiting")
async def waiting(view: Annotated[View, allows("conversation.see")]) -> Response:
    """Count who waits for a person, for the menu of every page."""
    async with view.reading() as work:
        number = await _waiting(work)
    return view.page("waiting.html", number=number)
