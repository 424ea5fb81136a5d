"""Days as they are typed into filters."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def midnights(text: str, timezone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return the first moment of a day and that of the next; None for what is no day of our times."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 <= day.year < 2200:
        return None
    return datetime.combine(day, time(), timezone), datetime.combine(
        day + timedelta(days=1), time(), timezone
    )
