"""Who of staff may do what in a chat; for everybody else their routes do not exist."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.route import OfKind
from handlers.staff import Permission, may
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.announcement_records import StaffRecord
    from storage.database import UnitOfWork

Handler = Callable[[Turn], Awaitable[Result]]
COMMANDS: tuple[tuple[str, Permission], ...] = (
    ("announce", "announcement.write"),
    ("announcements", "announcement.see"),
    ("handovers", "handover.take"),
    ("staff", "account.own"),
)
"""What staff can do in a chat, and who may; their sentences are "team.can.<command>"."""


def at_desk(handle: Handler) -> Handler:
    """Speak the language staff read, whatever language the announcement is in that they write."""

    async def handled(turn: Turn) -> Result:
        language = turn.chosen or (turn.staff.language if turn.staff else None)
        return await handle(replace(turn, language=language) if language else turn)

    return handled


def allowed(turn: Turn, permission: Permission) -> bool:
    """Tell whether the person who writes is staff and may do this."""
    return turn.staff is not None and may(turn.staff.role, permission)


def for_staff(permission: Permission, matches: Callable[[Turn], bool]) -> Callable[[Turn], bool]:
    """Match only for staff who may."""

    def holds(turn: Turn) -> bool:
        return allowed(turn, permission) and matches(turn)

    return OfKind(matches.kinds, holds) if isinstance(matches, OfKind) else holds


async def still_allowed(work: UnitOfWork, turn: Turn, permission: Permission) -> StaffRecord | None:
    """Look again, inside the unit of work that acts, who writes and whether they still may."""
    member = await work.staff.by_founder(turn.founder_id)
    return member if member is not None and may(member.role, permission) else None


def command_lines(turn: Turn, member: StaffRecord) -> list[str]:
    """The commands of a member of staff, a line each."""
    return [f"/{name} – {turn.say(f'team.can.{name}')}" for name, need in COMMANDS if may(member.role, need)]


def help_lines(turn: Turn) -> str:
    """What staff can do here, for /help; "" for founders."""
    if turn.staff is None:
        return ""
    return "\n".join((turn.say("team.help"), *command_lines(turn, turn.staff)))
