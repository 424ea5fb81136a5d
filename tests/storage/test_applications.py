from __future__ import annotations

import asyncio

import pytest

from storage.announcement_records import Audience, NewAnnouncement
from storage.application_records import ApplicationRecord, StoredAnswer
from storage.database import Database
from tests.storage.builders import a_person, asks
from tests.storage.drafts import FORM, a_draft, put


async def test_a_founder_has_one_draft(database: Database) -> None:
    person = await a_person(database)
    first = await a_draft(database, person)
    assert (first.status, first.revision, first.number, first.late) == ("draft", 0, None, False)
    assert await a_draft(database, person) == first
    async with database.unit_of_work(read_only=True) as work:
        assert await work.applications.draft_of(person.founder.id) == first
        assert [member.role for member in await work.applications.members(first.id)] == ["owner"]
        assert [event.kind for event in await work.applications.events(first.id)] == ["started"]


async def test_two_devices_starting_at_once_get_the_same_draft(database: Database) -> None:
    person = await a_person(database)
    drafts = await asyncio.gather(*(a_draft(database, person) for _ in range(6)))
    assert len({draft.id for draft in drafts}) == 1
    async with database.unit_of_work(read_only=True) as work:
        assert len(await work.applications.members(drafts[0].id)) == 1


async def test_answers_are_put_replaced_and_dropped(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    await put(database, draft, {"track": StoredAnswer("pilot", "the pilot"), "team": StoredAnswer(3, "3")})
    await put(database, draft, {"team": StoredAnswer(7, "seven\x00"), "site": StoredAnswer(None, "", True)})
    async with database.unit_of_work() as work:
        await work.applications.save(draft.id, {}, ["track", "none"], member_id=None, message_id=None)
    async with database.unit_of_work(read_only=True) as work:
        found = await work.applications.answers(draft.id, person.founder.id)
    assert found == {"team": StoredAnswer(7, "seven\ufffd", False), "site": StoredAnswer(None, "", True)}


async def test_members_see_what_is_shared_and_their_own(database: Database) -> None:
    owner, friend = await a_person(database), await a_person(database, "8")
    draft = await a_draft(database, owner)
    async with database.unit_of_work() as work:
        assert await work.applications.add_member(draft.id, friend.founder.id)
        assert not await work.applications.add_member(draft.id, friend.founder.id)
    await put(database, draft, {"name": StoredAnswer("Boat")})
    await put(database, draft, {"cv": StoredAnswer("A")}, member=owner.founder.id)
    await put(database, draft, {"cv": StoredAnswer("B")}, member=friend.founder.id)
    await put(database, draft, {"cv": StoredAnswer("C")}, member=friend.founder.id)
    async with database.unit_of_work(read_only=True) as work:
        mine = await work.applications.answers(draft.id, owner.founder.id)
        theirs = await work.applications.answers(draft.id, friend.founder.id)
        everything = await work.applications.all_answers(draft.id)
        assert [item.id for item in await work.applications.of(friend.founder.id)] == [draft.id]
    assert (mine["cv"].data, theirs["cv"].data, theirs["name"].data) == ("A", "C", "Boat")
    assert {whose: sorted(found) for whose, found in everything.items()} == {
        None: ["name"],
        owner.founder.id: ["cv"],
        friend.founder.id: ["cv"],
    }


async def test_a_co_founder_leaves_with_their_answers_and_an_owner_cannot(database: Database) -> None:
    owner, friend = await a_person(database), await a_person(database, "8")
    draft = await a_draft(database, owner)
    async with database.unit_of_work() as work:
        await work.applications.add_member(draft.id, friend.founder.id)
    await put(database, draft, {"cv": StoredAnswer("B")}, member=friend.founder.id)
    async with database.unit_of_work() as work:
        assert not await work.applications.remove_member(draft.id, owner.founder.id)
        assert await work.applications.remove_member(draft.id, friend.founder.id)
        assert not await work.applications.remove_member(draft.id, friend.founder.id)
        assert await work.applications.all_answers(draft.id) == {None: {}}


async def test_of_two_changes_at_once_one_is_taken(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)

    async def change() -> bool:
        async with database.unit_of_work() as work:
            taken = await work.applications.take(draft.id, draft.revision)
            await asyncio.sleep(0.01)
            return taken

    assert sorted(await asyncio.gather(*(change() for _ in range(4)))) == [False, False, False, True]


async def test_changes_from_two_devices_are_neither_lost_nor_doubled(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)

    async def count() -> None:
        async with database.unit_of_work() as work:
            seen: ApplicationRecord | None = draft
            assert seen is not None
            if not await work.applications.take(draft.id, seen.revision):
                seen = await work.applications.get(draft.id, lock=True)
                assert seen is not None
                assert await work.applications.take(draft.id, seen.revision)
            answers = await work.applications.answers(draft.id, None)
            number = answers["n"].data + 1 if "n" in answers else 1
            given = {"n": StoredAnswer(number)}
            await work.applications.save(draft.id, given, [], member_id=None, message_id=None)

    await asyncio.gather(*(count() for _ in range(8)))
    async with database.unit_of_work(read_only=True) as work:
        assert (await work.applications.answers(draft.id, None))["n"].data == 8
        after = await work.applications.get(draft.id)
    assert after is not None
    assert after.revision == 8


async def test_what_the_application_says_of_itself_is_written_when_new(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))
    async with database.unit_of_work() as work:
        assert await work.applications.take(draft.id, 0)
        await work.applications.save(
            draft.id, {}, [], member_id=None, message_id=None, track="pilot", language="zh", form_version=FORM
        )
    async with database.unit_of_work() as work:
        await work.applications.save(draft.id, {}, [], member_id=None, message_id=None, track=None)
        after = await work.applications.get(draft.id)
    assert after is not None
    assert (after.track, after.language, after.form_version) == (None, "zh", FORM)


