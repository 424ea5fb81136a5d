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
    count: Callable[[UnitOfWork], Awaitable[int]]


async def _unreviewed(work: UnitOfWork) -> int:
    return await work.reviews.count(ConversationFilter(unreviewed=True)) or 0


async def _unanswered(work: UnitOfWork) -> int:
    return await work.reviews.count(ConversationFilter(unreviewed=True, unanswered=True)) or 0


async def _waiting(work: UnitOfWork) -> int:
    return sum(one.handover.asked_at is not None for one in await work.handovers.queue())


WAITING: tuple[Waiting, ...] = (
    Waiting(key="handovers", path="/handovers", permission="conversation.see", icon="hand", count=_waiting),
    Waiting(
        key="unanswered",
        path="/conversations?unanswered=1&unreviewed=1",
        permission="conversation.see",
        icon="message-circle-question",
        count=_unanswered,
    ),
    Waiting(
        key="unreviewed",
        path="/conversations?unreviewed=1",
        permission="conversation.see",
        icon="messages-square",
        count=_unreviewed,
    ),
)


@router.get("/")
async def home(view: Annotated[View, allows("account.own")]) -> Response:
    """Show what waits, to those who may see it."""
    async with view.reading() as work:
        numbers = [(one, await one.count(work)) for one in WAITING if view.may(one.permission)]
    return view.page("home.html", numbers=numbers)


@router.get("/waiting")
async def waiting(view: Annotated[View, allows("conversation.see")]) -> Response:
    """Count who waits for a person, for the menu of every page."""
    async with view.reading() as work:
        number = await _waiting(work)
    return view.page("waiting.html", number=number)
