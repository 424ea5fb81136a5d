"""A running Knowledge: the event loop, the end, newer indexes and a chat model."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage

from knowledge import service
from knowledge.config import KnowledgeConfig
from knowledge.ingest import ingest
from knowledge.retrieval import Shelf
from knowledge.service import Knowledge
from knowledge.store import current_version, open_current
from knowledge.writer import ModelWriter
from tests.knowledge.rules import RULE, RuleEmbeddings, config, fill

SLOW = 0.5


class SlowEmbeddings(RuleEmbeddings):
    """Takes its time, and remembers on which threads."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()

    def embed_query(self, text: str) -> list[float]:
        self.threads.add(threading.current_thread().name)
        time.sleep(SLOW)
        return super().embed_query(text)


@asynccontextmanager
async def opened(
    here: KnowledgeConfig, embeddings: Embeddings | None = None, writer: Any = None
) -> AsyncIterator[Knowledge]:
    """Knowledge over the rule embedder's index, as Knowledge.open puts it together."""

    def load() -> Shelf:
        snapshot = open_current(here, RULE)
        return Shelf(snapshot.version, snapshot.passages, snapshot.vectors, snapshot.readings)

    knowledge = Knowledge(here, embeddings or RuleEmbeddings(), load, lambda: current_version(here), writer)
    try:
        yield knowledge
    finally:
        await knowledge.close()


def piers(tmp_path: Path, text: str = "The keeper of the blue pier is called Alma.") -> KnowledgeConfig:
    """An indexed folder of three sections; everything found there is answered."""
    here = config(tmp_path / "data", threshold=0.0)
    ingest(
        here,
        fill(
            tmp_path / "docs",
            a=f"## Blue pier\n\n{text}\n\n## Red pier\n\nThe keeper of the red pier is called Bosse.\n\n"
            "## Gull pier\n\nNobody keeps the gull pier.\n",
        ),
        RuleEmbeddings(),
    )
    return here


async def test_the_event_loop_goes_on_while_slow_questions_overlap(tmp_path: Path) -> None:
    embeddings = SlowEmbeddings()
    async with opened(piers(tmp_path), embeddings) as knowledge:
        await knowledge.ask("warm up")
        gaps, done = [0.0], asyncio.Event()

        async def tick() -> None:
            last = time.perf_counter()
            while not done.is_set():
                await asyncio.sleep(0.01)
                now = time.perf_counter()
                gaps.append(now - last)
                last = now

        ticker = asyncio.create_task(tick())
        colors = {"blue": "Alma", "red": "Bosse", "gull": "Nobody"}
        answers = await asyncio.gather(*(knowledge.ask(f"Who keeps the {c} pier?") for c in colors))
        done.set()
        await ticker
    assert len(gaps) > 3 * SLOW / 0.1
    assert statistics.median(gaps) < SLOW * 0.3
    assert "MainThread" not in embeddings.threads
    for answer, name in zip(answers, colors.values(), strict=True):
        assert name in answer.text


async def test_closing_lets_a_question_under_way_finish(tmp_path: Path) -> None:
    async with opened(piers(tmp_path), SlowEmbeddings()) as knowledge:
        asking = asyncio.create_task(knowledge.ask("Who keeps the blue pier?"))
        await asyncio.sleep(SLOW / 2)
        await asyncio.gather(knowledge.close(), asking)
    assert "Alma" in asking.result().text


async def test_a_running_bot_answers_from_a_new_index_within_two_seconds(tmp_path: Path) -> None:
    here = piers(tmp_path)
    async with opened(here) as knowledge:
        before = await knowledge.ask("Who keeps the blue pier?")
        await asyncio.to_thread(piers, tmp_path, "The keeper of the blue pier is now called Cilla.")
        await asyncio.sleep(2)
        after = await knowledge.ask("Who keeps the blue pier?")
    assert "Alma" in before.text
    assert "Cilla" in after.text
    assert after.index_version == current_version(here) != before.index_version


async def test_a_broken_new_index_leaves_the_old_one_in_use_until_a_whole_one_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "_WATCH_SECONDS", 0.05)
    here = piers(tmp_path)
    async with opened(here) as knowledge:
        old = knowledge.version
        piers(tmp_path, "The keeper of the blue pier is now called Cilla.")
        broken = current_version(here)
        assert broken is not None
        (here.data_dir / "index" / here.program / broken / "chroma.sqlite3").write_bytes(b"not a database")
        await knowledge.ask("Who keeps the blue pier?")
        await asyncio.sleep(0.4)
        answer = await knowledge.ask("Who keeps the blue pier?")
        assert "the index in memory stays in use" in caplog.text
        assert ("Alma" in answer.text, answer.index_version) == (True, old)
        await asyncio.to_thread(piers, tmp_path, "The keeper of the blue pier is now called Doris.")
        for _ in range(100):
            if knowledge.version == current_version(here):
                break
            await asyncio.sleep(0.05)
        assert "Doris" in (await knowledge.ask("Who keeps the blue pier?")).text


