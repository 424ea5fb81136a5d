from __future__ import annotations

import numpy as np
import pytest

from benchmarks.gaps import Labeled, grouped, pairs, read_labeled, without_near_misses
from knowledge import grouping
from knowledge.grouping import Question, group, log_odds, nearest_group
from knowledge.meaning import WIDTH, QuestionMeanings, Rows, is_current, pack_meaning, unpack_meanings


@pytest.fixture(scope="module")
def labeled() -> list[Labeled]:
    """Everything that was not used to fit or to tune."""
    return [q for q in read_labeled() if q.split != "dev"]


@pytest.fixture(scope="module")
def rows(labeled: list[Labeled]) -> Rows:
    return QuestionMeanings().read([q.question for q in labeled])


def part(labeled: list[Labeled], rows: Rows, split: str) -> tuple[list[Labeled], Rows]:
    chosen = [i for i, q in enumerate(labeled) if q.split == split]
    return [labeled[i] for i in chosen], rows[chosen]


def test_questions_are_grouped_no_worse_than_measured(labeled: list[Labeled], rows: Rows) -> None:
    # Measured 0.86, 0.69 and 0.77 with near misses, 0.94, 0.78 and 0.77 without: docs/quality.md. The aim is
    # 0.85.
    floors = (("test", 0.84, 0.91), ("later", 0.66, 0.75), ("fresh", 0.74, 0.74))
    for split, floor, easy_floor in floors:
        questions, numbers = part(labeled, rows, split)
        assert pairs(questions, grouped(questions, numbers)).f1 >= floor
        easy = without_near_misses(questions)
        few = [questions[i] for i in easy]
        assert pairs(few, grouped(few, numbers[easy])).f1 >= easy_floor


def test_paraphrases_in_two_languages_and_scripts_are_one_group_and_other_subjects_are_not() -> None:
    texts = ["is there a gym in the building", "楼里有健身房吗", "樓裡有健身房嗎", "who are the mentors"]
    languages = ["en", "zh", "zh-Hant", "en"]
    questions = [
        Question(id=i, text=t, language=x) for i, (t, x) in enumerate(zip(texts, languages, strict=True))
    ]
    groups = group(questions, QuestionMeanings().read(texts))
    assert [sorted(m.question.id for m in g.members) for g in groups] == [[0, 1, 2], [3]]


def test_grouping_is_the_same_whatever_the_order(labeled: list[Labeled], rows: Rows) -> None:
    questions = [Question(id=i, text=q.question, language=q.lang) for i, q in enumerate(labeled)]
    backwards = group(questions[::-1], rows[::-1])
    assert {frozenset(m.question.id for m in g.members) for g in group(questions, rows)} == {
        frozenset(m.question.id for m in g.members) for g in backwards
    }


def test_the_same_words_count_once_for_the_middle_and_every_founder_for_the_size(rows: Rows) -> None:
    questions = [Question(id=i, text="Is there a gym?", language="en", founder=i % 3) for i in range(9)]
    (only,) = group(questions, np.repeat(rows[:1], 9, axis=0))
    assert (only.founders, len(only.members), only.representative.id) == (3, 9, 0)
    assert {m.likeness for m in only.members} == {1.0}


def test_a_chain_too_large_for_exact_clustering_is_cut_where_it_hangs_together_least(
    labeled: list[Labeled], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "_LARGEST_PART", 12)
    questions = [Question(id=i, text=q.question, language=q.lang) for i, q in enumerate(labeled)]
    groups = group(questions, rows)
    assert sorted(m.question.id for g in groups for m in g.members) == list(range(len(questions)))
    assert max(len(g.members) for g in groups) <= 12


def test_a_new_question_finds_its_group_or_none(labeled: list[Labeled], rows: Rows) -> None:
    night = [i for i, q in enumerate(labeled) if q.group == "night"]
    canteen = [i for i, q in enumerate(labeled) if q.group == "canteen"]
    groups = [(rows[x[1:]], [labeled[i].lang for i in x[1:]]) for x in (night, canteen)]
    found = nearest_group(rows[night[0]], labeled[night[0]].lang, groups)
    assert found is not None
    assert found[0] == 0
    stranger = next(i for i, q in enumerate(labeled) if q.group == "later-github")
    assert nearest_group(rows[stranger], "en", groups) is None
    assert nearest_group(rows[stranger], "en", []) is None


def test_nothing_asked_gives_no_groups() -> None:
    assert group([], np.zeros((0, WIDTH), dtype=np.float32)) == []


def test_a_packed_meaning_compares_as_before(labeled: list[Labeled], rows: Rows) -> None:
    languages = [q.lang for q in labeled[:20]]
    again = unpack_meanings([pack_meaning(row) for row in rows[:20]])
    before, after = (log_odds(r, languages, r, languages) for r in (rows[:20], again))
    assert float(np.abs(before - after).max()) < 0.05


@pytest.mark.parametrize("packed", [b"\0\0", b"\0" * 768, b"\2\0" + b"\0" * 1792], ids=len)
def test_a_meaning_of_another_version_is_not_compared(packed: bytes) -> None:
    assert not is_current(packed)
    with pytest.raises(ValueError, match="read again"):
        unpack_meanings([packed])
