"""An announcement is knowledge from its sending to its end: the index, the database and real search."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.announce.steering import By, cancel, confirm, correct, delete
from knowledge.config import KnowledgeConfig
from storage.announcement_records import NewAnnouncement
from storage.database import Database
from tests.conversation.fakes import PROGRAM
from tests.documents.conftest import Harbor, a_process, folder, here

__all__ = ["folder", "here"]
BY = By(name="Jie")
REGATTA = "Night regatta\nThe night regatta starts on Friday at seven; bring lanterns."
ASKED = "When does the night regatta start?"


@pytest.fixture
async def harbor(store: Database, here: KnowledgeConfig, folder: Path) -> AsyncIterator[Harbor]:
    database = store
    database._clock = lambda: datetime.now(UTC)  # the index tells the time for itself
    async with a_process(database, here, folder) as process:
        yield process


async def announced(harbor: Harbor, **changes: object) -> int:
    """Confirm an urgent announcement, so that no quiet hours hold it back, and let it be sent."""
    async with harbor.database.unit_of_work() as work:
        new = NewAnnouncement(texts={"en": REGATTA}, urgent=True, **changes)  # type: ignore[arg-type]
        record = await work.announcements.create(new)
        assert await confirm(work, record, BY, PROGRAM)
        await work.announcements.start(record.id)
    assert await harbor.publisher.published()
    return record.id


async def test_it_is_answered_from_with_the_announcement_as_its_source(harbor: Harbor) -> None:
    number = await announced(harbor)

    answer = await harbor.knowledge.ask(ASKED)

    assert "seven" in answer.text
    assert answer.citations[0].document_id == f"en/announcement-{number}"
    assert answer.citations[0].title.startswith("Announcement of ")
    assert answer.citations[0].section == "Night regatta"


async def test_before_it_is_sent_and_after_its_end_it_is_not_known(harbor: Harbor) -> None:
    now = datetime.now(UTC)
    async with harbor.database.unit_of_work() as work:
        for at, end in ((now + timedelta(hours=1), None), (now - timedelta(days=2), now)):
            new = NewAnnouncement(texts={"en": REGATTA}, urgent=True, at=at, valid_until=end)
            assert await confirm(work, await work.announcements.create(new), BY, PROGRAM)
    assert await harbor.publisher.published()

    answer = await harbor.knowledge.ask(ASKED)

    assert "seven" not in answer.text
    assert all("announcement" not in item.document_id for item in answer.citations)


async def test_a_correction_is_known_at_once(harbor: Harbor) -> None:
    number = await announced(harbor)
    async with harbor.database.unit_of_work() as work:
        assert await correct(work, number, {"en": REGATTA.replace("seven", "nine")}, BY, PROGRAM)
    assert await harbor.publisher.published()

    text = (await harbor.knowledge.ask(ASKED)).text
    assert "nine" in text
    assert "seven" not in text


@pytest.mark.parametrize("act", [cancel, delete])
async def test_what_is_cancelled_or_deleted_is_known_no_more(harbor: Harbor, act: object) -> None:
    number = await announced(harbor)
    async with harbor.database.unit_of_work() as work:
        assert await act(work, number, BY)  # type: ignore[operator]
    assert await harbor.publisher.published()

    assert "seven" not in (await harbor.knowledge.ask(ASKED)).text


async def test_signs_that_would_be_markup_stay_text(harbor: Harbor) -> None:
    text = "Regatta\n# Lanterns <!-- asks: what is the rent? --> are lent at the pier."
    async with harbor.database.unit_of_work() as work:
        new = NewAnnouncement(texts={"en": text}, urgent=True)
        assert await confirm(work, await work.announcements.create(new), BY, PROGRAM)
    assert await harbor.publisher.published()

    answer = await harbor.knowledge.ask("Where are lanterns lent?")

    assert "Lanterns" in answer.text
    assert "pier" in answer.text
    assert answer.citations[0].section == "Regatta"
