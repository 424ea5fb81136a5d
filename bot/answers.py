"""An answer as `ask` shows it: as a line of JSON for scripts, or laid out for a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from knowledge.model import Answer, Citation


def answer_object(answer: Answer) -> dict[str, Any]:
    """The fields of `ask --json`, which scripts rely on: add to them, never rename."""
    return {
        "question": answer.question,
        "language": answer.language,
        "answered": answer.answered,
        "answer": answer.text,
        "citations": [_citation(citation) for citation in answer.citations],
        "confidence": round(answer.confidence, 4),
        "milliseconds": round(answer.milliseconds, 1),
    }


def answer_line(answer: Answer) -> str:
    """The answer as one line of JSON."""
    return json.dumps(answer_object(answer), ensure_ascii=False) + "\n"


def print_answer(answer: Answer, console: Console, *, repeat_question: bool = False) -> None:
    """Lay the answer out with its numbered sources; foreign text is never read as markup."""
    parts: list[RenderableType] = []
    if repeat_question:
        parts.append(Text(f"? {answer.question}", style="bold cyan"))
    parts.append(Text(answer.text or _refusal(answer)))
    parts.extend(_notes(answer))
    parts.extend(_source(citation) for citation in answer.citations)
    parts.append(
        Text(f"confidence {answer.confidence:.2f}, {answer.milliseconds:.0f} ms", style="dim", end="\n\n")
    )
    console.print(Group(*parts), soft_wrap=not console.is_terminal)


def _refusal(answer: Answer) -> str:
    text = "The documents do not say."
    if answer.related:
        text += " Near-by topics: " + "; ".join(topic.label for topic in answer.related) + "."
    return text


def _notes(answer: Answer) -> list[Text]:
    notes = []
    if answer.left:
        notes.append(f"No answer of its own was found to: {' / '.join(answer.left)}")
    if answer.answered and answer.answer_language != answer.language:
        notes.append(f"The document is in another language ({answer.answer_language}).")
    if any(citation.sample for citation in answer.citations):
        notes.append("Sample policy: made up for the sample program.")
    dates = sorted({citation.as_of for citation in answer.citations if citation.as_of})
    if dates:
        notes.append(f"As of {dates[0].isoformat()}.")
    return [Text(note, style="yellow") for note in notes]


def _source(citation: Citation) -> Text:
    line = Text(f"[{citation.number}] {citation.title}", style="dim")
    if citation.section and citation.section != citation.title:
        line.append(f" — {citation.section}")
    if citation.source:
        line.append(f"  {citation.source}", style="underline")
    return line


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "id": citation.passage_id,
        "document": citation.document_id,
        "section": citation.section,
        "source": citation.source,
        "quote": citation.quote,
    }
