"""Odd and bad input of every type, read as a table says."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from forms.model import Type
from forms.values import NotValid, check, find_value, read_value, show_value
from tests.forms.value_questions import TODAY, table

ANSWERS = table("answers.jsonl")
SENTENCES = table("sentences.jsonl")


def _name(row: dict[str, Any]) -> str:
    return f"{row['question'].type}-{row['input']}"


@pytest.mark.parametrize("row", ANSWERS, ids=_name)
def test_an_answer_is_read_or_refused_with_its_reason(row: dict[str, Any]) -> None:
    if "code" in row:
        with pytest.raises(NotValid) as refused:
            read_value(row["question"], row["input"], language="zh", today=TODAY)
        assert refused.value.code == row["code"]
        return
    value = read_value(row["question"], row["input"], language="zh", today=TODAY)
    assert value.data == row["data"]
    assert type(value.data) is type(row["data"])
    assert json.loads(json.dumps(value.data)) == value.data
    check(row["question"], value, TODAY)
    for language in ("zh", "en", "de", "fr"):
        assert show_value(row["question"], value, language)


@pytest.mark.parametrize("row", SENTENCES, ids=_name)
def test_the_one_clear_value_of_a_sentence_is_found(row: dict[str, Any]) -> None:
    value = find_value(row["question"], row["input"], language="en", today=TODAY)
    assert (None if value is None else value.data) == row["data"]
    if value is not None:
        check(row["question"], value, TODAY)


def test_the_table_covers_every_type() -> None:
    assert {row["question"].type for row in ANSWERS} == set(get_args(Type))
    assert len(ANSWERS) >= 170
