"""A running bot leaves a sign of life in the data folder, for container health checks and for doctor."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

EVERY = 10.0
"""Seconds between two signs of life."""

STALE = 45.0
"""Seconds without one after which the process counts as stuck: its event loop did not run."""


class Heartbeat:
    """The sign of life of this process; one file a process, so that several can share a data folder."""

    def __init__(self, data_dir: Path, *, every: float = EVERY) -> None:
        self._path = folder(data_dir) / f"{_host()}-{os.getpid()}"
        self._every = every

    def start(self) -> None:
        """Leave the first sign and remove those of processes that died here without clearing up."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for old in self._path.parent.glob(f"{_host()}-*"):
            if time.time() - old.stat().st_mtime > STALE:
                old.unlink(missing_ok=True)
        self._path.touch()

    async def keep(self) -> None:
        """Renew the sign until cancelled; a full disk stops the sign, not the bot."""
        while True:
            with suppress(OSError):
                self._path.touch()
            await asyncio.sleep(self._every)

    def stop(self) -> None:
        """Take the sign away."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def folder(data_dir: Path) -> Path:
    """Where the signs of life are."""
    return data_dir / "health"


def seconds_since_last(data_dir: Path) -> float | None:
    """How long ago a bot on this host showed life; None when none runs."""
    ages = []
    for path in folder(data_dir).glob(f"{_host()}-*"):
        with suppress(OSError):
            ages.append(time.time() - path.stat().st_mtime)
    return min(ages, default=None)


def _host() -> str:
    return socket.gethostname() or "localhost"
