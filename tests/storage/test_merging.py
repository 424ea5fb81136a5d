from __future__ import annotations

from datetime import timedelta

from storage.application_records import StoredAnswer
from storage.database import Database
from storage.records import Person
from tests.storage.builders import a_person, answers, asks
from tests.storage.drafts import FILE, a_draft, put, seen, submit


async def merged(database: Database, old: Person, new: Person) -> bool:
    async with database.unit_of_work() as work:
        return await work.founders.merge(old.founder.id, new.founder.id)


async def test_both_chats_are_the_same_founder_afterwards(database: Database) -> None:
    old, new = await a_person(database, "8"), await a_person(database)
    async with database.unit_of_work() as work:
        await work.founders.set_language(old.founder.id, "de")
        question = await asks(work, old)
        answer = await answers(work, question)
        await work.feedback.set(answer.id, old.founder.id, "helpful")
        await work.handovers.open(old.conversation.id, old.founder.id, question.id)
        await work.codes.issue("link_account", old.founder.id, None, timedelta(days=1))
        for person in (old, new):
            await work.files.note(
                person.founder.id, sha256=FILE, name="a.pdf", media_type="application/pdf", size=1
            )
        await work.files.note(old.founder.id, sha256="a" * 64, name="b", media_type="image/png", size=1)
    draft = await a_draft(database, old)
    assert await merged(database, old, new)
    again, here = await a_person(database, "8"), await a_person(database)
    assert again.founder == here.founder
    assert (again.founder.id, again.founder.language) == (new.founder.id, "de")
    assert again.conversation.founder_id == new.founder.id
    async with database.unit_of_work(read_only=True) as work:
        held = await work.founders.held(new.founder.id)
        left = await work.founders.held(old.founder.id)
        assert len(await work.files.of(new.founder.id)) == 2
        assert await work.founders.get(new.founder.id) == here.founder
        assert await work.founders.get(old.founder.id) is None
    assert [row["id"] for row in held["applications"]] == [draft.id]
    assert len(held["identities"]) == len(held["conversations"]) == len(held["messages"]) == 2
    assert len(held["feedback"]) == len(held["handovers"]) == len(held["codes"]) == 1
    [row] = left.pop("founder")
    assert row["merged_into"] == new.founder.id
    assert all(rows == [] for rows in left.values())


async def test_two_drafts_are_not_merged(database: Database) -> None:
    old, new = await a_person(database, "8"), await a_person(database)
    drafts = [await a_draft(database, person) for person in (old, new)]
    assert not await merged(database, old, new)
    assert not await merged(database, new, new)
    assert (await seen(database, drafts[0])).founder_id == old.founder.id


async def test_nobody_is_merged_twice_or_after_an_erasure(database: Database) -> None:
    people = [await a_person(database, who) for who in ("7", "8", "9")]
    assert await merged(database, people[0], people[1])
    assert not await merged(database, people[0], people[2])
    async with database.unit_of_work() as work:
        await work.founders.erase(people[2].founder.id)
    assert not await merged(database, people[1], people[2])


async def test_who_was_in_an_application_twice_is_in_it_once(database: Database) -> None:
    owner, friend = await a_person(database), await a_person(database, "8")
    draft = await a_draft(database, owner)
    async with database.unit_of_work() as work:
        await work.applications.add_member(draft.id, friend.founder.id)
    await put(database, draft, {"cv": StoredAnswer("owner's")}, member=owner.founder.id)
    given = {"cv": StoredAnswer("friend's"), "age": StoredAnswer(30)}
    await put(database, draft, given, member=friend.founder.id)
    await submit(database, draft)
    assert await merged(database, owner, friend)
    async with database.unit_of_work(read_only=True) as work:
        [member] = await work.applications.members(draft.id)
        everything = await work.applications.all_answers(draft.id)
        [version] = await work.applications.versions(draft.id)
    assert (member.founder_id, member.role) == (friend.founder.id, "owner")
    assert everything[friend.founder.id] == given
    assert set(version.snapshot["answers"]) == {"shared", str(friend.founder.id)}
    assert (await seen(database, draft)).founder_id == friend.founder.id
