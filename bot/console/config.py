"""What the console is given by the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.console.passwords import Passwords
from bot.console.trials import Trials
from handlers.review.twin_checks import TwinChecks
from handlers.turn import Services

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("zh", "en")
"""Languages of the console itself."""


class ConsoleSetupError(Exception):
    """The console cannot start; the message names the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things last, and how often signing in may be tried before a pause."""

    idle: timedelta = timedelta(hours=12)
    absolute: timedelta = timedelta(days=14)
    second_factor: timedelta = timedelta(minutes=10)
    link: timedelta = timedelta(days=3)
    window: timedelta = timedelta(minutes=15)
    tries_per_account: int = 10
    tries_per_address: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleConfig:
    """Where the console is; `url` is the address people type, without a slash at its end."""

    listen: str
    url: str
    data_dir: Path
    telegram_token: str = ""
    limits: Limits = field(default_factory=Limits)

    @property
    def secure(self) -> bool:
        """Whether people reach it by https, so that cookies may demand it."""
        return self.url.startswith("https://")

    @property
    def telegram(self) -> bool:
        """Whether staff may sign in through Telegram, which sends people back by https only."""
        return bool(self.telegram_token) and self.secure

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which it may be addressed; any other is a trick (DNS rebinding, poisoned links)."""
        listening = self.listen.rpartition(":")[0].strip("[]")
        names = {"127.0.0.1", "localhost", "::1", urlsplit(self.url).hostname or ""}
        if listening not in {"0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
            names.add(listening)
        return frozenset(names - {""})


def _nobody_waits() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Everything a page works with; lives as `app.state.console`.

    `nudge` makes the bot look into its outbox now rather than within seconds. Who holds `converting` reads
    an uploaded file: one at a time, since a PDF takes a core and much memory.
    """

    config: ConsoleConfig
    services: Services
    passwords: Passwords
    nudge: Callable[[], None] = _nobody_waits
    trials: Trials = field(default_factory=Trials)
    twins: TwinChecks = field(default_factory=TwinChecks)
    converting: asyncio.Lock = field(default_factory=asyncio.Lock)
