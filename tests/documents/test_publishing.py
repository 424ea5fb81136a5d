from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from bot.background import background
from handlers.review.overlay import overlay_of
from knowledge.config import KnowledgeConfig
from knowledge.errors import KnowledgeError
from knowledge.ingest import ingest
from knowledge.store import build_store, current_overlay, current_version
from storage.database import Database
from tests.documents.conftest import Harbor, a_process, crane, ferry, until
from tests.knowledge.rules import RuleEmbeddings, config
from tests.knowledge.test_store import chroma_server  # noqa: F401 - a fixture

LIFTS, LEAVES = "How much does the crane lift?", "When does the ferry leave?"


async def test_a_saved_document_is_answered_from_at_once_and_only_it_is_embedded(harbor: Harbor) -> None:
    assert "nine" in await harbor.answer(LIFTS)
    await harbor.save(ferry())
    assert await harbor.publisher.published()
    assert "seven" in await harbor.answer(LEAVES)
    assert "nine" in await harbor.answer(LIFTS)
    assert [text for text in harbor.embeddings.embedded if "crane" in text] == []


async def test_a_document_with_the_id_of_a_file_takes_its_place_until_it_is_removed(harbor: Harbor) -> None:
    await harbor.save(crane())
    await until(lambda: _says(harbor, LIFTS, "twelve"))
    async with harbor.database.unit_of_work() as work:
        await work.documents.remove("en/crane", author="Ada", based_on=1)
    await until(lambda: _says(harbor, LIFTS, "nine"))
    assert "twelve" not in await harbor.answer(LIFTS)


async def test_an_answer_names_the_version_it_rests_on(harbor: Harbor) -> None:
    first = await harbor.save(crane("The new crane lifts ten tonnes."))
    second = await harbor.save(crane(), based_on=1)
    await until(lambda: _says(harbor, LIFTS, "twelve"))
    answer = await harbor.knowledge.ask(LIFTS)
    assert answer.retrieved[0].passage.document_version == f"2-{second.digest[:16]}"
    assert first.digest != second.digest


async def test_many_saves_in_a_row_make_few_generations(harbor: Harbor, here: KnowledgeConfig) -> None:
    published: list[str] = []
    store = build_store(here)

    async def watch() -> None:
        while True:
            version = (await asyncio.to_thread(store.current)).generation  # type: ignore[union-attr]
            if version not in published:
                published.append(version)
            await asyncio.sleep(0.01)

    async with background(watch()):
        for number in range(30):
            await harbor.save(crane(f"It lifts {number} tonnes."), based_on=number)
            harbor.publisher.changed()
        await harbor.publisher.published()
        await until(lambda: _says(harbor, LIFTS, "29"))
    assert len(published) < 15


async def test_a_document_committed_by_a_process_that_died_is_published_by_another(
    database: Database, here: KnowledgeConfig, folder: Path
) -> None:
    async with a_process(database, here, folder, publishing=False) as dying:
        await dying.save(ferry())
    assert current_overlay(here) == ""
    async with a_process(database, here, folder) as other:
        await until(lambda: _says(other, LEAVES, "seven"))


async def test_two_machines_with_indexes_of_their_own_both_answer(
    database: Database, tmp_path: Path, here: KnowledgeConfig, folder: Path
) -> None:
    elsewhere = config(tmp_path / "elsewhere", threshold=0.0, languages=("en",))
    ingest(elsewhere, folder, RuleEmbeddings())
    async with a_process(database, here, folder) as one, a_process(database, elsewhere, folder) as other:
        await one.save(ferry())
        await until(lambda: _says(one, LEAVES, "seven"))
        await until(lambda: _says(other, LEAVES, "seven"))
        assert await one.answer(LEAVES) == await other.answer(LEAVES)


async def test_with_a_chroma_server_one_process_publishes_for_all(
    database: Database,
    tmp_path: Path,
    folder: Path,
    chroma_server: str,  # noqa: F811
) -> None:
    machines = [
        config(tmp_path / name, program="shared", chroma_url=chroma_server, threshold=0.0, languages=("en",))
        for name in ("one", "other")
    ]
    ingest(machines[0], folder, RuleEmbeddings())
    async with (
        a_process(database, machines[0], folder) as one,
        a_process(database, machines[1], folder, publishing=False) as other,
    ):
        await one.save(ferry())
        await until(lambda: _says(other, LEAVES, "seven"))
        assert "seven" in await one.answer(LEAVES)


async def test_publishing_waits_for_an_ingest_that_holds_the_lock(
    harbor: Harbor, here: KnowledgeConfig
) -> None:
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with build_store(here).ingesting():
            held.set()
            let_go.wait(30)

    holding = asyncio.create_task(asyncio.to_thread(hold))
    await asyncio.to_thread(held.wait, 10)
    await harbor.save(ferry())
    assert not await harbor.publisher.published(seconds=1.0)
    let_go.set()
    await holding
    assert await harbor.publisher.published()
    await until(lambda: _says(harbor, LEAVES, "seven"))


async def test_an_ingest_takes_in_what_staff_have_written(
    database: Database, here: KnowledgeConfig, folder: Path
) -> None:
    from knowledge.ingest import Sources

    async with a_process(database, here, folder, publishing=False) as process:
        await process.save(ferry())
        overlay = await overlay_of(database)
        report = ingest(here, Sources(folder=folder, overlay=overlay), RuleEmbeddings())
        again = ingest(here, Sources(folder=folder, overlay=overlay), RuleEmbeddings())
        await until(lambda: _says(process, LEAVES, "seven"))
    assert report.documents == 3
    assert again.index_version == report.index_version == current_version(here)
    async with database.unit_of_work(read_only=True) as work:
        assert current_overlay(here) == await work.documents.state()


async def test_a_folder_that_is_gone_keeps_the_old_index_and_says_so(harbor: Harbor, folder: Path) -> None:
    assert "nine" in await harbor.answer(LIFTS)
    away = await asyncio.to_thread(folder.rename, folder.with_name("away"))
    await harbor.save(crane())
    with pytest.raises(KnowledgeError, match="does not exist"):
        await harbor.publisher.published()
    assert "nine" in await harbor.answer(LIFTS)
    await asyncio.to_thread(away.rename, folder)
    assert await harbor.publisher.published()
    await until(lambda: _says(harbor, LIFTS, "twelve"))


async def test_founders_questions_go_before_the_passages_of_a_large_document(harbor: Harbor) -> None:
    harbor.embeddings.pause = 0.1
    sections = "\n\n".join(f"## Rule {n}\n\nThe rule with number {n} is short." for n in range(400))
    await harbor.save(ferry(markdown=sections))
    await until(lambda: _embedded(harbor, 1))
    assert "nine" in await harbor.answer(LIFTS)
    assert len(harbor.embeddings.embedded) < 200
    assert await harbor.publisher.published()
    assert len(harbor.embeddings.embedded) == 400


async def _embedded(harbor: Harbor, count: int) -> bool:
    return len(harbor.embeddings.embedded) >= count


async def _says(harbor: Harbor, question: str, word: str) -> bool:
    return word in await harbor.answer(question)
