"""When a track can be applied for, and when a draft is remembered; moments are in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from forms.model import FormTrack, Window
from forms.quiet import USUAL, QuietHours

Phase = Literal["open", "before", "grace", "late", "over"]
Kind = Literal["idle", "three_days", "one_day"]

_IDLE = timedelta(days=2)
_DAYS: tuple[tuple[Kind, int], ...] = (("three_days", 3), ("one_day", 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a track stands at a moment; `opens` and `closes` are those of `window`.

    `window` is the one that is open, in its grace, or was closed last; before the first one, that one. What
    founders hear of is `closes`: the grace is kept to ourselves. After it, a track that takes late ones has
    them count for `next_window` ("late"); any other waits ("before"), or is "over".
    """

    phase: Phase
    window: Window | None = None
    next_window: Window | None = None

    @property
    def opens(self) -> datetime | None:
        """When the window opens; None for one without a beginning."""
        return self.window.opens if self.window else None

    @property
    def closes(self) -> datetime | None:
        """When the window closes, as founders are told; None for one without an end."""
        return self.window.closes if self.window else None


def standing(track: FormTrack, now: datetime) -> Standing:
    """How the track stands at `now`."""
    if not track.windows:
        return Standing(phase="open")
    begun = [window for window in track.windows if window.opens is None or window.opens <= now]
    coming = track.windows[len(begun) :]
    following = coming[0] if coming else None
    if not begun:
        return Standing(phase="before", window=following, next_window=following)
    last = begun[-1]
    if last.closes is None or now <= last.closes:
        return Standing(phase="open", window=last, next_window=following)
    if now <= last.closes + track.grace:
        return Standing(phase="grace", window=last, next_window=following)
    if following is None:
        return Standing(phase="over", window=last)
    if track.late == "next_window":
        return Standing(phase="late", window=last, next_window=following)
    return Standing(phase="before", window=following, next_window=following)


def accepts(track: FormTrack, now: datetime) -> bool:
    """Whether an application may be submitted at `now`."""
    return standing(track, now).phase in ("open", "grace", "late")


def deadline(track: FormTrack, now: datetime) -> datetime | None:
    """The closing time to tell a founder: of this window, even in its grace, else of the next one, if any."""
    at = standing(track, now)
    if at.phase == "over":
        return None
    window = at.next_window if at.phase == "late" else at.window
    return window.closes if window else None


def reminders(
    track: FormTrack | None,
    started_at: datetime,
    updated_at: datetime,
    now: datetime,
    *,
    timezone: ZoneInfo,
    quiet: QuietHours = USUAL,
) -> list[tuple[Kind, datetime]]:
    """The reminders of a draft with the moment each is due, soonest first; some may be due already.

    A draft that was begun after a moment is not reminded of it, nothing is said once the deadline is past,
    the last one due makes those before it needless, and never do two come within a day.
    """
    found: list[tuple[Kind, datetime]] = []
    if track and standing(track, now).phase in ("grace", "over"):
        return found
    end = deadline(track, now) if track else None
    if end is not None and now < end:
        for kind, days in _DAYS:
            due = _waking(_days_before(end, days, timezone), quiet, timezone)
            if started_at < due < end:
                found.append((kind, due))
    past = [entry for entry in found if entry[1] <= now]
    found = past[-1:] + [entry for entry in found if entry[1] > now]
    idle = _waking(updated_at + _IDLE, quiet, timezone)
    in_time = end is None or idle < end
    if in_time and all(abs(due - idle) >= timedelta(days=1) for _, due in found):
        found.append(("idle", idle))
    return sorted(found, key=lambda entry: entry[1])


def _days_before(end: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time of day some days earlier, also when clocks change in between."""
    return (end.astimezone(zone) - timedelta(days=days)).astimezone(UTC)


def _waking(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into."""
    return quiet.until(moment, zone) or moment
