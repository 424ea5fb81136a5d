"""From an empty data folder to answers, with the real embedder on one small document."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bot.conftest import DOCUMENT, Installation
from tests.spent import spent_by_children

QUESTION = "How long is a berth let?"


def founder_bot(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "bot", *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


def test_the_very_first_question_indexes_the_documents_by_itself(installation: Installation) -> None:
    done = founder_bot("ask", "--json", QUESTION)
    assert done.returncode == 0, done.stderr
    assert "Nothing has been indexed yet" in done.stderr
    answer = json.loads(done.stdout)
    assert list(answer) == [
        "question", "language", "answered", "answer", "citations", "confidence", "milliseconds",
    ]  # fmt: skip
    assert answer["question"] == QUESTION
    assert answer["answered"] is True
    assert "eleven months" in answer["answer"]
    assert list(answer["citations"][0]) == ["id", "document", "section", "source", "quote"]
    assert answer["citations"][0]["document"] == "berths"


def test_questions_from_standard_input_are_answered_line_by_line_while_the_next_is_awaited(
    installation: Installation, command: Callable[..., int]
) -> None:
    assert command("ingest") == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "ask", "-", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"\ufeff{QUESTION}\n\n".encode())
    process.stdin.flush()
    first = json.loads(process.stdout.readline())
    process.stdin.write(b"\xff\xfe broken bytes?\nWho may use the crane?")
    process.stdin.close()
    rest = [json.loads(line) for line in process.stdout]
    process.stdout.close()
    assert process.wait(30) == 0
    assert first["question"] == QUESTION
    assert [answer["question"] for answer in rest] == ["\ufffd\ufffd broken bytes?", "Who may use the crane?"]


def test_setting_up_twice_does_nothing_the_second_time_and_quickly(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("setup") == 0
    assert "1 documents, 2 passages" in capsys.readouterr().out
    index = sorted((installation.data / "index").rglob("*"))
    said = []
    cost = spent_by_children(lambda: said.append(founder_bot("setup").stdout))
    assert said == ["founder-bot is ready; nothing has changed.\n"]
    assert cost < 3
    assert sorted((installation.data / "index").rglob("*")) == index


def test_setting_up_again_takes_in_a_changed_document_and_a_lost_index(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("setup") == 0
    (installation.documents / "berths.md").write_text(DOCUMENT.replace("eleven", "twelve"), encoding="utf-8")
    capsys.readouterr()
    assert command("setup") == 0
    assert "1 embedded, 1 unchanged" in capsys.readouterr().out
    (installation.data / "founder-bot.db").unlink()
    assert command("setup") == 0
    assert "The database is at revision" in capsys.readouterr().out


def test_a_folder_that_was_indexed_by_hand_stays_the_one_that_is_indexed(
    installation: Installation,
    command: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "tides.md").write_text("# Tides\n\nHigh water is at noon.\n", encoding="utf-8")
    (other / "broken.pdf").write_bytes(b"no pdf")
    assert command("ingest", str(other)) == 0
    out = capsys.readouterr().out
    assert "1 documents" in out
    assert "Not read: broken.pdf:" in out
    assert command("setup") == 0
    capsys.readouterr()
    (other / "tides.md").write_text("# Tides\n\nHigh water is at midnight.\n", encoding="utf-8")
    assert command("setup") == 0
    assert "1 documents, 1 passages: 1 embedded" in capsys.readouterr().out


def test_a_folder_without_a_readable_document_is_refused_in_one_sentence(
    installation: Installation,
    command: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("ingest", str(tmp_path / "missing")) == 1
    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith("Error: The documents folder")
    assert len(error) == 2


def test_an_empty_question_is_refused(
    command: Callable[..., int], installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("ask", "  ") == 1
    assert "There is no question" in capsys.readouterr().err


def test_eval_prints_one_object_with_a_part_for_each_language(
    installation: Installation,
    command: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    questions = tmp_path / "questions.jsonl"
    rows = [
        {"question": QUESTION, "doc": "berths.md", "section": "How long is a berth let?", "lang": "en"},
        {"question": "What is the capital of Peru?", "answerable": False, "lang": "en"},
    ]
    questions.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    words = ("eval", str(questions), "--documents", str(installation.documents))
    assert command(*words, "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["n"] == 2
    assert figures["document_hit@1"] == 1.0
    assert figures["by_language"]["en"]["n"] == 2
    assert command(*words) == 0
    assert "section_hit@1" in capsys.readouterr().out
