"""This process among others on one database: alive while it says so, and replaced when it does not."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.database import Database

BEAT_SECONDS = 2.0
DEAD_SECONDS = 12.0
"""A worker that was silent for so long is dead; a pause this long happens to no healthy process."""


def new_worker_id() -> str:
    """Name this process so that its successor on the same machine can tell that it is gone."""
    return f"{_place()}/{os.getpid()}/{secrets.token_hex(4)}"


class Membership:
    """One worker's entry in the table of workers."""

    def __init__(
        self, database: Database, worker: str, kinds: tuple[str, ...], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._worker = worker
        self._kinds = kinds
        self._clock = clock

    @property
    def dead_before(self) -> datetime:
        """The moment since which the living have said so."""
        return self._clock() - timedelta(seconds=DEAD_SECONDS)

    async def join(self) -> bool:
        """Enter, strike out what died on this machine, and tell whether others serve the same channels."""
        async with self._database.unit_of_work() as work:
            await work.workers.register(self._worker, ",".join(self._kinds))
            for other in await work.workers.live(self.dead_before):
                if other.id != self._worker and is_dead(other.id):
                    await work.workers.remove(other.id)
        return await self.beat()

    async def beat(self) -> bool:
        """Say that this worker lives, and tell whether other living ones serve the same channels."""
        async with self._database.unit_of_work() as work:
            if not await work.workers.beat(self._worker, self._clock()):
                await work.workers.register(self._worker, ",".join(self._kinds))
            live = await work.workers.live(self.dead_before)
        others = (other for other in live if other.id != self._worker)
        return any(set(other.kind.split(",")) & set(self._kinds) for other in others)

    async def leave(self) -> None:
        """Strike this worker out, so that another may take over at once."""
        async with self._database.unit_of_work() as work:
            await work.workers.remove(self._worker)


def is_dead(worker: str) -> bool:
    """Tell whether a worker of this very machine is gone; of another machine nothing is known."""
    place, _, rest = worker.partition("/")
    process, _, _ = rest.partition("/")
    if place != _place() or not process.isdigit():
        return False
    if int(process) == os.getpid():
        return True  # the number of this process with another token: an earlier life of it
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _place() -> str:
    """Name the machine and, in containers, the space in which process numbers mean something."""
    space = ""
    with contextlib.suppress(OSError):
        space = os.readlink("/proc/self/ns/pid").removeprefix("pid:")
    return (socket.gethostname() + space).replace("/", "_")
