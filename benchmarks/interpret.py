"""How messages of the labeled set are taken in the interview: `python -m benchmarks interpret`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.tables import table
from forms.load import load_form
from forms.model import Form, Value
from forms.state import State, examine
from handlers.apply.corrections import Asked
from handlers.apply.interpret import Ask, Meaning, interpret
from handlers.apply.leaning import Lean
from knowledge.config import KnowledgeConfig

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data" / "interview"
DOCUMENTS = ROOT / "programs" / "joint-base" / "documents"
FORMS = {
    "harbor": ROOT / "tests" / "data" / "forms" / "harbor.toml",
    "joint-base": ROOT / "programs" / "joint-base" / "application.toml",
}
TODAY = date(2026, 11, 22)
COLUMNS = ("answer", "question", "correction", "command", "chat", "unsure", "invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A labeled message; `track` picks the draft, `pending` the question that the chat shows."""

    form: str
    track: str
    pending: str | None
    language: str
    label: str
    text: str
    split: str
    expected: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a message was taken as, and how long that took."""

    message: Message
    meaning: Meaning
    milliseconds: float
    looked: bool

    @property
    def right(self) -> bool:
        """Whether it was taken as what it is, or questioned back."""
        label, kind = self.message.label, self.meaning.kind
        if kind == "unsure" or label == "unclear":
            return True
        if label == "both":
            return kind == "answer" and self.meaning.also_asks is not None
        if label == "invalid":
            return kind == "invalid"
        if label == "command":
            return kind == "command" and self.meaning.command == self.message.expected["command"]
        if label == "correction" and kind == "correction":
            # Without a key the founder is asked which answer is meant.
            return self.meaning.key in (None, self.message.expected.get("key", self.meaning.key))
        return kind == label

    @property
    def value_right(self) -> bool | None:
        """Whether the value is the expected one; None where none is expected."""
        if "data" not in self.message.expected or self.meaning.kind not in ("answer", "correction"):
            return None
        return self.meaning.value is not None and self.meaning.value.data == self.message.expected["data"]

    @property
    def stored(self) -> bool:
        """Whether a side question would be stored as an answer."""
        return (
            self.message.label == "question"
            and self.meaning.kind in ("answer", "correction")
            and (self.meaning.value is not None)
        )


def read_messages(name: str = "messages") -> list[Message]:
    """A labeled set in its order: "messages", or "fresh", which was written to be awkward."""
    found = []
    for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expected = {name: row.pop(name) for name in ("data", "key", "command") if name in row}
        found.append(Message(**row, expected=expected))
    return found


@lru_cache(maxsize=2)
def form_of(name: str) -> Form:
    """One of the two forms of the labeled set."""
    return load_form(FORMS[name], timezone=ZoneInfo("Asia/Shanghai"))


@lru_cache(maxsize=128)
def draft(form: str, track: str, pending: str | None) -> tuple[dict[str, Value], State]:
    """A full draft but for the pending question."""
    drafts = json.loads((DATA / "drafts.json").read_text(encoding="utf-8"))
    rows = {**drafts[form]["all"], **drafts[form].get(track, {}), "track": track}
    answers = {key: Value(data=data) for key, data in rows.items() if key != pending}
    return answers, examine(form_of(form), answers, TODAY)


async def take(message: Message, ask: Ask, lean: Lean | None = None) -> Taken:
    """Interpret one message of the set."""
    answers, state = draft(message.form, message.track, message.pending)
    slot = state.slot(message.pending) if message.pending else None
    if message.pending and slot is None:
        raise LookupError(f"{message.pending} is not a question of {message.form}, {message.track}")
    asked = 0

    async def counted(text: str) -> Any:
        nonlocal asked
        asked += 1
        return await ask(text)

    started = time.perf_counter()
    beside = Asked(slot=slot, state=state, answers=answers, language=message.language, today=TODAY)
    meaning = await interpret(message.text, beside, counted, lean)
    return Taken(
        message=message,
        meaning=meaning,
        milliseconds=(time.perf_counter() - started) * 1000,
        looked=asked > 0,
    )


async def take_all(folder: Path, messages: Sequence[Message]) -> list[Taken]:
    """Interpret messages with the sample program's documents at hand; `folder` keeps their index."""
    from knowledge.embeddings import build_embeddings
    from knowledge.ingest import ingest
    from knowledge.service import Knowledge

    config = KnowledgeConfig(data_dir=folder, program="interpret")
    if not (folder / "indexed").exists():
        await asyncio.to_thread(ingest, config, DOCUMENTS, build_embeddings(config.embeddings))
        (folder / "indexed").touch()
    knowledge = await asyncio.to_thread(Knowledge.open, config)
    try:
        return [await take(message, knowledge.ask, knowledge.leaning) for message in messages]
    finally:
        await knowledge.close()


def figures(taken: Sequence[Taken]) -> dict[str, float]:
    """The shares that matter."""
    questions = [one for one in taken if one.message.label == "question"]
    values = [right for one in taken if (right := one.value_right) is not None]
    plain = [one for one in taken if one.message.label == "answer"]
    return {
        "n": len(taken),
        "right_or_questioned_back": sum(one.right for one in taken) / len(taken),
        "questions_stored": sum(one.stored for one in taken) / len(questions),
        "unsure": sum(one.meaning.kind == "unsure" for one in taken) / len(taken),
        "plain_answers_unsure": sum(one.meaning.kind == "unsure" for one in plain) / len(plain),
        "values_right": sum(values) / len(values) if values else 1.0,
        "looked_up": sum(one.looked for one in taken) / len(taken),
    }


def confusion(taken: Sequence[Taken]) -> list[tuple[Any, ...]]:
    """A row a label, a column a kind."""
    counts = Counter((one.message.label, str(one.meaning.kind)) for one in taken)
    labels = sorted({one.message.label for one in taken})
    return [(label, *(counts[label, kind] for kind in COLUMNS)) for label in labels]


def main() -> None:
    """Measure both sets and print them as Markdown."""
    with TemporaryDirectory(prefix="founder-bot-interpret-") as folder:
        for name in ("messages", "fresh"):
            show(name, asyncio.run(take_all(Path(folder), read_messages(name))))


def show(name: str, taken: Sequence[Taken]) -> None:
    """Print tables for both parts of a set."""
    splits = sorted({one.message.split for one in taken})
    for split in splits:
        part = [one for one in taken if one.message.split == split]
        table(f"{name}, {split} part: {len(part)} messages", ("is", *COLUMNS), confusion(part))
    rows = [(s, *figures([one for one in taken if one.message.split == s]).values()) for s in splits]
    table("Shares", ("part", *figures(taken)), rows)
    times = sorted(one.milliseconds for one in taken if not one.looked)
    print(f"without a look into the documents: median {times[len(times) // 2]:.2f} ms", file=sys.stderr)


if __name__ == "__main__":
    main()
