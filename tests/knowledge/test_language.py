from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.language import detect, is_traditional, to_simplified
from knowledge.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is OPC?", "en"),
        ("rent?", "en"),
        ("hello", "en"),
        ("AWS Activate", "en"),
        ("Can I apply?", "en"),
        ("Wie hoch ist die Miete?", "de"),
        ("Was ist OPC?", "de"),
        ("Danke", "de"),
        ("Quel est le loyer ?", "fr"),
        ("¿Cuánto cuesta?", "es"),
        ("Wat kost het?", "nl"),
        ("Thời hạn nộp đơn là khi nào?", "vi"),
        ("联合基地有多少平方米", "zh"),
        ("什麼是聯合基地?", "zh"),
        ("BMW Startup Garage 是什么?", "zh"),
        ("pitch deck 要几页", "zh"),
        ("What is 联合基地?", "en"),
        ("How to join the 宝马初创车库?", "en"),
        ("東京はどこですか", "ja"),
        ("이거 뭐예요", "ko"),
        ("Как подать заявку?", "ru"),
        ("كيف أقدم؟", "ar"),
        ("สมัครอย่างไร", "th"),
        ("डेडलाइन क्या है", "hi"),
        ("see https://example.org/de/wie-hoch-ist-die-miete", "en"),
    ],
)
def test_a_short_question_is_told_by_script_and_function_words(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_text_without_letters_is_in_the_first_language_allowed() -> None:
    assert detect("😀 123", ["zh", "en"]) == "zh"
    assert detect("") == "en"


def test_only_allowed_languages_come_out() -> None:
    assert detect("Hvad koster det?", ["zh", "en"]) == "en"
    assert detect("Как подать заявку?", ["zh", "en"]) == "zh"


@given(st.text(max_size=60))
def test_any_text_has_a_language(text: str) -> None:
    assert 2 <= len(detect(text)) <= 3
    assert detect(text, ["zh", "en"]) in {"zh", "en"}


def test_traditional_chinese_is_recognized_and_rewritten() -> None:
    assert is_traditional("什麼是聯合創新基地")
    assert not is_traditional("什么是联合创新基地")
    assert not is_traditional("OPC")
    assert to_simplified("申請資格與補助 BMW") == "申请资格与补助 BMW"


def test_abbreviations_decimals_and_addresses_do_not_end_a_sentence() -> None:
    text = "We pay e.g. 3.5 million. Dr. Li said yes! See https://a.b/c?d=e for U.S. details, etc. The end."
    assert split_sentences(text, "en") == [
        "We pay e.g. 3.5 million.",
        "Dr. Li said yes!",
        "See https://a.b/c?d=e for U.S. details, etc.",
        "The end.",
    ]
    assert split_sentences("Heron Ltd. signs first. Heron Ltd. Then you.", "en") == [
        "Heron Ltd. signs first.",
        "Heron Ltd.",
        "Then you.",
    ]


def test_german_ordinals_do_not_end_a_sentence_but_english_numbers_do() -> None:
    assert split_sentences("Am 1. Januar geht es los. Dann ca. 30 Tage.", "de") == [
        "Am 1. Januar geht es los.",
        "Dann ca. 30 Tage.",
    ]
    assert split_sentences("There were 30. Then more came.", "en") == ["There were 30.", "Then more came."]


def test_chinese_sentences_end_at_their_marks_and_keep_closing_quotes() -> None:
    text = "面积5,000平方米。目标是“三百家。”然后呢?好的!费用3.5万元;押金另计"
    assert split_sentences(text, "zh") == [
        "面积5,000平方米。",
        "目标是“三百家。”",
        "然后呢?",
        "好的!",
        "费用3.5万元;押金另计",
    ]
    assert split_sentences("先报名；再面试。", "zh") == ["先报名；", "再面试。"]


def test_list_items_and_table_rows_stay_whole() -> None:
    text = "You need:\n- A deck. Ten pages.\n  It is short.\n2. A team. Two people.\n| Rent | 20. Monthly. |"
    assert split_sentences(text, "en") == [
        "You need:",
        "- A deck. Ten pages.\n  It is short.",
        "2. A team. Two people.",
        "| Rent | 20. Monthly. |",
    ]


@given(st.text(alphabet="ab .。!?\n-|12；“”中文", max_size=80), st.sampled_from(["zh", "en", "de"]))
def test_sentences_are_substrings_in_order_and_lose_nothing(text: str, language: str) -> None:
    sentences = split_sentences(text, language)
    position = 0
    for sentence in sentences:
        position = text.index(sentence, position) + len(sentence)
    assert "".join("".join(sentences).split()) == "".join(text.split())
