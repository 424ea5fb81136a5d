"""What each role of staff may do: one table for the chat, the console and the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

from storage.announcement_records import Role

if TYPE_CHECKING:
    from storage.database import UnitOfWork

Permission = Literal[
    "account.own",
    "announcement.see",
    "announcement.send",
    "announcement.write",
    "application.review",
    "application.see",
    "audit.see",
    "conversation.annotate",
    "conversation.export",
    "conversation.see",
    "conversation.unmask",
    "document.edit",
    "document.force",
    "document.see",
    "gap.close",
    "gap.see",
    "handover.take",
    "staff.manage",
    "staff.see",
]
"""What can be allowed, as noun.verb; `account.own`, one's own account, is what everybody has."""

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
ROLES: tuple[Role, ...] = get_args(Role)

_VIEWER: frozenset[Permission] = frozenset(
    {
        "account.own",
        "announcement.see",
        "application.see",
        "conversation.see",
        "document.see",
        "gap.see",
        "staff.see",
    }
)
_REVIEWER: frozenset[Permission] = _VIEWER | {
    "application.review",
    "conversation.annotate",
    "conversation.export",
    "handover.take",
}
_EDITOR: frozenset[Permission] = _REVIEWER | {
    "announcement.send",
    "announcement.write",
    "conversation.unmask",
    "document.edit",
    "gap.close",
}
GRANTED: Mapping[Role, frozenset[Permission]] = {
    "viewer": _VIEWER,
    "reviewer": _REVIEWER,
    "editor": _EDITOR,
    "owner": frozenset(PERMISSIONS),
}
"""Each role includes the one before it; only an owner manages staff and reads the audit log."""


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a role allows something."""
    return permission in GRANTED[role]


async def disable_all(work: UnitOfWork, staff_id: int) -> None:
    """Take every right away in one unit of work: chat account, codes, sessions, links and tokens."""
    await work.staff.disable(staff_id)
    await work.codes.withdraw(staff_id)
    await work.sessions.end_all(staff_id)
    await work.one_time_links.revoke(staff_id)
    await work.api_tokens.revoke_all(staff_id)
