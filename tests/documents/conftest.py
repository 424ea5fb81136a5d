"""A harbor with documents in a folder, a database and an index that answers, for tests of publishing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.background import background
from bot.publishing import Publisher
from knowledge.config import KnowledgeConfig
from knowledge.ingest import ingest
from knowledge.library import Library
from knowledge.retrieval import Shelf
from knowledge.service import Knowledge
from knowledge.store import current_version, open_current
from storage.database import Database
from storage.document_records import DocumentRecord, NewDocument
from tests.knowledge.rules import RULE, RuleEmbeddings, config, fill

HARBOR = {
    "berths": "---\nid: en/berths\nlanguage: en\n---\n# Berths\n\n## How long is a berth let?\n\n"
    "A berth in the harbor is let for eleven months.\n\n"
    "## Who may use the slipway?\n\nEvery tenant may use the slipway on weekdays.\n",
    "crane": "---\nid: en/crane\nlanguage: en\n---\n# Crane\n\n## How much does the crane lift?\n\n"
    "The old crane lifts nine tonnes.\n",
}


class PacedEmbeddings(RuleEmbeddings):
    """Takes `pause` seconds for every batch of passages."""

    pause = 0.0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        time.sleep(self.pause)
        return super().embed_documents(texts)


@dataclass
class Harbor:
    """One process with its own index."""

    database: Database
    knowledge: Knowledge
    library: Library
    publisher: Publisher
    embeddings: PacedEmbeddings

    async def save(self, new: NewDocument, based_on: int = 0) -> DocumentRecord:
        async with self.database.unit_of_work() as work:
            return await work.documents.save(new, author="Ada", based_on=based_on)

    async def answer(self, question: str) -> str:
        return (await self.knowledge.ask(question)).text


def crane(text: str = "The new crane lifts twelve tonnes.", **changes: Any) -> NewDocument:
    facts: dict[str, Any] = {
        "id": "en/crane",
        "language": "en",
        "title": "Crane",
        "markdown": f"## How much does the crane lift?\n\n{text}\n",
        "origin": "edited",
        **changes,
    }
    return NewDocument(**facts)


def ferry(text: str = "The ferry leaves at seven.", **changes: Any) -> NewDocument:
    facts: dict[str, Any] = {
        "id": "en/ferry",
        "title": "Ferry",
        "markdown": f"## When does the ferry leave?\n\n{text}\n",
        "origin": "faq",
        **changes,
    }
    return crane(**facts)


@contextlib.asynccontextmanager
async def a_process(
    database: Database, here: KnowledgeConfig, folder: Path, *, publishing: bool = True
) -> AsyncIterator[Harbor]:
    """A process at work: what `run` starts, without a channel."""
    embeddings = PacedEmbeddings()

    def load() -> Shelf:
        snapshot = open_current(here, RULE)
        return Shelf(snapshot.version, snapshot.passages, snapshot.vectors, snapshot.readings)

    knowledge = Knowledge(here, embeddings, load, lambda: current_version(here))
    library = Library(here, lambda: folder)
    publisher = Publisher(database, knowledge, library)
    try:
        async with background(*([publisher.keep()] if publishing else [])):
            yield Harbor(database, knowledge, library, publisher, embeddings)
    finally:
        await knowledge.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "documents", **HARBOR)


@pytest.fixture
def here(tmp_path: Path, folder: Path) -> KnowledgeConfig:
    """An index of the folder; whatever is found is answered."""
    made = config(tmp_path / "data", threshold=0.0, languages=("en",))
    ingest(made, folder, RuleEmbeddings())
    return made


@pytest.fixture
async def harbor(database: Database, here: KnowledgeConfig, folder: Path) -> AsyncIterator[Harbor]:
    async with a_process(database, here, folder) as process:
        yield process


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 120.0) -> None:
    """Wait until something holds, which a slow machine may take its time for."""
    for _ in range(int(seconds / 0.05)):
        if await holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about in time")
