"""Asks, at the moment of sending, whether a person has taken the conversation meanwhile."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from bot.patience import until_stored

if TYPE_CHECKING:
    from storage.database import Database


class Silence:
    """One query answers for all replies that are about to go out, however many those are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: list[tuple[int, asyncio.Future[bool]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def holds(self, outbox_id: int) -> bool:
        """Tell whether an answer of the bot must not be sent any more."""
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((outbox_id, answered))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answered

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                try:
                    held = await until_stored(partial(self._held, [number for number, _ in asked]))
                except BaseException as error:
                    for _, answered in asked:
                        if not answered.done():
                            answered.set_exception(error)
                    raise
                for number, answered in asked:
                    if not answered.done():
                        answered.set_result(number in held)
        finally:
            self._asking = None

    async def _held(self, numbers: list[int]) -> set[int]:
        async with self._database.unit_of_work(read_only=True) as work:
            return await work.outbox.held_back(numbers)
