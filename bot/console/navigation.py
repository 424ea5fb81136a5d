"""The menu: one line a page, shown to those who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.staff import Permission

if TYPE_CHECKING:
    from bot.console.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page in the menu; `key` names it in the texts as nav.<key>, `shortcut` is typed after g.

    `counts` shows beside it how many wait there.
    """

    key: str
    path: str
    permission: Permission
    icon: str
    shortcut: str
    counts: bool = False


ENTRIES = (
    Entry(key="home", path="/", permission="account.own", icon="house", shortcut="h"),
    Entry(
        key="conversations",
        path="/conversations",
        permission="conversation.see",
        icon="messages-square",
        shortcut="c",
    ),
    Entry(
        key="handovers",
        path="/handovers",
        permission="conversation.see",
        icon="hand",
        shortcut="w",
        counts=True,
    ),
    Entry(key="gaps", path="/gaps", permission="gap.see", icon="message-circle-question", shortcut="q"),
    Entry(key="documents", path="/documents", permission="document.see", icon="book-open", shortcut="d"),
    Entry(
        key="applications",
        path="/applications",
        permission="application.see",
        icon="file-text",
        shortcut="p",
    ),
    Entry(key="staff", path="/staff", permission="staff.see", icon="users", shortcut="s"),
    Entry(key="audit", path="/audit", permission="audit.see", icon="scroll-text", shortcut="l"),
    Entry(key="retention", path="/retention", permission="audit.see", icon="archive", shortcut="r"),
    Entry(key="api", path="/api", permission="account.own", icon="braces", shortcut="i"),
)


def sections(view: View) -> list[tuple[Entry, bool]]:
    """List what this person may see, and which of it is the present page."""
    path = view.request.url.path
    return [(entry, _is_here(entry.path, path)) for entry in ENTRIES if view.may(entry.permission)]


def _is_here(path: str, present: str) -> bool:
    return present == path if path == "/" else present == path or present.startswith(f"{path}/")
