from __future__ import annotations

import pytest

from handlers.review.masking import EMAIL, NAME, NUMBER, PHONE, Masker


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to li.na+x@mail.example.com.cn, please", f"Write to {EMAIL}, please"),
        ("请打 138 1234 5678 或 +86-21-5555-6666", f"请打 {PHONE} 或 {PHONE}"),
        ("call (021) 5555 6666", f"call {PHONE}"),
        ("my id is 11010519491231002X", f"my id is {NUMBER}"),
        ("信用代码91310115MA1K3YJ12X。", f"信用代码{NUMBER}。"),
        ("ask @li_na_88 or t.me/li_na_88", f"ask {NAME} or t.me/{NAME}"),
        ("Li Na here, NA speaking; Nanotech", f"{NAME} here, NA speaking; Nanotech"),
        ("我是李娜，李娜娜也在", f"我是{NAME}，{NAME}娜也在"),
    ],
)
def test_what_tells_who_somebody_is_is_hidden(text: str, shown: str) -> None:
    assert Masker(["Li Na", "李娜", None])(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "We need 500000 yuan by 2027-03-31, at most 1,000,000.",
        "The rent is 3.5 yuan a day for 120.75 square meters",
        "2027年3月1日 10:00 to 2027.03.31 20:00",
        "Application 2026-0007",
        "",
    ],
)
def test_amounts_dates_and_numbers_of_applications_stay(text: str) -> None:
    assert Masker()(text) == text


def test_whole_values_are_masked() -> None:
    assert Masker(["Wang"]).all_in({"a": ["Wang", 1, None], "b": ("x@y.cn",)}) == {
        "a": [NAME, 1, None],
        "b": [EMAIL],
    }
