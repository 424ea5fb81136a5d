from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from knowledge.config import KnowledgeConfig
from knowledge.evaluation import (
    LabeledQuestion,
    Measured,
    QuestionsInvalid,
    auroc,
    evaluate,
    read_questions,
    summarize,
    with_paths,
)
from knowledge.model import Answer
from tests.knowledge.rules import fill


def label(
    question: str, doc: str | None = None, section: str | None = None, **more: object
) -> LabeledQuestion:
    facts = {"answerable": doc is not None, "lang": None, **more}
    return LabeledQuestion(question=question, doc=doc, section=section, **facts)  # type: ignore[arg-type]


def measured(
    ranks: tuple[int | None, int | None] = (0, 0),
    *,
    answerable: bool = True,
    section: bool = True,
    confidence: float = 0.9,
    language: str = "en",
    milliseconds: float = 10.0,
) -> Measured:
    """A question that was asked; it is answered from a confidence of 0.5."""
    return Measured(
        label=label("q", "a.md" if answerable else None, "S" if section else None, answerable=answerable),
        answer=Answer(
            question="q",
            language=language,
            answered=confidence >= 0.5,
            text="",
            citations=(),
            confidence=confidence,
            answer_language=language,
            searched="q",
            retrieved=(),
            related=(),
            index_version="v",
            writer="none",
            timings={"total": milliseconds},
        ),
        language=language,
        document_rank=ranks[0],
        section_rank=ranks[1],
    )


def test_lines_of_json_become_labeled_questions(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    lines = [
        {"question": "What does it cost?", "doc": "a.md"},
        {
            "question": "多少钱？\u2028真的？",
            "doc": "b.md",
            "section": "费用",
            "lang": "zh",
            "also": [{"doc": "c.md"}, {"doc": "d.md", "section": "Fees"}],
            "split": "test",
        },
        {"question": "Will it rain?", "answerable": False},
    ]
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("\ufeff" + text.replace("\n\n", "\r\n\n"), encoding="utf-8")
    first, second, third = read_questions(path)
    assert first == label("What does it cost?", "a.md")
    assert first.places == (("a.md", None),)
    assert second.places == (("b.md", "费用"), ("c.md", None), ("d.md", "Fees"))
    assert (second.question, second.lang, second.split) == ("多少钱？\u2028真的？", "zh", "test")
    assert (third.answerable, third.doc, third.places) == (False, None, ())


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[1]",
        "null",
        '"text"',
        "{}",
        '{"doc": "a.md"}',
        '{"question": "no document"}',
        '{"question": 5, "doc": "a.md"}',
        '{"question": "q", "doc": 5}',
        '{"question": "q", "doc": "a.md", "section": 5}',
        '{"question": "q", "doc": "a.md", "also": [{"section": "S"}]}',
        '{"question": "q", "doc": "a.md", "also": ["b.md"]}',
        '{"question": "q", "doc": "a.md", "also": 5}',
    ],
)
def test_a_line_of_no_use_is_named_with_its_file_and_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "fine", "doc": "a.md"}\n\n' + line + "\n")
    with pytest.raises(QuestionsInvalid, match=r"q\.jsonl, line 3: "):
        read_questions(path)


def test_a_file_that_is_missing_or_empty_or_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    with pytest.raises(QuestionsInvalid, match=r"q\.jsonl cannot be read"):
        read_questions(path)
    path.write_bytes(b"\xff\xfe\x00\x01\xff")
    with pytest.raises(QuestionsInvalid, match=r"q\.jsonl cannot be read"):
        read_questions(path)
    path.write_text("\n  \n")
    with pytest.raises(QuestionsInvalid, match=r"q\.jsonl holds no question"):
        read_questions(path)


def test_auroc_is_the_chance_that_an_answerable_question_scores_higher() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert auroc([0.1], [0.9]) == 0.0
    assert auroc([0.5], [0.5]) == 0.5
    # Of six pairs four are right, one is a tie and one is wrong.
    assert auroc([0.9, 0.4], [0.1, 0.4, 0.5]) == 0.75
    assert auroc([], [0.5]) is None
    assert auroc([0.5], []) is None


def test_hits_and_reciprocal_ranks_are_counted_over_answerable_questions() -> None:
    figures = summarize(
        [
            measured((0, 0)),
            measured((1, 3)),
            measured((4, None)),
            measured((None, None), section=False, confidence=0.1),
            measured((0, 0), answerable=False, section=False, confidence=0.7),
            measured((None, None), answerable=False, section=False, confidence=0.2),
        ]
    )
    assert figures["n"] == 6
    assert [figures[f"document_hit@{k}"] for k in (1, 3, 5)] == [0.25, 0.5, 0.75]
    assert [figures[f"section_hit@{k}"] for k in (1, 3, 5)] == [0.3333, 0.3333, 0.6667]
    assert figures["mrr@10"] == pytest.approx((1 + 1 / 4 + 0 + 0) / 4, abs=1e-4)
    assert figures["answered_rate"] == 0.75
    assert figures["refused_rate"] == 0.5
    # 0.9 three times above both, 0.1 below both.
    assert figures["auroc"] == 0.75


