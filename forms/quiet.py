"""Quiet hours: when nobody wants to hear from a bot of its own accord; [quiet_hours] of program.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


class QuietHoursInvalid(Exception):
    """A table [quiet_hours] that cannot be understood; the message names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Hours of the day, usually over midnight; none at all when both are the same."""

    begin: time = time(22)
    end: time = time(8)

    def until(self, moment: datetime, timezone: ZoneInfo) -> datetime | None:
        """Return when the quiet hours around a moment end, in UTC; None outside of them."""
        local = moment.astimezone(timezone)
        at, day = local.time(), local.date()
        if self.begin <= self.end:
            quiet = self.begin <= at < self.end
        else:
            quiet = at >= self.begin or at < self.end
            day += timedelta(days=1 if at >= self.begin else 0)
        return datetime.combine(day, self.end, timezone).astimezone(UTC) if quiet else None


USUAL = QuietHours()


def read_quiet_hours(table: Any) -> QuietHours:
    """Read the table as TOML gives it, the usual hours without one; raises QuietHoursInvalid."""
    if table is None:
        return USUAL
    if not isinstance(table, Mapping) or set(table) != {"from", "until"}:
        raise QuietHoursInvalid(
            '[quiet_hours] must have from = "22:00" and until = "08:00", and nothing else'
        )
    return QuietHours(begin=_hour(table, "from"), end=_hour(table, "until"))


def _hour(table: Mapping[str, Any], key: str) -> time:
    value = table[key]
    try:
        found = value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        raise QuietHoursInvalid(f'quiet_hours.{key} must be a time of day, such as "22:00"') from None
    return found.replace(tzinfo=None)
