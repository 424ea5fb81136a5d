from __future__ import annotations

import pytest

from benchmarks.twins import TEST, differences, is_found, names, plant
from knowledge.twins import Difference, compare_twins

ZH = """# 苍鹭船坞

## 泊位

泊位费为每周340元。申请须在2027年3月1日前提交。成员可以使用吊车，不得过夜。

## 联系

三个工作日内答复。
"""
EN = """# Heron Yard

## Berths

A berth costs 340 yuan a week. Applications must be submitted before 1 March 2027. Members may use the crane
and must not stay overnight.

## Contact

You get a reply within 3 working days.
"""


def compared(zh: str = ZH, en: str = EN) -> list[Difference]:
    return list(compare_twins(zh, "zh", en, "en").differences)


def test_twins_that_say_the_same_differ_in_nothing() -> None:
    assert compared() == []
    assert compare_twins(ZH, "zh", EN, "en").checked >= 10


@pytest.mark.parametrize(
    ("old", "new", "kind", "value", "other"),
    [
        ("340 yuan", "430 yuan", "money", "340元", "430 yuan"),
        ("340 yuan", "340 euros", "money", "340元", "340 euros"),
        ("1 March 2027", "2 March 2027", "date", "2027年3月1日", "2 March 2027"),
        ("3 working days", "3 days", "duration", "三个工作日", "3 days"),
        ("must not", "may", "modal", "不得", "may"),
        ("must be", "may be", "modal", "须", "may"),
        ("A berth costs 340 yuan a week. ", "", "sentence", "泊位费为每周340元。", ""),
    ],
)
def test_what_differs_is_named_with_its_place(old: str, new: str, kind: str, value: str, other: str) -> None:
    assert old in EN
    found = compared(en=EN.replace(old, new))
    assert [(d.kind, d.value, d.other, d.on_left) for d in found] == [(kind, value, other, True)]
    assert found[0].heading in {"泊位", "联系"}
    assert value in found[0].left


def test_what_only_the_other_side_says_is_found_too() -> None:
    (found,) = compared(en=EN.replace("3 working days.", "3 working days. The yard has 12 berths."))
    assert (found.kind, found.on_left) == ("sentence", False)
    (found,) = compared(zh=ZH.replace("三个工作日内答复。", "尽快答复。"))
    assert (found.kind, found.value, found.on_left) == ("duration", "3 working days", False)


def test_a_section_that_is_missing_is_named() -> None:
    found = compared(en=EN.split("## Contact")[0])
    assert [(d.kind, d.heading, d.right) for d in found] == [("section", "联系", "")]


def test_texts_of_no_words_are_compared() -> None:
    assert compared("", "") == []


def test_the_sample_documents_hardly_raise_false_alarms() -> None:
    # Measured 0.02; what is reported there was looked at and is a matter of style.
    counts = [differences(name) for name in names()]
    assert sum(len(found) for found, _ in counts) <= 0.04 * sum(checked for _, checked in counts)


def test_planted_differences_are_found() -> None:
    # A quarter of the seeds that were never looked at; all of them are in docs/quality.md.
    planted = [plant(seed) for seed in TEST[::4]]
    known = {p.name: differences(p.name)[0] for p in planted}
    assert sum(is_found(p, known[p.name]) for p in planted) >= 14
