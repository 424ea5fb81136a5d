from __future__ import annotations

import pytest

from knowledge.facts import number_value, read_facts


def values(text: str, language: str) -> list[tuple[object, ...]]:
    return [(f.kind, *f.value) for f in read_facts(text, language) if f.kind != "name"]


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("三个月", "3 months"),
        ("3 个月", "three months"),
        ("2027年3月1日", "1 March 2027"),
        ("2027-03-01", "March 1, 2027"),
        ("2021年5月", "May 2021"),
        ("5000平方米", "5,000 m²"),
        ("1 万人", "10,000 people"),
        ("1000万元", "RMB 10 million"),
        ("100亿元", "10 billion yuan"),
        ("500美元", "US$500"),
        ("百分之二十", "20%"),
        ("20％", "20 percent"),
        ("15个工作日", "15 working days"),
        ("半年", "half a year"),
        ("4至6个月", "4 to 6 months"),
        ("90分钟", "1.5 hours"),
        ("12个月", "1 year"),
        ("下午2点", "2:00 p.m."),
        ("下午2点", "2 pm"),
        ("上午10点整", "10 a.m."),
        ("两位导师", "two mentors"),
        ("二十五页", "25 pages"),
        ("写信到 Yard@Heron.example", "write to yard@heron.example"),
        ("不得转租", "must not sublet"),
        ("无需押金", "no deposit is needed"),
        ("可以延期", "may be extended"),
        ("应当签字", "shall be signed"),
    ],
)
def test_a_fact_is_the_same_in_both_languages(chinese: str, english: str) -> None:
    assert values(chinese, "zh") == values(english, "en") != []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("一般来说统一安排", "zh"),
        ("第一步", "zh"),
        ("周一至周五", "zh"),
        ("发送 /apply", "zh"),
        ("对应的部门", "zh"),
        ("one of the founders", "en"),
        ("3D models", "en"),
    ],
)
def test_what_only_looks_like_a_fact_is_none(text: str, language: str) -> None:
    assert [v for v in values(text, language) if v[0] != "modal" or language == "zh"] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5,000", 5000),
        ("三百二十", 320),
        ("一万两千", 12000),
        ("十二", 12),
        ("thirty-five", 35),
        ("yard", None),
    ],
)
def test_numbers_are_read_in_figures_and_words(text: str, value: float | None) -> None:
    assert number_value(text) == value


def test_a_range_is_two_facts() -> None:
    both = [("duration", 4, "months"), ("duration", 6, "months")]
    assert values("4至6个月", "zh") == values("4 to 6 months", "en") == both


def test_a_number_in_words_may_come_and_go_in_translation_and_a_figure_may_not() -> None:
    demands = [
        f.demands for f in read_facts("Two mentors see 12 teams for one week and pay twenty euros.", "en")
    ]
    assert demands == [False, True, False, True]


def test_a_fact_knows_its_place() -> None:
    text = "A berth costs 340 yuan for 2 weeks."
    assert [text[f.start : f.end].strip() for f in read_facts(text, "en")] == ["340 yuan", "2 weeks"]
