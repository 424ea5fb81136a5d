"""Quiet hours: one definition for announcements and reminders."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from forms.quiet import QuietHours, QuietHoursInvalid, read_quiet_hours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def ends(hours: QuietHours, hour: int, minute: int = 0) -> str:
    found = hours.until(datetime(2027, 3, 10, hour, minute, tzinfo=SHANGHAI), SHANGHAI)
    return f"{found.astimezone(SHANGHAI):%d %H:%M}" if found else ""


def test_over_midnight_they_end_in_the_morning_that_follows() -> None:
    usual = QuietHours()
    assert [ends(usual, 7, 59), ends(usual, 8), ends(usual, 21, 59), ends(usual, 22)] == [
        "10 08:00",
        "",
        "",
        "11 08:00",
    ]


def test_they_may_lie_within_a_day_or_be_none_at_all() -> None:
    siesta, none = QuietHours(begin=time(12), end=time(14)), QuietHours(begin=time(9), end=time(9))
    assert [ends(siesta, 11, 59), ends(siesta, 12), ends(siesta, 14)] == ["", "10 14:00", ""]
    assert [ends(none, 9), ends(none, 23), ends(none, 3)] == ["", "", ""]


def test_the_end_is_by_the_clock_on_the_wall_when_clocks_change() -> None:
    found = QuietHours().until(datetime(2027, 3, 27, 22, 30, tzinfo=UTC), BERLIN)
    assert found == datetime(2027, 3, 28, 6, tzinfo=UTC)


def test_the_table_gives_both_hours() -> None:
    assert read_quiet_hours(None) == QuietHours()
    assert read_quiet_hours({"from": "21:30", "until": time(7)}) == QuietHours(
        begin=time(21, 30), end=time(7)
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"from": "21:30"}, "must have from"),
        ({"from": "21:30", "until": "7", "days": []}, "nothing else"),
        ("22:00-08:00", "must have from"),
        ({"from": "25:00", "until": "08:00"}, "quiet_hours.from must be a time of day"),
    ],
)
def test_what_cannot_be_understood_is_named(table: Any, told: str) -> None:
    with pytest.raises(QuietHoursInvalid, match=told):
        read_quiet_hours(table)
