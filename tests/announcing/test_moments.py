"""Times as staff type them, in the program's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from handlers.announce.moments import BadMoment, read_moment

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
NOW = datetime(2027, 3, 3, 14, 30, tzinfo=UTC)  # a Wednesday, 15:30 in Berlin, 22:30 in Shanghai


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("2027-03-05 14:00", "2027-03-05 14:00"),
        ("2027-03-05T14:00", "2027-03-05 14:00"),
        ("2027/3/5 14:00", "2027-03-05 14:00"),
        ("14:00 on 5 March", "2027-03-05 14:00"),
        ("tomorrow at 9am", "2027-03-04 09:00"),
        ("明天下午3点", "2027-03-04 15:00"),
        ("明天上午10点半", "2027-03-04 10:30"),
        ("3月5日 14:00", "2027-03-05 14:00"),
        ("2027年3月5日 下午2点", "2027-03-05 14:00"),
        ("morgen um 9 Uhr", "2027-03-04 09:00"),
        ("friday 10:00", "2027-03-05 10:00"),
        ("wednesday 9:00", "2027-03-10 09:00"),
        ("周五 10:00", "2027-03-05 10:00"),
        ("下周一 9:00", "2027-03-08 09:00"),
        ("18:00", "2027-03-03 18:00"),
        ("9:00", "2027-03-04 09:00"),
        ("in 2 hours", "2027-03-03 17:30"),
        ("2小时后", "2027-03-03 17:30"),
        ("3天后", "2027-03-06 15:30"),
        ("12 am on 5 March", "2027-03-05 00:00"),
    ],
)
def test_a_moment_is_read_as_it_is_written_in_three_languages(typed: str, local: str) -> None:
    assert f"{read_moment(typed, BERLIN, NOW).at.astimezone(BERLIN):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("hello", "unclear"),
        ("9", "unclear"),
        ("25:00", "unclear"),
        ("next friday 9:00", "unclear"),
        ("2027-02-30 10:00", "unclear"),
        ("2027-03-05", "no_clock"),
        ("2027-03-03 15:29", "past"),
        ("2027-03-28 02:30", "skipped"),
    ],
)
def test_what_is_no_moment_to_come_is_refused_with_its_reason(typed: str, code: str) -> None:
    with pytest.raises(BadMoment) as caught:
        read_moment(typed, BERLIN, NOW)
    assert caught.value.code == code


def test_a_day_alone_can_mean_its_end() -> None:
    at = read_moment("2027-03-05", SHANGHAI, NOW, end_of_day=True).at
    assert at == datetime(2027, 3, 5, 15, 59, tzinfo=UTC)


def test_a_time_the_clock_shows_twice_is_the_first_unless_its_offset_is_written() -> None:
    first = read_moment("2027-10-31 02:30", BERLIN, NOW)
    second = read_moment("2027-10-31 02:30+01:00", BERLIN, NOW)
    assert (first.at, first.twice) == (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), True)
    assert (second.at, second.twice) == (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), False)


def test_the_skipped_hour_says_what_the_clock_shows_then() -> None:
    with pytest.raises(BadMoment) as caught:
        read_moment("2027-03-28 02:30", BERLIN, NOW)
    assert caught.value.values == {"time": "2027-03-28 02:30", "next": "03:30"}
