from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from handlers.review.filters import LOW_CONFIDENCE, Filters, search_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_days_are_the_programs_and_the_last_one_is_included() -> None:
    wanted = Filters.of({"since": "2026-11-01", "until": "2026-11-02"}).wanted(SHANGHAI, unmask=True)
    assert wanted.since == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert wanted.until == datetime(2026, 11, 2, 16, tzinfo=UTC)


def test_an_address_that_makes_no_sense_is_read_as_far_as_it_does() -> None:
    params = {"since": "yesterday", "until": "0001-01-01", "unsure": "on", "tag": " a ", "x": "y", "q": "?!"}
    filters = Filters.of(params)
    assert filters.query == "q=%3F%21&tag=a&unsure=1"
    wanted = filters.wanted(SHANGHAI, unmask=True)
    assert (wanted.since, wanted.until, wanted.unsure, wanted.search) == (None, None, LOW_CONFIDENCE, None)


def test_filters_survive_the_way_through_an_address() -> None:
    filters = Filters.of({"q": "租金 & rent", "handover": "1"})
    assert filters.query == "q=%E7%A7%9F%E9%87%91+%26+rent&handover=1"
    assert filters.narrows
    assert not Filters().narrows


def test_quotes_ask_for_the_very_words() -> None:
    search = search_of('"Rent of a desk" 租金')
    assert search is not None
    assert search.phrases == ("rent of a desk",)
    assert search.words == {"rent", "of", "a", "desk", "租金"}
    assert not search.beginnings
