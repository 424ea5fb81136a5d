from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from storage.application_records import CodePurpose, CodeRefused
from storage.codes import ALPHABET, LENGTH, MAX_TRIES
from storage.database import Database
from tests.storage.builders import Clock, a_person
from tests.storage.drafts import a_draft
from tests.storage.test_erasure import everything

DAY = timedelta(days=1)


async def tried(database: Database, code: str, founder_id: int, purpose: CodePurpose = "link_account") -> str:
    async with database.unit_of_work() as work:
        try:
            found = await work.codes.redeem(code, purpose, founder_id)
        except CodeRefused as refused:
            return refused.reason
        assert found.used_at is not None
        return "taken"


async def issued(database: Database, founder_id: int) -> str:
    async with database.unit_of_work() as work:
        return await work.codes.issue("link_account", founder_id, None, DAY)


async def test_a_code_is_easy_to_type_and_stored_as_a_digest(database: Database, database_url: str) -> None:
    person = await a_person(database)
    code = await issued(database, person.founder.id)
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set("AEIOU01") & set(ALPHABET)
    assert code not in await everything(database_url)


async def test_a_code_works_once_however_it_is_typed(database: Database) -> None:
    owner, other = await a_person(database), await a_person(database, "8")
    code = await issued(database, owner.founder.id)
    typed = f" {code[:4].lower()}-{code[4:].lower()} "
    async with database.unit_of_work() as work:
        assert (await work.codes.peek(typed, "link_account", other.founder.id)).used_at is None
    assert await tried(database, typed, other.founder.id) == "taken"
    assert await tried(database, code, other.founder.id) == "used"


async def test_of_two_who_use_a_code_at_once_one_gets_it(database: Database) -> None:
    owner = await a_person(database)
    others = [(await a_person(database, str(n))).founder.id for n in (8, 9, 10)]
    code = await issued(database, owner.founder.id)
    found = await asyncio.gather(*(tried(database, code, other) for other in others))
    assert sorted(found) == ["taken", "used", "used"]


async def test_a_code_is_refused_with_its_reason(database_url: str) -> None:
    clock = Clock()
    database = Database.open(database_url, clock=clock)
    owner, other = await a_person(database), await a_person(database, "8")
    code = await issued(database, owner.founder.id)
    assert await tried(database, "WRNG2345", other.founder.id) == "unknown"
    assert await tried(database, code, other.founder.id, "join_application") == "unknown"
    assert await tried(database, code, owner.founder.id) == "own"
    clock.now += DAY
    assert await tried(database, code, other.founder.id) == "expired"
    await database.close()


async def test_a_new_code_for_linking_replaces_the_old_one_but_invitations_do_not(database: Database) -> None:
    owner, other = await a_person(database), await a_person(database, "8")
    old, new = await issued(database, owner.founder.id), await issued(database, owner.founder.id)
    assert await tried(database, old, other.founder.id) == "expired"
    assert await tried(database, new, other.founder.id) == "taken"
    draft = await a_draft(database, owner)
    async with database.unit_of_work() as work:
        codes = [
            await work.codes.issue("join_application", owner.founder.id, draft.id, DAY) for _ in range(2)
        ]
        for code in codes:
            found = await work.codes.peek(code, "join_application", other.founder.id)
            assert found.application_id == draft.id


async def test_guessing_is_stopped_for_an_hour(database_url: str) -> None:
    clock = Clock()
    database = Database.open(database_url, clock=clock)
    owner, other = await a_person(database), await a_person(database, "8")
    code = await issued(database, owner.founder.id)
    for _ in range(MAX_TRIES):
        assert await tried(database, "WRNG2345", other.founder.id) == "unknown"
    assert await tried(database, code, other.founder.id) == "too_many"
    third = await a_person(database, "9")
    async with database.unit_of_work() as work:
        with pytest.raises(CodeRefused, match="unknown"):
            await work.codes.peek("WRNG2345", "link_account", third.founder.id)
    clock.now += timedelta(hours=1, seconds=1)
    assert await tried(database, code, other.founder.id) == "taken"
    await database.close()