async def test_that_answers_are_saved_is_said_once(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))
    async with database.unit_of_work() as work:
        assert await work.applications.note_saved_receipt(draft.id)
        assert not await work.applications.note_saved_receipt(draft.id)


async def test_a_canceled_draft_is_gone_and_another_can_be_started(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    await put(database, draft, {"name": StoredAnswer("Boat")})
    async with database.unit_of_work() as work:
        assert await work.applications.delete(draft.id)
        assert not await work.applications.delete(draft.id)
        assert await work.applications.get(draft.id) is None
        assert await work.applications.of(person.founder.id) == []
    assert (await a_draft(database, person)).id != draft.id


async def test_where_a_chat_stands_is_kept(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        await work.conversations.set_interview(person.conversation.id, {"application": 1, "focus": "name"})
    assert (await a_person(database)).conversation.interview == {"application": 1, "focus": "name"}
    async with database.unit_of_work() as work:
        await work.conversations.set_interview(person.conversation.id, None)
    assert (await a_person(database)).conversation.interview is None


@pytest.mark.parametrize("blocked", [False, True])
async def test_notices_go_to_the_newest_chat_that_takes_messages(database: Database, blocked: bool) -> None:
    first = await a_person(database)
    second = await a_person(database, chat="group")
    assert first.founder.id == second.founder.id
    async with database.unit_of_work() as work:
        if blocked:
            await work.founders.mark_blocked("telegram", "group", first.founder.created_at)
        found = await work.conversations.latest_of(first.founder.id)
        assert len(await work.conversations.of(first.founder.id)) == 2
    assert found is not None
    assert found.chat == ("7" if blocked else "group")


async def test_what_is_private_never_goes_to_a_group(database: Database) -> None:
    person = await a_person(database)
    group = await a_person(database, chat="-100200300")
    await a_draft(database, person)
    async with database.unit_of_work() as work:
        staff = await work.staff.add("Chen Jie", "owner")
        assert await work.staff.link(staff.id, person.founder.id)
        await asks(work, person)
        await asks(work, group)
        news = await work.announcements.create(NewAnnouncement(texts={"en": "The gate opens at six."}))
        assert await work.recipients.expand(news.id, Audience(), None, ("telegram",)) == 1
        newest = await work.conversations.latest_of(person.founder.id)
        reminded = await work.applications.reminder_candidates()
        lines = await work.recipients.page(news.id)
        assert newest is not None
        assert newest.chat == "7"
        assert [item.chat for item in reminded] == ["7"]
        assert [row.chat for row in lines] == ["7"]
        assert [chat for chat, _ in await work.staff.chats("telegram")] == ["7"]
        assert [item.chat for item in await work.conversations.of(person.founder.id)] == ["7"]
