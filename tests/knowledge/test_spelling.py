from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.config import KnowledgeConfig
from knowledge.embeddings import BundledEmbeddings
from knowledge.ingest import ingest
from knowledge.reader import shared_reader
from knowledge.service import Knowledge
from knowledge.spelling import Spelling
from tests.knowledge.rules import fill

SPELLING = Spelling(
    [
        "The conditions for residency. One condition is a prototype; the deadline is at the accelerator.",
        "Parents may come. The firm's forms are at the reception. Condition two: an address.",
    ],
    shared_reader().cut,
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("whats the conditon for residencey", "whats the condition for residency"),
        ("when is the dedline of the acelerator", "when is the deadline of the accelerator"),
        ("Conditon?", "condition?"),
        ("WHAT IS THE CONDITON", "WHAT IS THE condition"),
    ],
)
def test_a_mistyped_word_is_put_right_where_the_documents_hold_it(typed: str, meant: str) -> None:
    assert SPELLING.corrected(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("do you help with patents", id="a word near another one"),
        pytest.param("are there parking spaces", id="a word near none"),
        pytest.param("who is Mr Conditon", id="a name"),
        pytest.param("wie ist die Adresse", id="a German noun"),
        pytest.param("firms or frims", id="a short word"),
        pytest.param("入驻条件conditon是什么", id="letters within Chinese words"),
        pytest.param("申请截止时间", id="Chinese"),
    ],
)
def test_what_may_be_meant_stays(typed: str) -> None:
    assert SPELLING.corrected(typed) == typed


@given(st.text())
def test_any_text_keeps_all_that_is_no_word(text: str) -> None:
    corrected = SPELLING.corrected(text)
    assert [c for c in corrected if not c.isalpha()] == [c for c in text if not c.isalpha()]


async def test_a_founder_who_types_badly_gets_the_same_section(tmp_path: Path) -> None:
    documents = {
        "guide": "# Guide\n\n"
        "## Residency\n\nThe conditions for residency are a prototype and one founder full time.\n\n"
        "## Money\n\nThere is no fee and no equity is taken.\n\n"
        "## Place\n\nThe building is near the river.\n",
    }
    here = KnowledgeConfig(data_dir=tmp_path / "data", program="yard")
    ingest(here, fill(tmp_path / "documents", **documents), BundledEmbeddings())
    knowledge = Knowledge.open(here)
    try:
        right, wrong = [
            await knowledge.ask(question, language="en")
            for question in ("what are the conditions for residency", "waht are the condtions for residencey")
        ]
    finally:
        await knowledge.close()
    assert wrong.searched == "waht are the conditions for residency"
    assert [c.passage_id for c in wrong.citations] == [c.passage_id for c in right.citations] != []
