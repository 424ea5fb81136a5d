"""When people of the program are at their desks: [office_hours] of program.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD = 60


class OfficeHoursInvalid(Exception):
    """A table [office_hours] that cannot be understood; the message names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """Days of the week (0 is Monday), hours of the day in the program's zone, and days off."""

    days: frozenset[int]
    opens: time
    closes: time
    closed: frozenset[date]
    timezone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        """Tell whether somebody is there."""
        here = now.astimezone(self.timezone)
        return self._works(here.date()) and self.opens <= here.time() < self.closes

    def open_since(self, now: datetime) -> datetime | None:
        """Return when the present hours began; None outside of them."""
        if not self.is_open(now):
            return None
        here = now.astimezone(self.timezone)
        return datetime.combine(here.date(), self.opens, self.timezone)

    def next_opening(self, now: datetime) -> datetime | None:
        """Return when somebody is there again; None when no day for two months is a working day."""
        here = now.astimezone(self.timezone)
        for ahead in range(_LOOK_AHEAD):
            day = here.date() + timedelta(days=ahead)
            opening = datetime.combine(day, self.opens, self.timezone)
            if self._works(day) and opening > here:
                return opening
        return None

    def _works(self, day: date) -> bool:
        return day.weekday() in self.days and day not in self.closed


def read_office_hours(table: Any, timezone: ZoneInfo) -> OfficeHours | None:
    """Read the table as TOML gives it; raises OfficeHoursInvalid that says what to write instead."""
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise OfficeHoursInvalid(
            '[office_hours] must be a table with days = ["mon", …] and hours = "09:30-18:00"'
        )
    days = table.get("days")
    if not isinstance(days, list) or not days or any(day not in DAYS for day in days):
        raise OfficeHoursInvalid(f"office_hours.days must list some of {', '.join(DAYS)}")
    start, _, end = str(table.get("hours", "")).partition("-")
    try:
        opens, closes = time.fromisoformat(start.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise OfficeHoursInvalid('office_hours.hours must be like "09:30-18:00"') from None
    if opens >= closes:
        raise OfficeHoursInvalid("office_hours.hours must begin before they end")
    off = table.get("closed", [])
    if not isinstance(off, list) or not all(type(day) is date for day in off):
        raise OfficeHoursInvalid("office_hours.closed must list dates, e.g. [2027-02-17]")
    return OfficeHours(
        days=frozenset(DAYS.index(day) for day in days),
        opens=opens,
        closes=closes,
        closed=frozenset(off),
        timezone=timezone,
    )
