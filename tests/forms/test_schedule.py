from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from forms.model import FormTrack, Window
from forms.schedule import accepts, deadline, reminders, standing
from tests.forms.conftest import SHANGHAI

BERLIN = ZoneInfo("Europe/Berlin")


def utc(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


SPRING = Window(opens=utc(3, 1), closes=utc(3, 31))
AUTUMN = Window(opens=utc(9, 1), closes=utc(9, 30))
LATE = FormTrack(id="a", windows=(SPRING, AUTUMN), grace=timedelta(minutes=30), late="next_window")
STRICT = FormTrack(id="a", windows=(SPRING, AUTUMN), grace=timedelta(minutes=30))


@pytest.mark.parametrize(
    ("now", "late", "strict"),
    [
        (utc(2, 1), "before", "before"),
        (utc(3, 1), "open", "open"),
        (utc(3, 31), "open", "open"),
        (utc(3, 31, 12, 1), "grace", "grace"),
        (utc(3, 31, 12, 30), "grace", "grace"),
        (utc(3, 31, 12, 31), "late", "before"),
        (utc(9, 1), "open", "open"),
        (utc(9, 30, 12, 31), "over", "over"),
    ],
)
def test_how_a_track_stands(now: datetime, late: str, strict: str) -> None:
    assert standing(LATE, now).phase == late
    assert standing(STRICT, now).phase == strict
    assert accepts(LATE, now) == (late in ("open", "grace", "late"))
    assert accepts(STRICT, now) == (strict in ("open", "grace"))


def test_a_track_without_windows_is_always_open() -> None:
    always = FormTrack(id="a")
    assert standing(always, utc(1, 1)).phase == "open"
    assert deadline(always, utc(1, 1)) is None


def test_the_deadline_never_shows_the_grace() -> None:
    assert deadline(STRICT, utc(2, 1)) == SPRING.closes
    assert deadline(STRICT, utc(3, 31, 12, 20)) == SPRING.closes
    assert deadline(STRICT, utc(4, 1)) == deadline(LATE, utc(4, 1)) == AUTUMN.closes
    assert deadline(LATE, utc(12, 1)) is None
    assert standing(LATE, utc(4, 1)).next_window == AUTUMN
    assert standing(LATE, utc(3, 31, 12, 20)).closes == SPRING.closes


def test_a_window_without_an_end_stays_open() -> None:
    track = FormTrack(id="a", windows=(Window(opens=utc(3, 1)),))
    assert standing(track, utc(2, 1)).phase == "before"
    assert standing(track, utc(12, 1)).phase == "open"


def test_reminders_of_an_idle_draft_and_of_its_deadline() -> None:
    found = reminders(STRICT, utc(3, 2), utc(3, 2), utc(3, 2), timezone=SHANGHAI)
    assert found == [("idle", utc(3, 4)), ("three_days", utc(3, 28)), ("one_day", utc(3, 30))]


def test_quiet_hours_move_a_reminder_to_eight_in_the_morning() -> None:
    for hour, due in ((13, utc(3, 4, 13)), (14, utc(3, 5, 0)), (20, utc(3, 5, 0)), (23, utc(3, 5, 0))):
        found = dict(reminders(None, utc(3, 2), utc(3, 2, hour), utc(3, 2), timezone=SHANGHAI))
        assert found == {"idle": due}


def test_a_day_before_is_the_same_time_of_day_when_clocks_change() -> None:
    track = FormTrack(id="a", windows=(Window(closes=datetime(2027, 3, 28, 18, tzinfo=BERLIN)),))
    found = dict(reminders(track, utc(3, 1), utc(3, 1), utc(3, 1), timezone=BERLIN))
    assert found["one_day"].astimezone(BERLIN).hour == found["three_days"].astimezone(BERLIN).hour == 18
    assert found["one_day"].utcoffset() == timedelta(0)


def test_reminders_that_make_no_sense_are_left_out() -> None:
    def kinds(started: datetime, updated: datetime, now: datetime) -> list[str]:
        return [kind for kind, _ in reminders(STRICT, started, updated, now, timezone=SHANGHAI)]

    assert kinds(utc(3, 29), utc(3, 29, 18), utc(3, 29, 18)) == ["one_day"]
    assert kinds(utc(3, 2), utc(3, 26), utc(3, 26)) == ["three_days", "one_day"]
    assert kinds(utc(3, 2), utc(3, 20), utc(3, 30, 13)) == ["idle", "one_day"]
    assert kinds(utc(3, 2), utc(3, 31), utc(3, 31, 12, 10)) == []
    assert kinds(utc(3, 2), utc(3, 31), utc(12, 1)) == []
