"""What is not true yet, or no longer, is never found, cited or offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from knowledge.config import KnowledgeConfig
from knowledge.documents.folder import read_folder
from knowledge.embeddings import query_vector
from knowledge.ingest import ingest
from knowledge.language import to_simplified
from knowledge.reader import shared_reader
from knowledge.retrieval import Query, Shelf, prepare
from knowledge.service import Knowledge
from knowledge.store import current_version, open_current
from tests.knowledge.rules import RULE, RuleEmbeddings, config, fill

SHANGHAI = ZoneInfo("Asia/Shanghai")
ENDS = datetime(2026, 12, 2, 0, 0, tzinfo=SHANGHAI)
WORKSHOP = """---
id: en/workshop
language: en
twin: zh/workshop
valid_from: 2026-11-20
valid_until: 2026-12-01
---
# Workshop

## When is the workshop on boats?

The workshop on boats is on the first of December at ten.
"""
OTHERS = """---
id: en/berths
language: en
---
# Berths

## When is the slipway open?

The slipway is open on weekdays.

## When is the crane at work?

The crane is at work at ten.
"""


@dataclass
class Clock:
    now: datetime = ENDS - timedelta(days=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def here(tmp_path: Path) -> KnowledgeConfig:
    made = config(tmp_path / "data", threshold=0.0, languages=("en",), zone=SHANGHAI)
    ingest(made, fill(tmp_path / "documents", workshop=WORKSHOP, berths=OTHERS), RuleEmbeddings())
    return made


def shelf(here: KnowledgeConfig, clock: Clock) -> Shelf:
    found = open_current(here, RULE)
    return Shelf(found.version, found.passages, found.vectors, found.readings, clock)


def query(text: str) -> Query:
    searched = to_simplified(text)
    return prepare(searched, "en", query_vector(RuleEmbeddings(), searched), shared_reader())


def found(shelf: Shelf) -> list[str]:
    return [one.scored.passage.document_id for one in shelf.search(query("When is the workshop on boats?"))]


@pytest.mark.parametrize(
    ("moment", "is_found"),
    [
        (datetime(2026, 11, 19, 23, 59, tzinfo=SHANGHAI), False),
        (datetime(2026, 11, 20, 0, 0, tzinfo=SHANGHAI), True),
        (datetime(2026, 12, 1, 23, 59, 59, tzinfo=SHANGHAI), True),
        (datetime(2026, 12, 2, 0, 0, tzinfo=SHANGHAI), False),
    ],
)
def test_days_in_front_matter_count_whole_in_the_programs_zone(
    here: KnowledgeConfig, moment: datetime, is_found: bool
) -> None:
    assert ("en/workshop" in found(shelf(here, Clock(moment)))) is is_found


def test_an_index_in_memory_forgets_what_ends_while_it_is_there(here: KnowledgeConfig) -> None:
    clock = Clock()
    held = shelf(here, clock)
    assert found(held)[0] == "en/workshop"
    assert held.section("workshop", "When is the workshop on boats?", "en") is not None
    clock.now = ENDS
    assert found(held) == ["en/berths", "en/berths"]
    assert held.section("workshop", "When is the workshop on boats?", "en") is None


def test_a_twin_that_has_ended_does_not_stand_in_for_a_document_that_holds(tmp_path: Path) -> None:
    twins = {
        "dock": "---\nid: en/dock\nlanguage: en\ntwin: zh/dock\n---\n"
        "## How deep is the dock?\n\nFour meters.\n",
        "zh-dock": "---\nid: zh/dock\nlanguage: zh\ntwin: en/dock\nvalid_until: 2026-12-01\n---\n"
        "## 船坞有多深？\n\n三米。\n",
    }
    here = config(tmp_path / "data", zone=SHANGHAI)
    ingest(here, fill(tmp_path / "documents", **twins), RuleEmbeddings())
    clock = Clock()
    held = shelf(here, clock)
    first = held.search(query("How deep is the dock?"))[0]
    assert first.scored.passage.id.startswith("en/dock")
    assert held.in_language(first, ["zh", "en"]) is not None
    clock.now = ENDS
    assert held.in_language(first, ["zh", "en"]) is None


def test_scores_are_those_of_an_index_without_what_has_ended(tmp_path: Path, here: KnowledgeConfig) -> None:
    without = config(tmp_path / "other", languages=("en",))
    ingest(without, fill(tmp_path / "less", berths=OTHERS), RuleEmbeddings())
    asked = query("When is the crane at work?")
    ended = shelf(here, Clock(ENDS)).search(asked)
    alone = shelf(without, Clock(ENDS)).search(asked)
    assert [one.scored.passage.id for one in ended] == [one.scored.passage.id for one in alone]


async def test_a_refusal_offers_no_topic_that_has_ended(here: KnowledgeConfig) -> None:
    clock = Clock()
    never = KnowledgeConfig(
        data_dir=here.data_dir, program=here.program, embeddings=RULE, threshold=1.1, languages=("en",)
    )
    held = shelf(here, clock)
    knowledge = Knowledge(never, RuleEmbeddings(), lambda: held, lambda: current_version(here))
    before = await knowledge.ask("When is the workshop on boats?")
    clock.now = ENDS
    after = await knowledge.ask("When is the workshop on boats?")
    await knowledge.close()
    assert "When is the workshop on boats?" in [topic.label for topic in before.related]
    assert after.related
    assert "When is the workshop on boats?" not in [topic.label for topic in after.related]


def test_a_program_of_which_everything_has_ended_finds_nothing(tmp_path: Path) -> None:
    here = config(tmp_path / "data", languages=("en",), zone=SHANGHAI)
    ingest(here, fill(tmp_path / "documents", workshop=WORKSHOP), RuleEmbeddings())
    assert found(shelf(here, Clock(ENDS))) == []


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("valid_until: soon", "valid_until is not a date such as 2026-03-31"),
        ("valid_from: 2026-13-01", "not valid YAML"),
        ("valid_from: 2026-05-02\nvalid_until: 2026-05-01", "valid_until is not after valid_from"),
        ("valid_until: 9999-12-31", "valid_until is not a date"),
        ("valid_from: [2026-05-02]", "valid_from is not a date"),
    ],
)
def test_validity_that_cannot_be_is_named(tmp_path: Path, lines: str, reason: str) -> None:
    fill(tmp_path, a=f"---\nid: a\n{lines}\n---\nText.\n")
    documents, failures = read_folder(tmp_path)
    assert documents == []
    assert reason in failures[0].reason


def test_a_time_is_read_with_its_zone_or_the_programs(tmp_path: Path) -> None:
    fill(
        tmp_path,
        a="---\nvalid_from: 2026-05-02 10:00\nvalid_until: 2026-05-02T12:00:00Z\n---\nText.\n",
    )
    (document,), _ = read_folder(tmp_path, zone=SHANGHAI)
    assert document.valid_from == datetime(2026, 5, 2, 10, tzinfo=SHANGHAI)
    assert document.valid_until == datetime(2026, 5, 2, 12, tzinfo=UTC)
