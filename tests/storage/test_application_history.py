from __future__ import annotations

import asyncio
import contextlib

import pytest

from storage.application_records import StoredAnswer
from storage.database import Database
from tests.storage.builders import a_person
from tests.storage.drafts import a_draft, put, seen, submit


async def test_a_draft_is_submitted_once_and_keeps_what_was_said(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))
    await put(database, draft, {"name": StoredAnswer("Boat", "boat")})
    assert sorted(await asyncio.gather(*(submit(database, draft) for _ in range(4)))) == [
        False,
        False,
        False,
        True,
    ]
    after = await seen(database, draft)
    assert (after.status, after.number, after.late) == ("submitted", "2026-0001", False)
    assert after.submitted_at is not None
    async with database.unit_of_work(read_only=True) as work:
        [version] = await work.applications.versions(draft.id)
        events = await work.applications.events(draft.id)
        assert await work.applications.by_number("2026-0001") == after
    assert version.snapshot["answers"]["shared"]["name"]["data"] == "Boat"
    assert [event.kind for event in events] == ["started", "submitted"]


async def test_numbers_follow_each_other_without_gaps_within_a_year(database: Database) -> None:
    drafts = [await a_draft(database, await a_person(database, str(n))) for n in range(5)]
    assert all(await asyncio.gather(*(submit(database, draft) for draft in drafts)))
    assert not await submit(database, drafts[0])
    with contextlib.suppress(RuntimeError):
        async with database.unit_of_work() as work:
            await work.applications.next_number(2026)
            raise RuntimeError("rolled back")
    last = await a_draft(database, await a_person(database, "9"))
    assert await submit(database, last, late=True)
    numbers = sorted([(await seen(database, draft)).number or "" for draft in [*drafts, last]])
    assert numbers == [f"2026-{n:04d}" for n in range(1, 7)]
    assert (await seen(database, last)).late
    other = await a_draft(database, await a_person(database, "10"))
    assert await submit(database, other, year=2027)
    assert (await seen(database, other)).number == "2027-0001"


async def test_an_amendment_is_a_new_version_under_the_old_number(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))
    async with database.unit_of_work() as work:
        assert not await work.applications.begin_amend(draft.id), "a draft needs none"
    await submit(database, draft)
    first = await seen(database, draft)
    async with database.unit_of_work() as work:
        assert await work.applications.begin_amend(draft.id)
        assert not await work.applications.begin_amend(draft.id)
    await put(database, draft, {"name": StoredAnswer("Ship")})
    assert await submit(database, draft, late=True)
    after = await seen(database, draft)
    assert (after.number, after.submitted_at, after.late) == (first.number, first.submitted_at, False)
    assert (after.status, after.amending_at) == ("submitted", None)
    async with database.unit_of_work(read_only=True) as work:
        versions = await work.applications.versions(draft.id)
    assert [version.version for version in versions] == [1, 2]
    other = await a_draft(database, await a_person(database, "8"))
    await submit(database, other)
    assert (await seen(database, other)).number == "2026-0002", "the number of the amendment was given back"


async def test_a_dropped_amendment_puts_back_what_was_submitted(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    await put(database, draft, {"name": StoredAnswer("Boat", "boat"), "site": StoredAnswer(None, "", True)})
    await put(database, draft, {"cv": StoredAnswer("A")}, member=person.founder.id)
    async with database.unit_of_work(read_only=True) as work:
        before = await work.applications.all_answers(draft.id)
    await submit(database, draft)
    async with database.unit_of_work() as work:
        assert not await work.applications.end_amend(draft.id, restore=True)
        assert await work.applications.begin_amend(draft.id)
    await put(database, draft, {"name": StoredAnswer("Ship"), "more": StoredAnswer(1)})
    async with database.unit_of_work() as work:
        assert await work.applications.end_amend(draft.id, restore=True)
        assert await work.applications.all_answers(draft.id) == before
    assert (await seen(database, draft)).amending_at is None


async def test_only_what_is_not_decided_can_be_withdrawn_and_a_new_draft_follows(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    async with database.unit_of_work() as work:
        assert not await work.applications.withdraw(draft.id)
    await submit(database, draft)
    async with database.unit_of_work() as work:
        assert await work.applications.withdraw(draft.id)
        assert not await work.applications.withdraw(draft.id)
        assert not await work.applications.set_status(draft.id, "accepted", "Wei")
        assert not await work.applications.delete(draft.id)
    assert (await a_draft(database, person)).id != draft.id
    async with database.unit_of_work(read_only=True) as work:
        found = await work.applications.of(person.founder.id)
    assert [item.status for item in found] == ["draft", "withdrawn"]


async def test_the_staff_decides_and_the_history_tells(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))
    async with database.unit_of_work() as work:
        assert not await work.applications.set_status(draft.id, "in_review", "Wei"), "a draft is private"
    await submit(database, draft)
    async with database.unit_of_work() as work:
        assert await work.applications.set_status(draft.id, "in_review", "Wei")
        assert not await work.applications.set_status(draft.id, "in_review", "Wei")
        assert await work.applications.set_status(draft.id, "accepted", "Wei", "Welcome")
        with pytest.raises(ValueError, match="withdrawn"):
            await work.applications.set_status(draft.id, "withdrawn", "Wei")
        last = (await work.applications.events(draft.id))[-1]
    assert (last.actor, last.kind, last.details) == (
        "Wei",
        "status",
        {"status": "accepted", "note": "Welcome"},
    )
    assert (await seen(database, draft)).decided_at is not None


async def test_a_follow_up_question_is_answered_once(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))
    async with database.unit_of_work() as work:
        asked = await work.applications.ask_follow_up(draft.id, asked_by="Wei", question="How many boats?")
        assert await work.applications.answer_follow_up(asked.id, "Two", message_id=None)
        assert not await work.applications.answer_follow_up(asked.id, "Three", message_id=None)
        assert not await work.applications.answer_follow_up(999, "Three", message_id=None)
        [found] = await work.applications.follow_ups(draft.id)
        assert await work.applications.follow_up(asked.id) == found
    assert (found.question, found.answer) == ("How many boats?", "Two")


async def test_the_staff_sees_everything_that_was_submitted(database: Database) -> None:
    owner, friend = await a_person(database), await a_person(database, "8", name="Wang")
    draft = await a_draft(database, owner)
    sha256 = "e" * 64
    described = {"sha256": sha256, "name": "deck.pdf", "media_type": "application/pdf", "size": 3}
    async with database.unit_of_work() as work:
        await work.applications.add_member(draft.id, friend.founder.id)
        await work.files.note(
            owner.founder.id, sha256=sha256, name="deck.pdf", media_type="application/pdf", size=3
        )
    await put(database, draft, {"deck": StoredAnswer(described)})
    await put(database, draft, {"cv": StoredAnswer("B")}, member=friend.founder.id)
    await a_draft(database, friend)
    await submit(database, draft)
    async with database.unit_of_work(read_only=True) as work:
        [row] = await work.applications.export()
        assert await work.applications.export(row.application.id) == []
        assert await work.applications.listing(statuses=["accepted"]) == []
        assert len(await work.applications.listing(statuses=["draft", "submitted"])) == 2
        assert await work.applications.counts() == {"draft": 1, "submitted": 1}
    assert row.application.number == "2026-0001"
    assert [(member.role, member.name) for member in row.members] == [("owner", "Li Na"), ("member", "Wang")]
    assert row.answers[friend.founder.id]["cv"].data == "B"
    assert [(file.sha256, file.name) for file in row.files] == [(sha256, "deck.pdf")]
    assert row.versions == 1