async def test_an_index_that_was_taken_away_leaves_the_one_in_memory_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_WATCH_SECONDS", 0.05)
    here = piers(tmp_path)
    async with opened(here) as knowledge:
        await knowledge.ask("Who keeps the blue pier?")
        (here.data_dir / "index").rename(tmp_path / "elsewhere")
        await asyncio.sleep(0.3)
        assert "Alma" in (await knowledge.ask("Who keeps the blue pier?")).text


class Chatter:
    """A chat model that says one thing, or hangs."""

    def __init__(self, reply: str, seconds: float = 0.0) -> None:
        self.reply, self.seconds, self.calls = reply, seconds, 0

    async def ainvoke(self, messages: Any) -> AIMessage:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        return AIMessage(content=self.reply)


async def test_a_chat_model_puts_the_answer_into_words_and_cites_what_was_retrieved(tmp_path: Path) -> None:
    writer = ModelWriter(Chatter("It is Alma, as the yard says [1]."), "test:model")
    async with opened(piers(tmp_path), writer=writer) as knowledge:
        answer = await knowledge.ask("Who keeps the blue pier?")
    assert (answer.text, answer.writer) == ("It is Alma, as the yard says [1].", "test:model")
    assert [c.section for c in answer.citations] == ["Blue pier"]
    assert answer.citations[0].passage_id == answer.retrieved[0].passage.id


@pytest.mark.parametrize(
    "model",
    [Chatter("No mark."), Chatter("The moon [9]."), Chatter("", 0.0), Chatter("Late [1].", 30)],
    ids=["no mark", "unknown mark", "nothing", "hangs"],
)
async def test_a_chat_model_that_cannot_be_trusted_is_replaced_by_the_quotation(
    tmp_path: Path, model: Chatter
) -> None:
    async with opened(piers(tmp_path), writer=ModelWriter(model, "test:model", 0.3)) as knowledge:
        started = time.perf_counter()
        answer = await knowledge.ask("Who keeps the blue pier?")
    assert model.calls == 1
    assert time.perf_counter() - started < 20
    assert answer.writer == "extractive"
    assert "called Alma. [1]" in answer.text


async def test_a_refusal_costs_no_call_of_the_chat_model(tmp_path: Path) -> None:
    model, here = Chatter("Yes [1]."), piers(tmp_path)
    strict = config(here.data_dir, threshold=1.1)
    async with opened(strict, writer=ModelWriter(model, "test:model")) as knowledge:
        assert not (await knowledge.ask("Who keeps the blue pier?")).answered
    assert model.calls == 0


async def test_a_section_is_found_by_document_and_heading_in_the_language_wanted(tmp_path: Path) -> None:
    here = config(tmp_path / "data", threshold=0.0)
    docs = tmp_path / "docs"
    fill(docs / "en", piers="# Piers\n\n## Blue pier\n\nAlma keeps it.\n\n## Gull pier\n\nNobody does.\n")
    fill(docs / "zh", piers="# 码头\n\n## 蓝码头\n\n阿尔玛看管。\n\n## Blue pier\n\n也叫蓝码头。\n")
    ingest(here, docs, RuleEmbeddings())
    async with opened(here) as knowledge:
        found = {
            (heading, language): knowledge.section("piers", heading, language)
            for heading in ("Blue pier", "blue  PIER", "Gull pier", "蓝码头", "Red pier")
            for language in ("en", "zh")
        }
        assert knowledge.section("boats", "Blue pier", "en") is None
        assert knowledge.section("en/piers", "Gull pier", "zh") is not None
    texts = {key: passage.text if passage else None for key, passage in found.items()}
    assert texts["Blue pier", "en"] == texts["blue  PIER", "en"] == "Alma keeps it."
    assert texts["Blue pier", "zh"] == "也叫蓝码头。"
    assert texts["Gull pier", "en"] == texts["Gull pier", "zh"] == "Nobody does."
    assert texts["蓝码头", "en"] == "阿尔玛看管。"
    assert texts["Red pier", "en"] is texts["Red pier", "zh"] is None
