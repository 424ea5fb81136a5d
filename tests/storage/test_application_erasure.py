from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from storage.application_records import ApplicationRecord, StoredAnswer
from storage.database import Database
from storage.records import Person
from tests.storage.builders import NOON, a_person
from tests.storage.drafts import FILE, a_draft, put, seen, submit
from tests.storage.test_erasure import SECRET, bytes_of, everything

FRIEND = "friend-朋友-0815"


async def a_full_application(
    database: Database, submitted: bool = True
) -> tuple[Person, Person, ApplicationRecord]:
    """An application of two with a row in every table, the secret of each wherever words are."""
    owner, friend = await a_person(database), await a_person(database, "8", name="Wang")
    draft = await a_draft(database, owner)
    file = {"sha256": FILE, "name": FRIEND, "media_type": "application/pdf", "size": 1}
    async with database.unit_of_work() as work:
        await work.applications.add_member(draft.id, friend.founder.id)
        await work.codes.issue("join_application", owner.founder.id, draft.id, timedelta(days=1))
        await work.applications.note_reminder(draft.id, "idle", NOON)
        await work.files.note(owner.founder.id, sha256="a" * 64, name=SECRET, media_type="image/png", size=1)
        await work.files.note(
            friend.founder.id, sha256=FILE, name=FRIEND, media_type="application/pdf", size=1
        )
        await work.conversations.set_interview(owner.conversation.id, {"view": SECRET})
    await put(database, draft, {"name": StoredAnswer(SECRET, SECRET)})
    await put(database, draft, {"cv": StoredAnswer(SECRET, SECRET)}, member=owner.founder.id)
    answers = {"cv": StoredAnswer(FRIEND, FRIEND), "photo": StoredAnswer(file)}
    await put(database, draft, answers, member=friend.founder.id)
    if submitted:
        await submit(database, draft)
        async with database.unit_of_work() as work:
            asked = await work.applications.ask_follow_up(draft.id, asked_by="Wei", question=SECRET)
            await work.applications.answer_follow_up(asked.id, SECRET, message_id=None)
            await work.applications.set_status(draft.id, "in_review", "Wei", SECRET)
    return owner, friend, draft


async def test_erasing_an_owner_leaves_a_bare_row_of_what_was_submitted(
    database: Database, database_url: str
) -> None:
    owner, friend, draft = await a_full_application(database)
    assert (await everything(database_url)).count(SECRET) >= 9
    before = await seen(database, draft)
    async with database.unit_of_work() as work:
        report = await work.founders.erase(owner.founder.id)
        assert await work.applications.listing() == []
        assert await work.applications.export() == []
        assert await work.applications.by_number("2026-0001") is None
        assert await work.applications.counts() == {"in_review": 1}
        assert await work.applications.of(friend.founder.id) == []
        assert await work.files.unreferenced(["a" * 64, FILE]) == ["a" * 64, FILE]
    after = await everything(database_url)
    assert SECRET not in after
    assert "application.pdf" not in after
    assert await seen(database, draft) == before
    assert (report.erased["answers"], report.erased["versions"], report.erased["files"]) == (4, 1, 1)
    assert "owner" in report.kept["applications"]
    async with database.unit_of_work(read_only=True) as work:
        held = await work.founders.held(friend.founder.id)
    assert (held["application_answers"], len(held["files"])) == ([], 1)


async def test_erasing_a_co_founder_takes_their_own_answers_even_from_what_was_submitted(
    database: Database, database_url: str
) -> None:
    owner, friend, draft = await a_full_application(database)
    async with database.unit_of_work() as work:
        await work.founders.erase(friend.founder.id)
        assert await work.files.unreferenced(["a" * 64, FILE]) == ["a" * 64, FILE]
        [version] = await work.applications.versions(draft.id)
        assert len(await work.applications.members(draft.id)) == 1
    after = await everything(database_url)
    assert FRIEND not in after
    assert SECRET in after
    assert set(version.snapshot["answers"]) == {"shared", str(owner.founder.id)}


async def test_a_draft_disappears_entirely(database: Database, database_url: str) -> None:
    owner, _, draft = await a_full_application(database, submitted=False)
    async with database.unit_of_work() as work:
        await work.founders.erase(owner.founder.id)
        assert await work.applications.get(draft.id) is None
        assert await work.applications.counts() == {}
    assert SECRET not in await everything(database_url)


async def test_what_is_held_shows_no_private_answer_of_a_co_founder(database: Database) -> None:
    owner, friend, _ = await a_full_application(database)
    async with database.unit_of_work(read_only=True) as work:
        mine, theirs = [await work.founders.held(one.founder.id) for one in (owner, friend)]
    assert SECRET in str(mine)
    assert FRIEND not in str(mine)
    assert FRIEND in str(theirs)
    assert SECRET not in str(theirs)
    assert {len(mine[name]) for name in ("applications", "application_versions", "codes", "files")} == {1}
    assert "digest" not in mine["codes"][0]


async def test_a_file_is_kept_while_an_answer_or_a_version_refers_to_it(database: Database) -> None:
    owner = await a_person(database)
    draft = await a_draft(database, owner)
    await put(database, draft, {"deck": StoredAnswer({"sha256": FILE})})
    async with database.unit_of_work() as work:
        assert await work.files.unreferenced([FILE, "b" * 64]) == ["b" * 64]
    await submit(database, draft)
    async with database.unit_of_work() as work:
        await work.applications.save(draft.id, {}, ["deck"], member_id=None, message_id=None)
        assert await work.files.unreferenced([FILE]) == []
        await work.files.note(owner.founder.id, sha256=FILE, name="x", media_type="y", size=1)
        await work.files.note(owner.founder.id, sha256=FILE, name="z", media_type="y", size=1)
        assert [file.name for file in await work.files.of(owner.founder.id)] == ["z"]
        assert await work.files.forget([FILE]) == 1


async def test_a_sqlite_file_holds_nothing_of_an_erased_application(sqlite_url: str, tmp_path: Path) -> None:
    database = Database.open(sqlite_url)
    owner, friend, _ = await a_full_application(database)
    async with database.unit_of_work() as work:
        await work.founders.erase(friend.founder.id)
        await work.founders.erase(owner.founder.id)
    await database.close()
    left = bytes_of(tmp_path)
    assert b"2026-0001" in left
    assert SECRET.encode() not in left
    assert FRIEND.encode() not in left
