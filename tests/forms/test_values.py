"""What the public functions of values promise, and what holds for any text."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.model import Question, Type, Value
from forms.values import (
    NotValid,
    check,
    count_characters,
    find_value,
    read_file,
    read_option,
    read_value,
    show_value,
)
from handlers.texts import LANGUAGES, load, placeholders
from tests.forms.value_questions import TODAY, question, table
from tests.spent import spent

ROOM = Path(__file__).parents[2] / "forms" / "values"
OPTIONS = [
    {"id": "pilot", "labels": {"zh": "BMW 试点", "en": "BMW pilot"}, "also": ["POC"]},
    {"id": "residency", "labels": {"zh": "入驻", "en": "Residency"}},
    {"id": "cloud", "labels": {"zh": "云资源", "en": "Cloud and AI"}},
]
PEOPLE = question(
    "number", limits={"minimum": 1, "maximum": 200, "whole": True}, unit={"zh": "人", "en": "people"}
)
ONE = question("choice", options=OPTIONS)
MANY = question("choices", options=OPTIONS)
DECK = question("file", limits={"file_types": ["pdf", "png", "jpeg"], "max_bytes": 20_000_000})
QUESTIONS = [
    question("text", limits={"min_length": 2, "max_length": 80}),
    question("long_text"),
    PEOPLE,
    question("number"),
    question("amount", limits={"minimum": 0}),
    question("date", limits={"earliest": "1990-01-01", "latest": "today"}),
    question("month"),
    ONE,
    MANY,
    question("yes_no"),
    question("email"),
    question("phone"),
    question("url"),
    question("company_code"),
    DECK,
    question("group"),
]
SIGNS = (
    "0123456789.,-+/:@ 。，、%$€¥年月日号万亿千百十一二三五点半人个元至到~kmMwW前天去年"
    "pilotyesnoMarch试点wwhttps：/.com１２？!()\n\u200d\u3000é👍"
)
ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=SIGNS, max_size=30),
    st.lists(
        st.sampled_from(
            [
                "7",
                "三百万",
                "$1.2m",
                "2026",
                "March",
                "5",
                "月",
                "年",
                "a@b.cn",
                "example.com",
                "1",
                "试点",
                "和",
                "/",
                " ",
                "-",
            ]
        ),
        max_size=8,
    ).map("".join),
)


def read(asked: Question, text: str, language: str = "zh") -> Value:
    return read_value(asked, text, language=language, today=TODAY)


def refused(asked: Question, text: str) -> NotValid:
    with pytest.raises(NotValid) as problem:
        read(asked, text)
    return problem.value


@given(asked=st.sampled_from(QUESTIONS), text=ANY_TEXT, language=st.sampled_from(["zh", "en", "de", "fr"]))
@settings(max_examples=1500, deadline=None)
def test_any_text_is_read_to_what_fits_or_refused(asked: Question, text: str, language: str) -> None:
    try:
        value = read(asked, text, language)
    except NotValid as problem:
        sentence = load()[language if language in LANGUAGES else "en"][f"apply.invalid.{problem.code}"]
        sentence.format(**problem.values)
        return
    check(asked, value, TODAY)
    assert show_value(asked, value, language)
    assert not value.skipped
    again = read(asked, value.wording, language) if asked.type != "file" else value
    assert again.data == value.data


@given(asked=st.sampled_from(QUESTIONS), text=ANY_TEXT, language=st.sampled_from(["zh", "en", "de"]))
@settings(max_examples=1000, deadline=None)
def test_what_is_found_in_any_text_fits_the_question(asked: Question, text: str, language: str) -> None:
    value = find_value(asked, text, language=language, today=TODAY)
    if value is not None:
        check(asked, value, TODAY)
        assert asked.type not in ("text", "long_text", "group")


@given(st.integers(min_value=1, max_value=200), st.sampled_from(["zh", "en", "de"]))
def test_a_number_as_shown_is_read_back(number: int, language: str) -> None:
    shown = show_value(PEOPLE, Value(data=number), language)
    assert read(PEOPLE, shown, language).data == number


@given(
    st.integers(min_value=0, max_value=10**10),
    st.sampled_from(["CNY", "USD", "EUR", "HKD"]),
    st.sampled_from(["zh", "en", "de"]),
)
def test_an_amount_as_shown_is_read_back(value: int, currency: str, language: str) -> None:
    asked = question("amount")
    data = {"value": value, "currency": currency}
    assert read(asked, show_value(asked, Value(data=data), language), language).data == data


@given(st.dates(min_value=TODAY.replace(year=1901), max_value=TODAY), st.sampled_from(["zh", "en", "de"]))
def test_dates_and_months_as_shown_are_read_back(day: Any, language: str) -> None:
    for kind, data in (("date", day.isoformat()), ("month", day.isoformat()[:7])):
        asked = question(kind)
        assert read(asked, show_value(asked, Value(data=data), language), language).data == data


@given(st.sets(st.sampled_from(["pilot", "residency", "cloud"]), min_size=1), st.sampled_from(["zh", "en"]))
def test_options_as_shown_are_read_back(ids: set[str], language: str) -> None:
    data = [option.id for option in MANY.options if option.id in ids]
    assert read(MANY, show_value(MANY, Value(data=data), language), language).data == data
    assert read(ONE, show_value(ONE, Value(data=data[0]), language), language).data == data[0]


def test_every_reason_has_a_sentence_that_its_values_fill() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    codes = set(re.findall(r'NotValid\(\s*"(\w+)"', written)) | {
        "url",
        "date",
        "month",
        "year_missing",
        "choice",
    }
    codes |= set(re.findall(r'NotValid\("\w+" if [^)]* else "(\w+)"', written))
    for language in LANGUAGES:
        own = {
            key.removeprefix("apply.invalid.") for key in load()[language] if key.startswith("apply.invalid.")
        }
        assert own == codes
    raised = []
    for row in table("answers.jsonl"):
        try:
            read(row["question"], row["input"])
        except NotValid as problem:
            raised.append(problem)
    assert raised
    for problem in raised:
        for language in LANGUAGES:
            sentence = load()[language][f"apply.invalid.{problem.code}"]
            assert placeholders(sentence) <= problem.values.keys()
            assert "{" not in sentence.format(**problem.values)


def test_every_type_has_an_example_that_is_right() -> None:
    described = {"text", "long_text", "choice", "choices", "group"}
    for language in LANGUAGES:
        for kind in get_args(Type):
            example = load()[language][f"apply.example.{kind}"]
            if kind in described:
                continue
            first = re.split(r"，或者?|, oder|, or | or | oder ", example)[0].removesuffix("一个 PDF 文件")
            if kind == "file":
                first = re.split(r"，或 |, or |, oder ", example)[1]
            assert read(question(kind), first, language).data is not None


def test_a_founders_wording_is_kept_as_it_was_written() -> None:
    value = read(question("amount"), "  ３００万元  ")
    assert (value.data, value.wording) == ({"value": 3_000_000, "currency": "CNY"}, "３００万元")


def test_characters_are_counted_as_people_count() -> None:
    counted = {
        "": 0,
        "abc": 3,
        "中文": 2,
        "é": 1,
        "e\u0301": 1,
        "👨‍👩‍👧‍👦": 1,
        "🇨🇳🇩🇪": 2,
        "각": 1,
        "a\r\nb": 3,
    }
    assert {text: count_characters(text) for text in counted} == counted


def test_too_long_says_by_how_much() -> None:
    problem = refused(question("text", limits={"max_length": 5}), "一二三四五六七")
    assert (problem.code, problem.values) == ("too_long", {"count": 7, "limit": 5, "over": 2})


def test_an_unclear_date_names_both_readings() -> None:
    problem = refused(question("date"), "3/5/2026")
    assert (problem.values["first"], problem.values["second"]) == ("2026-03-05", "2026-05-03")


def test_unclear_options_are_named_in_the_language() -> None:
    options = [
        {"id": "a1", "labels": {"en": "Cloud credits"}},
        {"id": "a2", "labels": {"en": "Cloud training"}},
    ]
    problem = refused(question("choice", options=options), "cloud")
    assert problem.values["options"] == "Cloud credits / Cloud training"


def test_a_pressed_option_is_taken_or_gone() -> None:
    assert read_option(ONE, "pilot").data == "pilot"
    assert read_option(MANY, "pilot").data == ["pilot"]
    with pytest.raises(NotValid, match="option_gone"):
        read_option(ONE, "moon")


def test_a_number_as_a_label_is_the_label() -> None:
    options = [{"id": "few", "labels": {"en": "3"}}, {"id": "some", "labels": {"en": "2"}}]
    assert read(question("choice", options=options), "2").data == "some"


@pytest.mark.parametrize(
    ("media_type", "size", "code"),
    [
        ("application/pdf", 1000, None),
        ("application/pdf; charset=binary", 1000, None),
        ("image/jpeg", 1000, None),
        ("image/png", 20_000_000, None),
        ("image/png", 20_000_001, "file_size"),
        ("application/pdf", 0, "file_empty"),
        ("application/zip", 1000, "file_type"),
        ("application/x-msdownload", 1000, "file_type"),
        ("", 1000, "file_type"),
    ],
)
def test_files_are_judged_by_type_and_size(media_type: str, size: int, code: str | None) -> None:
    given_file = {"sha256": "0" * 64, "name": "deck.pdf", "media_type": media_type, "size": size}
    if code:
        with pytest.raises(NotValid, match=code):
            read_file(DECK, **given_file)  # type: ignore[arg-type]
        return
    value = read_file(DECK, **given_file)  # type: ignore[arg-type]
    assert value.data == given_file
    check(DECK, value, TODAY)
    assert "deck.pdf" in show_value(DECK, value, "zh")


def test_stored_answers_are_checked_against_the_question_of_today() -> None:
    gone = replace(ONE, options=ONE.options[1:])
    smaller = question("number", limits={"maximum": 5})
    cases: list[tuple[Question, Any, str | None]] = [
        (ONE, "pilot", None),
        (gone, "pilot", "option_gone"),
        (replace(MANY, options=gone.options), ["pilot", "cloud"], "option_gone"),
        (smaller, 7, "too_large"),
        (smaller, "7", "changed"),
        (smaller, True, "changed"),
        (smaller, float("nan"), "changed"),
        (question("yes_no"), 1, "changed"),
        (question("text", limits={"max_length": 2}), "abc", "too_long"),
        (question("text"), ["abc"], "changed"),
        (question("amount"), 7, "changed"),
        (question("amount"), {"value": "7", "currency": "CNY"}, "changed"),
        (question("month"), "2026-03-05", "changed"),
        (question("date"), "2026-03", "changed"),
        (question("date"), "soon", "changed"),
        (question("date", limits={"latest": "2020-01-01"}), "2026-03-05", "too_late"),
        (question("phone"), "13800138000", "changed"),
        (question("url"), "javascript:alert(1)", "url_scheme"),
        (question("company_code"), "7", "company_code"),
        (question("email"), "nobody", "email"),
        (DECK, {"link": "https://example.com/a"}, None),
        (DECK, {"name": "x"}, "changed"),
        (question("group"), "x", "group"),
    ]
    for asked, data, code in cases:
        if code is None:
            check(asked, Value(data=data), TODAY)
        else:
            with pytest.raises(NotValid, match=f"^{code}$"):
                check(asked, Value(data=data), TODAY)


def test_only_what_is_optional_can_be_skipped() -> None:
    skipped = Value(data=None, skipped=True)
    check(replace(PEOPLE, required=False), skipped, TODAY)
    check(question("group"), skipped, TODAY)
    with pytest.raises(NotValid, match="empty"):
        check(PEOPLE, skipped, TODAY)


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        (
            "amount",
            {"value": 3_000_000, "currency": "CNY"},
            ("300 万元 (CNY 3,000,000)", "CNY 3,000,000", "CNY 3.000.000"),
        ),
        (
            "amount",
            {"value": 1_500_000, "currency": "USD"},
            ("150 万美元 (USD 1,500,000)", "USD 1,500,000", "USD 1.500.000"),
        ),
        ("amount", {"value": 12.5, "currency": "CNY"}, ("12.5 元", "CNY 12.5", "CNY 12,5")),
        ("date", "2026-03-05", ("2026年3月5日", "5 March 2026", "5. März 2026")),
        ("month", "2026-03", ("2026年3月", "March 2026", "März 2026")),
        ("yes_no", True, ("是", "Yes", "Ja")),
        ("phone", "+8613800138000", ("+86 138 0013 8000",) * 3),
        ("text", "x", ("x", "x", "x")),
    ],
)
def test_answers_are_shown_for_people(kind: str, data: Any, shown: tuple[str, ...]) -> None:
    assert tuple(show_value(question(kind), Value(data=data), code) for code in ("zh", "en", "de")) == shown


def test_units_labels_and_skips_are_shown_in_the_language() -> None:
    assert [show_value(PEOPLE, Value(data=7), code) for code in ("zh", "en", "fr")] == [
        "7 人",
        "7 people",
        "7 people",
    ]
    assert show_value(MANY, Value(data=["pilot", "cloud"]), "zh") == "BMW 试点、云资源"
    assert show_value(PEOPLE, Value(data=None, skipped=True), "en") == "(skipped)"


def test_a_text_is_read_in_microseconds() -> None:
    asked = question("text", limits={"min_length": 2, "max_length": 200})
    read(asked, "我们做电池检测。")
    assert spent(lambda: read(asked, "我们做电池检测，用声音找出坏掉的电芯。"), 200) < 0.001


def test_slow_libraries_are_not_loaded_before_they_are_needed() -> None:
    slow = {"dateparser", "phonenumbers", "cn2an", "rapidfuzz", "email_validator", "stdnum"}
    code = f"import sys, forms.values; print(sorted({slow!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
