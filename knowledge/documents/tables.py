"""Spreadsheets into Markdown: a table of questions and answers becomes one section a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from knowledge.documents.text import Unreadable

Rows = list[list[str]]
_ASKED = "question questions q faq 问题 問題 问 問 提问 常见问题 frage pregunta domanda"
_SAID = "answer answers a reply 答案 回答 答 解答 答复 答覆 antwort respuesta risposta"
_QUESTION, _ANSWER = frozenset(_ASKED.split()), frozenset(_SAID.split())
_HEADER_ROWS = 5


def from_csv(text: str) -> Rows:
    """Read comma, semicolon or tab separated values, whichever makes most columns of the first line.

    Raises Unreadable where a field has ten million characters, as after a quotation mark that nothing closes.
    """
    # Fields of a spreadsheet may be longer than the reader's cautious default.
    csv.field_size_limit(10_000_000)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise Unreadable(f"is not a table of separated values ({error})", "damaged") from error


def to_markdown(sheets: Iterable[tuple[str, Rows]]) -> str:
    """Write sheets of (name, rows) as Markdown; a name becomes a heading only beside other sheets."""
    filled = [(name, [_tidy(row) for row in rows]) for name, rows in sheets]
    filled = [(name, [row for row in rows if any(row)]) for name, rows in filled]
    filled = [(name, rows) for name, rows in filled if rows]
    parts: list[str] = []
    for name, rows in filled:
        faq = _questions(rows)
        if faq is None and len(filled) > 1 and name:
            parts.append(f"## {name}")
        parts.append(_table(rows) if faq is None else faq)
    return "\n\n".join(parts) + "\n" if parts else ""


def _questions(rows: Rows) -> str | None:
    """Return one section a question, or None when no row near the top names both columns."""
    for index, row in enumerate(rows[:_HEADER_ROWS]):
        names = [cell.strip().strip(":：*").casefold() for cell in row]
        question = next((i for i, name in enumerate(names) if name in _QUESTION), None)
        answer = next((i for i, name in enumerate(names) if name in _ANSWER), None)
        if question is not None and answer is not None:
            return "\n\n".join(_pairs(rows[index + 1 :], question, answer))
    return None


def _pairs(rows: Rows, question: int, answer: int) -> Iterable[str]:
    for row in rows:
        asked = _cell(row, question)
        said = _cell(row, answer)
        if asked and said:
            # A line of the answer must not open a section of its own.
            body = re.sub(r"^[ \t]*#+[ \t]*", "", said, flags=re.MULTILINE)
            yield f"## {' '.join(asked.split())}\n\n{body}"


def _table(rows: Rows) -> str:
    width = max(len(row) for row in rows)
    lines = ["| " + " | ".join(_inline(_cell(row, i)) for i in range(width)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join(["---"] * width) + " |")
    return "\n".join(lines)


def _cell(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _inline(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


def _tidy(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row]
