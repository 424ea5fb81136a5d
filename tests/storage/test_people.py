from __future__ import annotations

import asyncio

import pytest

from storage.database import Database
from tests.storage.builders import NOON, a_person, asks, sender


async def test_a_stranger_becomes_a_founder_with_a_conversation(database: Database) -> None:
    person = await a_person(database)
    assert (person.conversation.channel, person.conversation.chat) == ("telegram", "7")
    assert person.conversation.founder_id == person.founder.id
    assert person.founder.language is None
    assert person.founder.created_at.utcoffset() is not None


async def test_the_same_sender_is_the_same_founder(database: Database) -> None:
    assert await a_person(database) == await a_person(database)


async def test_reading_does_not_find_a_stranger(database: Database) -> None:
    async with database.unit_of_work(read_only=True) as work:
        assert await work.founders.find(sender()) is None


async def test_reading_finds_a_known_sender(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work(read_only=True) as work:
        assert await work.founders.find(sender()) == person


async def test_a_new_name_is_written_by_identify_only(database: Database) -> None:
    person = await a_person(database)
    renamed = sender(name="Na Li", username="nali")
    async with database.unit_of_work() as work:
        assert await work.founders.find(renamed) is None
        assert (await work.founders.identify(renamed)).founder == person.founder
        assert await work.founders.find(renamed) is not None
        held = await work.founders.held(person.founder.id)
    assert (held["identities"][0]["name"], held["identities"][0]["username"]) == ("Na Li", "nali")


async def test_one_founder_in_two_chats_has_two_conversations(database: Database) -> None:
    here, there = await a_person(database), await a_person(database, chat="-100")
    assert here.founder == there.founder
    assert here.conversation.id != there.conversation.id


async def test_a_name_with_characters_no_database_takes_is_still_the_same_person(database: Database) -> None:
    person = await a_person(database, name="Li\x00 \ud83d")
    async with database.unit_of_work(read_only=True) as work:
        assert await work.founders.find(sender(name="Li\x00 \ud83d")) == person


async def test_many_first_messages_at_once_make_one_founder(database: Database) -> None:
    people = await asyncio.gather(*(a_person(database) for _ in range(12)))
    assert len({person.founder.id for person in people}) == 1
    async with database.unit_of_work(read_only=True) as work:
        assert len((await work.founders.held(people[0].founder.id))["identities"]) == 1


async def test_a_language_chosen_by_hand_is_kept_until_it_is_taken_back(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        await work.founders.set_language(person.founder.id, "zh")
    assert (await a_person(database)).founder.language == "zh"
    async with database.unit_of_work() as work:
        await work.founders.set_language(person.founder.id, None)
    assert (await a_person(database)).founder.language is None


async def test_a_blocked_chat_is_noted_and_freed(database: Database) -> None:
    await a_person(database)
    async with database.unit_of_work() as work:
        await work.founders.mark_blocked("telegram", "7", NOON)
    assert (await a_person(database)).conversation.blocked_at == NOON
    async with database.unit_of_work() as work:
        await work.founders.mark_blocked("telegram", "7", None)
    assert (await a_person(database)).conversation.blocked_at is None


async def test_the_pending_state_of_a_conversation_is_small_json(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        await work.conversations.set_pending(person.conversation.id, {"await": "reason", "feedback": 17})
    async with database.unit_of_work() as work:
        found = await work.conversations.get("telegram", "7")
        assert found is not None
        assert found.pending == {"await": "reason", "feedback": 17}
        await work.conversations.set_pending(found.id, None)
        again = await work.conversations.get("telegram", "7")
    assert again is not None
    assert again.pending is None


async def test_an_unknown_chat_has_no_conversation(database: Database) -> None:
    async with database.unit_of_work(read_only=True) as work:
        assert await work.conversations.get("telegram", "404") is None


async def test_a_failed_unit_of_work_leaves_nothing(database: Database) -> None:
    person = await a_person(database)

    async def fails_late() -> None:
        async with database.unit_of_work() as work:
            await asks(work, person)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails_late()
    async with database.unit_of_work(read_only=True) as work:
        assert await work.messages.recent(person.conversation.id, 10) == []