def test_a_question_without_a_section_is_ranked_by_its_document() -> None:
    figures = summarize([measured((1, None), section=False)])
    assert figures["mrr@10"] == 0.5
    assert figures["section_hit@1"] is None


def test_every_language_has_the_same_figures_over_its_own_questions() -> None:
    rows = [measured((0, 0)), measured((None, None), language="zh"), measured((0, 0), language="zh")]
    figures = summarize(rows)
    by_language = figures.pop("by_language")
    assert list(by_language) == ["en", "zh"]
    assert by_language["en"].keys() == figures.keys()
    assert (by_language["en"]["n"], by_language["zh"]["n"]) == (1, 2)
    assert (by_language["en"]["section_hit@5"], by_language["zh"]["section_hit@5"]) == (1.0, 0.5)
    assert figures["section_hit@5"] == 0.6667


def test_answerable_questions_alone_leave_refusals_uncounted() -> None:
    figures = summarize([measured()])
    assert figures["refused_rate"] is None
    assert figures["auroc"] is None
    assert figures["answered_rate"] == 1.0


def test_unanswerable_questions_alone_leave_hits_uncounted() -> None:
    figures = summarize([measured((None, None), answerable=False, section=False, confidence=0.1)])
    for figure in ("document_hit@1", "section_hit@5", "mrr@10", "answered_rate", "auroc"):
        assert figures[figure] is None
    assert figures["refused_rate"] == 1.0


def test_percentiles_of_the_time_are_over_all_questions() -> None:
    figures = summarize([measured(milliseconds=float(ms)) for ms in range(1, 102)])
    assert (figures["p50_ms"], figures["p95_ms"]) == (51.0, 96.0)


QUESTIONS = [
    label("What does a summer berth cost?", "berths.md", "berth FEES"),
    label("What does a summer berth cost?", "crane.md", "Nowhere", also=(("berths.md", "Berth fees"),)),
    label("What does a summer berth cost?", "berths.md", "Night watch", lang="xx"),
    label("起重机能吊多重的船？", "crane.md"),
    label("Which soup does the canteen sell?", "gone.md", "Soup"),
    label("Who won the football world cup?"),
]


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    """Six questions on three files, by the real embedder."""
    folder = fill(
        tmp_path_factory.mktemp("documents"),
        berths="# Berths\n\n## Berth fees\n\nA summer berth costs 340 crowns for each meter.\n\n"
        "## Night watch\n\nA guard walks the piers from ten to six.\n",
        crane="# Crane\n\nThe crane lifts boats of up to twelve tons, every day but Sunday.\n",
        canteen="# Canteen\n\nThe canteen sells pea soup at noon.\n",
    )
    steps: list[tuple[str, int, int]] = []
    here = KnowledgeConfig(data_dir=folder / "untouched", program="base", chroma_url="http://127.0.0.1:9")
    found = asyncio.run(evaluate(here, QUESTIONS, folder, lambda *step: steps.append(step)))
    assert not (folder / "untouched").exists()
    assert steps[0] == ("ingest", 0, 4)
    assert [s for s in steps if s[0] == "ask"] == [("ask", n, 6) for n in range(1, 7)]
    return found


def test_documents_and_headings_are_found_by_rank_along_the_way_a_founder_asks(
    measures: list[Measured],
) -> None:
    assert [m.label for m in measures] == QUESTIONS
    assert [m.document_rank for m in measures] == [0, 0, 0, 0, None, None]
    assert [m.section_rank for m in measures[:2]] == [0, 0]
    assert measures[2].section_rank in {1, 2, 3}
    assert [m.section_rank for m in measures[3:]] == [None, None, None]


def test_a_file_may_be_named_without_its_folder_and_one_that_is_missing_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    questions = [
        label("a", "en/crane.md"),
        label("b", "berths.md", "Fees", also=(("crane.md", "Rules"),)),
        label("c", "gone.md"),
        label("d", "soup.md", answerable=False),
    ]
    found = with_paths(questions, ["en/crane.md", "zh/crane.md", "en/berths.md"])
    assert [one.doc for one in found] == ["en/crane.md", "en/berths.md", "gone.md", "soup.md"]
    assert found[1].also == (("crane.md", "Rules"),)
    assert "never found: crane.md, gone.md" in caplog.text


def test_a_label_names_the_language_and_otherwise_the_question_does(measures: list[Measured]) -> None:
    assert [m.language for m in measures] == ["en", "en", "xx", "zh", "en", "en"]


def test_the_answers_are_those_that_a_founder_would_get(measures: list[Measured]) -> None:
    figures = summarize(measures)
    assert figures["n"] == 6
    assert figures["refused_rate"] == 1.0
    assert figures["auroc"] == 1.0
    assert figures["document_hit@1"] == 0.8
    assert "340 crowns" in measures[0].answer.text
    assert measures[0].answer.writer == "extractive"
