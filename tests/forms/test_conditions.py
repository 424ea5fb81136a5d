from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import rule_engine
from rule_engine._vendor.ply import yacc

from forms import rule_tables
from forms.conditions import Condition, ConditionInvalid, Kind
from forms.model import Form
from forms.wording import describe

KINDS: Mapping[str, Kind] = {
    "track": "string", "size": "number", "needs": "strings", "registered": "boolean",
    "founded": "datetime", "founded_months": "number", "today": "datetime",
}  # fmt: skip
OPTIONS = {"track": ("berth", "trial"), "needs": ("crane", "power")}
VALUES: Mapping[str, Any] = {
    "track": "berth", "size": 7, "needs": {"crane"}, "registered": True, "founded_months": 12,
    "founded": datetime(2026, 1, 1, tzinfo=UTC), "today": datetime(2027, 1, 1, tzinfo=UTC),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('track == "berth" and size > 3', True),
        ('track != "berth" or size >= 8', False),
        ('track in ["trial", "berth"]', True),
        ('"power" in needs', False),
        ('not ("power" in needs)', True),
        ("registered", True),
        ("not registered", False),
        ("registered == true", True),
        ("founded < today", True),
        ('founded > d"2025-12-31"', True),
        ("founded_months <= 60", True),
        ("size + 1 == 8", True),
        ("size > -1", True),
    ],
)
def test_a_condition_holds_or_does_not(text: str, expected: bool) -> None:
    condition = Condition(text, KINDS, OPTIONS)
    assert condition.holds(VALUES) is expected
    assert condition.holds({}) is None
    assert condition.missing({}) == condition.symbols


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("size > 1 " + "or size > 1 " * 60, "longer than"),
        ('size > "a"', "compare like with like"),
        ("track == 1", "never alike"),
        ("track", "track is no condition"),
        ("registered and size", "size is no condition"),
        ("not size", "size is no condition"),
        ('trac == "berth"', "did you mean track"),
        ('track == "birth"', 'track is never "birth": it can be "berth", "trial"'),
        ('"crain" in needs', 'needs is never "crain"'),
        ('"a" in track', "track is no list"),
        ("1 in needs", "never among"),
        ('track =~ "(a+)+"', "patterns"),
        ('"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" =~ "(a+)+$"', "patterns"),
        ("9 ** 9 ** 9 > size", "powers"),
        ("$now > today", "functions"),
        ("size * 2 > 1", "cannot be used"),
        ("size / 0 > 1", "cannot be used"),
        ("needs.length > 1", "cannot be used"),
        ("[x for x in needs][0] == track", "cannot be used"),
        ("registered ? size > 1 : size > 2", "cannot be used"),
        ("track == null", "never alike"),
        ("size >", "cannot be understood"),
        ('__import__("os").system("true")', "cannot be|not known"),
    ],
)
def test_what_is_not_in_the_small_language_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConditionInvalid, match=reason):
        Condition(text, KINDS, OPTIONS)


def test_what_was_found_before_is_not_mixed_up() -> None:
    condition = Condition("size == -1", KINDS)
    assert [condition.holds({"size": size}) for size in (-1, -2, -1, 1, True)] == [
        True,
        False,
        True,
        False,
        False,
    ]


def test_every_symbol_counts_for_what_was_found_before() -> None:
    condition = Condition("size > 3 and founded_months > 3", KINDS)
    pairs = [(a, b) for a in (1, 9) for b in (1, 9)]
    found = [condition.holds({"size": a, "founded_months": b}) for a, b in pairs]
    assert found == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ('track == "trial"', False),
        ('track == "berth"', True),
        ('track == "trial" and size > 3', False),
        ('track == "trial" or size > 3', True),
        ('not (track == "trial")', True),
        ("size > 3", True),
    ],
)
def test_whether_a_condition_may_still_hold(text: str, possible: bool) -> None:
    assert Condition(text, KINDS, OPTIONS).possible({"track": "berth"}) is possible


@pytest.mark.parametrize(
    ("question", "zh", "en"),
    [
        ("needs", "申请类型是“泊位”", "Track is “Berth”"),
        ("company_code", "是否注册：是", "Registered: yes"),
        (
            "crane_weight",
            "需要包括“吊机”，且团队人数至少为 2",
            "Needs includes “Crane” and Team size is at least 2",
        ),
    ],
)
def test_conditions_are_told_in_words(harbor: Form, question: str, zh: str, en: str) -> None:
    found = harbor.question(question)
    assert found
    assert found.applies_when
    assert describe(found.applies_when, harbor, "zh") == zh
    assert describe(found.applies_when, harbor, "en") == describe(found.applies_when, harbor, "de") == en


def test_the_tables_of_the_parser_are_those_of_the_installed_library() -> None:
    """When this fails after an update: `python -m forms.rule_tables`."""
    lent = sys.modules[rule_tables.MODULE]
    assert yacc.LRTable().read_table(lent) == _signature(rule_engine.Rule.parser)


def _signature(parser: Any) -> str:
    names = {name: getattr(parser, name) for name in dir(parser)}
    reflected = yacc.ParserReflect(names)
    reflected.get_all()
    found: str = reflected.signature()
    return found
