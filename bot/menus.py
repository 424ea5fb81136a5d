"""Gives staff the menu of their own commands in their chats, and takes it away with their rights."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from bot.lanes import where
from handlers.staff import may
from handlers.staff_rights import COMMANDS
from handlers.texts import Texts

if TYPE_CHECKING:
    from storage.announcement_records import Role
    from storage.database import Database

logger = logging.getLogger(__name__)
MENU = ("start", "apply", "draft", "status", "topics", "help", "language", "privacy", "human")
"""The commands that chat networks offer everybody in a menu; the others are named where they are needed."""
_LOOK_AGAIN = 2.0
_AFTER_TROUBLE = 60.0


class MenuKeeper(Protocol):
    """A channel with menus."""

    @property
    def name(self) -> str:
        """The word in the database."""
        ...

    async def set_menu(self, chat: str, menu: Mapping[str, str]) -> None:
        """Offer these commands with their hints in one chat; without any, those of everybody."""
        ...


def common_menu(language: str) -> dict[str, str]:
    """What everybody is offered, with hints."""
    say = Texts(language)
    return {name: say(f"menu.{name}") for name in MENU}


def staff_menu(role: Role, language: str) -> dict[str, str]:
    """What staff are offered: the commands of their role first."""
    say = Texts(language)
    own = {name: say(f"team.can.{name}") for name, need in COMMANDS if may(role, need)}
    return own | common_menu(language)


class StaffMenus:
    """Compares what the chats of staff should offer with what they were given, wherever rights changed."""

    def __init__(
        self, database: Database, channel: MenuKeeper, language: str, clock: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._channel = channel
        self._language = language
        self._clock = clock
        self._not_before: dict[str, float] = {}

    async def keep(self) -> None:
        """Look again and again until canceled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                logger.warning("menus of staff: %s (%s)", type(error).__name__, where(error))
            await asyncio.sleep(_LOOK_AGAIN)

    async def look(self) -> None:
        """Set and take away what differs; what the network does not take is tried again in a minute."""
        async with self._database.unit_of_work(read_only=True) as work:
            people = await work.staff.chats(self._channel.name)
            given = await work.staff.menus(self._channel.name)
        wanted: dict[str, tuple[Role, str]] = {
            chat: (member.role, member.language or self._language) for chat, member in people
        }
        for chat in wanted.keys() | given.keys():
            shown = ":".join(wanted[chat]) if chat in wanted else None
            if shown == given.get(chat) or self._clock() < self._not_before.get(chat, 0.0):
                continue
            self._not_before[chat] = self._clock() + _AFTER_TROUBLE
            await self._channel.set_menu(chat, staff_menu(*wanted[chat]) if chat in wanted else {})
            async with self._database.unit_of_work() as work:
                await work.staff.note_menu(self._channel.name, chat, shown)
            del self._not_before[chat]
