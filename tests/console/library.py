"""A console over documents in a folder, with an index that answers: what tests of documents use."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.background import background
from bot.publishing import Publisher
from handlers.ask import _trace
from handlers.review.documents import DocumentDesk
from knowledge.config import KnowledgeConfig
from knowledge.embeddings import BUNDLED, build_embeddings
from knowledge.evaluation import LabeledQuestion
from knowledge.ingest import ingest
from knowledge.library import Library
from knowledge.rehearsal import Rehearsals
from knowledge.service import Knowledge
from storage.database import Database
from storage.entries import NewTrace
from tests.console.desk import Desk
from tests.knowledge.rules import config, fill
from tests.storage.builders import a_person, answers, asked

LIFTS = "How much does the crane lift?"
LEAVES = "When does the ferry leave?"
UNKNOWN = "What does the soup in the canteen cost?"
GOLDEN = LabeledQuestion(question=LIFTS, doc="crane.md", section=LIFTS, answerable=True, lang="en")
FILES = {
    "crane": "---\nid: en/crane\nlanguage: en\ntwin: zh/crane\nas_of: 2025-01-15\n"
    "sources: [https://harbor.example.org/crane]\n---\n# Crane\n\n"
    f"## {LIFTS}\n\nThe old crane lifts nine tonnes.\n\n"
    "## Who may use the crane?\n\nEvery tenant with a **license** may use it.\n",
    "qi": "---\nid: zh/crane\nlanguage: zh\ntwin: en/crane\n---\n# 起重机\n\n"
    "## 起重机能吊多重？\n\n旧起重机可以吊九吨。\n\n## 谁可以使用起重机？\n\n有执照的租户都可以使用。\n",
    "berths": "---\nid: en/berths\nlanguage: en\ntwin: zh/berths\nsample: true\n---\n# Berths\n\n"
    "## How long is a berth let?\n\nA berth in the harbor is let for eleven months.\n",
    "fair": "---\nid: en/fair\nlanguage: en\nvalid_until: 2025-03-31\n---\n# Fair\n\n"
    "## When is the harbor fair?\n\nThe harbor fair is in March.\n",
}


def harbor(place: Path) -> KnowledgeConfig:
    """Index a folder; takes seconds, so tests share it."""
    made = config(place / "data", embeddings=BUNDLED, languages=("zh", "en"), zone=ZoneInfo("Asia/Shanghai"))
    ingest(made, fill(place / "documents", **FILES), build_embeddings(BUNDLED))
    return made


@dataclass
class Shelf:
    """Documents behind a console."""

    desk: DocumentDesk
    database: Database
    knowledge: Knowledge

    async def asked(self, question: str) -> int:
        """Store a founder's question and its answer as a turn does; returns the conversation."""
        person = await a_person(self.database)
        message = await asked(self.database, person, question)
        note = _trace(await self.knowledge.ask(question))
        values = {name: getattr(note, name) for name in note.__slots__}
        trace = NewTrace(
            message_id=message.id, conversation_id=message.conversation_id, route="ask", **values
        )
        async with self.database.unit_of_work() as work:
            await work.traces.add(trace)
            await answers(work, message)
        return message.conversation_id


@contextlib.asynccontextmanager
async def shelved(console: Desk, indexed: KnowledgeConfig) -> AsyncIterator[Shelf]:
    """Give a console the documents of an index."""
    knowledge = Knowledge.open(indexed)
    publisher = Publisher(
        console.database, knowledge, Library(indexed, lambda: indexed.data_dir.parent / "documents")
    )
    rehearsals = Rehearsals(publisher.library, [GOLDEN], knowledge.in_background())
    desk = DocumentDesk(console.database, knowledge, publisher, rehearsals, console.clock)
    object.__setattr__(console.console.services, "documents", desk)
    try:
        async with background(publisher.keep()):
            assert await publisher.published()
            try:
                yield Shelf(desk, console.database, knowledge)
            finally:
                await console.console.trials.settled()
    finally:
        await knowledge.close()
