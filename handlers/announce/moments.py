"""Moments as staff type them, in the program's time zone: "2027-03-05 14:00", "明天下午3点", "in 2 hours"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from forms.values.calendar import mentions
from handlers.refusals import Refused

_OFFSET = re.compile(r"\s*(?:z|utc|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))$")
_CLOCK = re.compile(
    r"(?P<half>上午|早上|下午|晚上|中午|凌晨)?\s*"
    r"(?P<hour>\d{1,2})(?:\s*[:：](?P<minute>\d{2})(?::00)?|\s*[点时](?:(?P<zh>\d{1,2})分?|(?P<half_zh>半))?|\s*uhr|(?=\s*[ap]m))"
    r"\s*(?P<ampm>am|pm)?"
)
_AHEAD = re.compile(
    r"(?:in\s+)?(?P<n>\d{1,3})\s*(?:个)?(?P<unit>minutes?|mins?|minuten|分钟|hours?|hrs?|h|stunden?|小时|days?|tage?n?|天)\s*(?:后|以后|之后)?"
)
_FILLER = re.compile(r"\b(?:at|on|um|am|the|den|t|uhr)\b|[,，、的]|\s")
_WEEKDAYS = (
    ("monday", "montag", "一"),
    ("tuesday", "dienstag", "二"),
    ("wednesday", "mittwoch", "三"),
    ("thursday", "donnerstag", "四"),
    ("friday", "freitag", "五"),
    ("saturday", "samstag", "六"),
    ("sunday", "sonntag", "日天"),
)
_WEEKDAY = re.compile(
    r"(?P<word>[a-z]+day|[a-z]+tag|mittwoch)|(?P<next>下)?(?:个)?(?:周|星期|礼拜)(?P<zh>[一二三四五六日天])"
)
_LATER_HALF = ("下午", "晚上", "pm")
_MINUTE, _HOUR = ("m", "分"), ("h", "s", "小")


class BadMoment(Refused, ValueError):
    """A moment that cannot be taken; its sentences also name the `zone`."""

    section = "announce.time."


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC; `twice` says that the clock shows it twice that night and the first time is meant."""

    at: datetime
    twice: bool = False


def read_moment(typed: str, zone: ZoneInfo, now: datetime, *, end_of_day: bool = False) -> Moment:
    """Read what staff typed; raises BadMoment for what is no moment, is past, or is skipped by the clock.

    `end_of_day` lets a day alone mean its last minute; else the time is asked for. A written offset
    ("+02:00") counts as it stands.
    """
    text = " ".join(typed.lower().replace("t", " ", 1).split() if _iso(typed) else typed.lower().split())
    moment = _ahead(text, now) or _spelled(text, zone, now, end_of_day)
    if moment.at <= now:
        raise BadMoment("past", time=f"{moment.at.astimezone(zone):%Y-%m-%d %H:%M}")
    return moment


def in_zone(local: datetime, zone: ZoneInfo) -> Moment:
    """Place a wall-clock time in a zone; raises BadMoment for one that the clock skips."""
    first = local.replace(tzinfo=zone, fold=0)
    back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if back != local:
        raise BadMoment("skipped", time=f"{local:%Y-%m-%d %H:%M}", next=f"{back:%H:%M}")
    second = local.replace(tzinfo=zone, fold=1)
    return Moment(first.astimezone(UTC), twice=first.utcoffset() != second.utcoffset())


def _iso(typed: str) -> bool:
    return re.match(r"\d{4}-\d{2}-\d{2}t\d", typed.strip().lower()) is not None


def _ahead(text: str, now: datetime) -> Moment | None:
    match = _AHEAD.fullmatch(text)
    if match is None or not (text.startswith("in ") or text.endswith("后")):
        return None
    count, unit = int(match["n"]), match["unit"]
    if unit.startswith(_MINUTE):
        return Moment(now + timedelta(minutes=count))
    return Moment(now + (timedelta(hours=count) if unit.startswith(_HOUR) else timedelta(days=count)))


def _spelled(text: str, zone: ZoneInfo, now: datetime, end_of_day: bool) -> Moment:
    offset = _OFFSET.search(text) if re.search(r"\d{1,2}:\d{2}", text) else None
    rest = text[: offset.start()] if offset else text
    today = now.astimezone(zone).date()
    day, rest = _day(rest, today)
    clock, rest = _clock(rest)
    if _FILLER.sub("", rest) or (day is None and clock is None):
        raise BadMoment("unclear")
    if clock is None:
        if not end_of_day:
            raise BadMoment("no_clock")
        clock = time(23, 59)
    local = datetime.combine(day or today, clock)
    if offset is not None:
        return Moment((local - _difference(offset)).replace(tzinfo=UTC))
    if day is None and in_zone(local, zone).at <= now:
        local += timedelta(days=1)
    return in_zone(local, zone)


def _day(text: str, today: date) -> tuple[date | None, str]:
    for found in mentions(text, today):
        if found.day is None or found.month is None:
            continue
        if not found.exists:
            raise BadMoment("unclear")
        day = date(found.year or today.year, found.month, found.day)
        if found.year is None and day < today:
            day = day.replace(year=today.year + 1)
        return day, f"{text[: found.start]} {text[found.end :]}"
    return _weekday(text, today)


def _weekday(text: str, today: date) -> tuple[date | None, str]:
    """Read the name of a weekday as the coming one, "下周" as that of the week after."""
    match = _WEEKDAY.search(text)
    if match is None:
        return None, text
    named = next(
        (
            number
            for number, (english, german, han) in enumerate(_WEEKDAYS)
            if match["word"] in (english, german) or (match["zh"] and match["zh"] in han)
        ),
        None,
    )
    if named is None:
        return None, text
    ahead = 7 - today.weekday() + named if match["next"] else (named - today.weekday() - 1) % 7 + 1
    return today + timedelta(days=ahead), f"{text[: match.start()]} {text[match.end() :]}"


def _clock(text: str) -> tuple[time | None, str]:
    match = _CLOCK.search(text)
    if match is None:
        return None, text
    hour = int(match["hour"])
    minute = 30 if match["half_zh"] else int(match["minute"] or match["zh"] or 0)
    half = match["ampm"] or match["half"]
    if half in _LATER_HALF and hour < 12:
        hour += 12
    elif half in ("am", "凌晨") and hour == 12:
        hour = 0
    if hour > 23 or minute > 59:
        raise BadMoment("unclear")
    return time(hour, minute), f"{text[: match.start()]} {text[match.end() :]}"


def _difference(offset: re.Match[str]) -> timedelta:
    if offset["sign"] is None:
        return timedelta()
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
    return ahead if offset["sign"] == "+" else -ahead
