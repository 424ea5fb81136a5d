"""Moments as people read them: how long ago, and exactly, in the program's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.console.texts import Wording

_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60))
_LONG = timedelta(days=30)


def exact(moment: datetime, timezone: ZoneInfo) -> str:
    """Return date, time and zone."""
    return f"{moment.astimezone(timezone):%Y-%m-%d %H:%M:%S %Z}"


def minute(moment: datetime, timezone: ZoneInfo) -> str:
    """Return day and minute, as the program's clock shows them."""
    return f"{moment.astimezone(timezone):%Y-%m-%d %H:%M}"


def ago(moment: datetime, now: datetime, texts: Wording) -> str:
    """Return how far a moment is away, in the largest unit that fits; its own date when it is far."""
    distance = abs(now - moment)
    if distance > _LONG:
        return f"{moment:%Y-%m-%d}"
    direction = "ago" if moment <= now else "ahead"
    seconds = int(distance.total_seconds())
    for unit, size in _UNITS:
        if seconds >= size:
            return plural(texts, f"time.{unit}_{direction}", seconds // size)
    return texts("time.now")


def span(length: timedelta, texts: Wording) -> str:
    """Return a length of time, such as how long somebody waits."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in _UNITS:
        if seconds >= size:
            return plural(texts, f"time.{unit}", seconds // size)
    return texts("time.under_a_minute")


def plural(texts: Wording, key: str, number: int) -> str:
    """Return a sentence about a number; `key`_one is for exactly one, where there is such a text."""
    one = f"{key}_one"
    return texts(one if number == 1 and one in texts else key, number=number)
