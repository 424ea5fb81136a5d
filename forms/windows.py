"""Windows of a track: local times of the program become moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from forms.model import Window
from forms.problems import Problems


def read_windows(
    pairs: Sequence[tuple[datetime | None, datetime | None]], zone: ZoneInfo, place: str, problems: Problems
) -> tuple[Window, ...]:
    """The windows in UTC, in order; notes times that do not exist, the wrong order and overlaps."""
    windows = []
    for number, (opens, closes) in enumerate(pairs, 1):
        where = f"windows {number}"
        window = Window(
            opens=_moment(opens, zone, 0, f"{where}, opens", place, problems),
            closes=_moment(closes, zone, 1, f"{where}, closes", place, problems),
        )
        if window.opens and window.closes and window.opens >= window.closes:
            problems.add(place, f"{where}: closes must be later than opens")
            continue
        windows.append(window)
    windows.sort(key=lambda window: window.opens or datetime.min.replace(tzinfo=UTC))
    for before, after in pairwise(windows):
        if before.closes is None or after.opens is None or before.closes > after.opens:
            problems.add(place, "windows overlap: let each open when the one before it has closed")
            break
    return tuple(windows)


def _moment(
    local: datetime | None, zone: ZoneInfo, fold: int, where: str, place: str, problems: Problems
) -> datetime | None:
    """The moment of a local time; of the two in the hour that is repeated in autumn, the longer window's."""
    if local is None:
        return None
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        problems.add(place, f"{where}: {local} does not exist in {zone.key}, clocks go forward then")
    return moment
