"""Quiet hours: when nobody wants to hear from a bot of its own accord."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

QUIET_FROM = time(22)
QUIET_TO = time(8)


def quiet_until(now: datetime, timezone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours around `now` end, in UTC; None outside of them."""
    local = now.astimezone(timezone)
    if QUIET_TO <= local.time() < QUIET_FROM:
        return None
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_TO, timezone).astimezone(now.tzinfo)
