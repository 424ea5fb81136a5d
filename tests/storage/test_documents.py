from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.database import Database
from storage.document_records import DocumentRecord, NewDocument
from storage.documents import state_of
from storage.errors import DatabaseRefused, DocumentConflict

END = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def crane(**changes: object) -> NewDocument:
    facts: dict[str, object] = {
        "id": "en/crane",
        "language": "en",
        "title": "The crane",
        "markdown": "Every tenant may use the crane.",
        "origin": "faq",
        **changes,
    }
    return NewDocument(**facts)  # type: ignore[arg-type]


async def saved(database: Database, new: NewDocument, based_on: int = 0, note: str = "") -> DocumentRecord:
    async with database.unit_of_work() as work:
        return await work.documents.save(new, author="Ada", based_on=based_on, note=note)


async def state(database: Database) -> str:
    async with database.unit_of_work(read_only=True) as work:
        found = await work.documents.state()
        assert found == state_of(await work.documents.current())
    return found


async def test_a_document_comes_back_as_it_was_saved(database: Database) -> None:
    new = crane(
        twin="zh/crane",
        sources=("https://harbor.example/crane",),
        as_of=date(2026, 11, 1),
        valid_from=END - timedelta(days=9),
        valid_until=END,
        sample=True,
    )
    first = await saved(database, new, note="asked by five")
    async with database.unit_of_work(read_only=True) as work:
        assert await work.documents.get("en/crane") == first
        assert await work.documents.current() == [first]
    assert {name: getattr(first, name) for name in NewDocument.__slots__} == {
        name: getattr(new, name) for name in NewDocument.__slots__
    }
    assert (first.version, first.latest, first.author, first.note) == (1, True, "Ada", "asked by five")


async def test_every_save_is_a_version_and_the_newest_counts(database: Database) -> None:
    await saved(database, crane())
    await saved(database, crane(markdown="Only on weekdays."), based_on=1)
    async with database.unit_of_work(read_only=True) as work:
        history = await work.documents.history("en/crane")
        now = await work.documents.get("en/crane")
    assert [(one.version, one.latest) for one in history] == [(2, True), (1, False)]
    assert now is not None
    assert now.markdown == "Only on weekdays."


async def test_saving_over_a_newer_version_is_refused_and_loses_nothing(database: Database) -> None:
    await saved(database, crane())
    await saved(database, crane(markdown="Only on weekdays."), based_on=1)
    for outdated in (0, 1, 7):
        with pytest.raises(DocumentConflict, match="en/crane"):
            await saved(database, crane(markdown="Never."), based_on=outdated)
    async with database.unit_of_work(read_only=True) as work:
        assert [one.markdown for one in await work.documents.history("en/crane")] == [
            "Only on weekdays.",
            "Every tenant may use the crane.",
        ]


@pytest.mark.parametrize("based_on", [0, 1])
async def test_of_two_who_save_at_once_one_is_told(database: Database, based_on: int) -> None:
    if based_on:
        await saved(database, crane())

    async def attempt(text: str) -> str:
        try:
            return (await saved(database, crane(markdown=text), based_on=based_on)).markdown
        except DocumentConflict:
            return "refused"

    outcomes = sorted(await asyncio.gather(attempt("A."), attempt("B."), attempt("C.")))
    async with database.unit_of_work(read_only=True) as work:
        now = await work.documents.get("en/crane")
    assert outcomes[1:] == ["refused", "refused"]
    assert now is not None
    assert now.version == based_on + 1
    assert now.markdown == outcomes[0]


async def test_an_old_version_comes_back_as_a_new_one(database: Database) -> None:
    first = await saved(database, crane())
    await saved(database, crane(markdown="Never."), based_on=1)
    back = await saved(database, first.content, based_on=2)
    async with database.unit_of_work(read_only=True) as work:
        assert await work.documents.version("en/crane", 9) is None
        assert await work.documents.version("en/crane", 3) == back
    assert (back.version, back.markdown, back.digest) == (3, first.markdown, first.digest)


async def test_a_removed_document_is_gone_until_it_is_saved_again(database: Database) -> None:
    await saved(database, crane())
    async with database.unit_of_work() as work:
        gone = await work.documents.remove("en/crane", author="Bo", based_on=1, note="wrong")
        assert await work.documents.get("en/crane") is None
        assert await work.documents.remove("en/crane", author="Bo", based_on=2) is None
        assert await work.documents.current() == []
        assert await work.documents.newest("en/crane") == gone
    assert gone is not None
    assert gone.removed
    assert gone.note == "wrong"
    now = await saved(database, gone.content, based_on=2)
    assert now.version == 3
    assert not now.removed


async def test_removing_an_outdated_version_is_refused(database: Database) -> None:
    await saved(database, crane())
    await saved(database, crane(title="Cranes"), based_on=1)
    with pytest.raises(DocumentConflict):
        async with database.unit_of_work() as work:
            await work.documents.remove("en/crane", author="Bo", based_on=1)
    async with database.unit_of_work(read_only=True) as work:
        now = await work.documents.get("en/crane")
    assert now is not None
    assert now.title == "Cranes"


async def test_the_state_changes_with_every_version_that_counts(database: Database) -> None:
    seen = [await state(database)]
    assert seen == [""]
    await saved(database, crane())
    seen.append(await state(database))
    await saved(database, crane(id="zh/crane", language="zh"))
    seen.append(await state(database))
    await saved(database, crane(title="Cranes"), based_on=1)
    seen.append(await state(database))
    assert len(set(seen)) == 4
    assert await state(database) == seen[-1]
    for name, version in (("en/crane", 2), ("zh/crane", 1)):
        async with database.unit_of_work() as work:
            await work.documents.remove(name, author="Bo", based_on=version)
    assert await state(database) == ""


async def test_a_validity_that_ends_before_it_begins_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseRefused):
        await saved(database, crane(valid_from=END, valid_until=END))
    async with database.unit_of_work(read_only=True) as work:
        assert await work.documents.newest("en/crane") is None


async def test_what_no_database_can_store_is_made_storable(database: Database) -> None:
    record = await saved(database, crane(markdown="a\x00b \ud83d c", sources=["https://x.example/\x00"]))
    assert record.markdown == "a\ufffdb \ufffd c"
    assert record.sources == ("https://x.example/\ufffd",)
