"""A step of the interview as it is stored: claimed, answered and remembered by the chat, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.application_records import ApplicationChange, ApplicationRecord, StoredAnswer
from storage.database import Database
from storage.errors import DatabaseRefused
from storage.records import Person
from tests.storage.builders import a_person, asked, asks, traced
from tests.storage.drafts import a_draft, put, seen

NAME, SITE, CV = StoredAnswer("Boat", "boat"), StoredAnswer(None, "", True), StoredAnswer("A")
AT_SITE = {"application": 1, "focus": "site", "view": {}}


async def a_change(database: Database, person: Person, draft: ApplicationRecord) -> ApplicationChange:
    return ApplicationChange(
        application_id=draft.id,
        revision=draft.revision,
        message_id=(await asked(database, person)).id,
        track="pilot",
        language="zh",
        form_version="1" * 64,
        put={None: {"name": NAME}},
        chat=person.conversation.id,
        interview=AT_SITE,
    )


async def apply(database: Database, change: ApplicationChange) -> bool:
    async with database.unit_of_work() as work:
        return await work.applications.change(change)


async def test_one_answer_is_stored_with_all_that_belongs_to_the_step(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    change = await a_change(database, person, draft)
    assert await apply(database, change)
    after = await seen(database, draft)
    assert (after.revision, after.track, after.language, after.form_version) == (1, "pilot", "zh", "1" * 64)
    assert (await a_person(database)).conversation.interview == AT_SITE
    async with database.unit_of_work(read_only=True) as work:
        assert await work.applications.answers(draft.id, None) == {"name": NAME}
        assert await work.applications.answered_by(draft.id, [change.message_id]) == "name"


async def test_a_step_that_came_too_late_writes_nothing(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    change = await a_change(database, person, draft)
    async with database.unit_of_work() as work:
        assert await work.applications.take(draft.id, draft.revision)
    assert not await apply(database, change)
    assert (await seen(database, draft)).track is None
    assert (await a_person(database)).conversation.interview is None
    async with database.unit_of_work(read_only=True) as work:
        assert await work.applications.answers(draft.id, None) == {}


@pytest.mark.parametrize("own", [False, True])
async def test_an_answer_replaces_the_one_that_was_there(database: Database, own: bool) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    member = person.founder.id if own else None
    await put(database, draft, {"cv": StoredAnswer("B")}, member)
    change = await a_change(database, person, draft)
    assert await apply(database, replace(change, put={member: {"cv": CV}}, chat=None, interview=None))
    async with database.unit_of_work(read_only=True) as work:
        assert await work.applications.all_answers(draft.id) == {None: {}} | {member: {"cv": CV}}
    assert (await a_person(database)).conversation.interview is None


async def test_several_answers_are_put_and_dropped_at_once(database: Database) -> None:
    person = await a_person(database)
    draft = await a_draft(database, person)
    me = person.founder.id
    await put(database, draft, {"old": StoredAnswer(1), "kept": StoredAnswer(2)})
    await put(database, draft, {"former": StoredAnswer(3)}, me)
    change = await a_change(database, person, draft)
    given = {None: {"name": NAME, "site": SITE}, me: {"cv": CV}}
    assert await apply(database, replace(change, put=given, drop={None: ["old"], me: ["former"]}))
    async with database.unit_of_work(read_only=True) as work:
        assert await work.applications.all_answers(draft.id) == {
            None: {"kept": StoredAnswer(2), "name": NAME, "site": SITE},
            me: {"cv": CV},
        }
    assert (await seen(database, draft)).track == "pilot"


async def test_a_statement_that_runs_along_and_fails_undoes_the_unit_of_work(database: Database) -> None:
    person = await a_person(database)
    message = await asked(database, person)

    async def fail() -> None:
        async with database.unit_of_work() as work:
            await asks(work, person, "lost")
            await traced(work, message)
            await traced(work, replace(message, id=message.id + 1000))

    with pytest.raises(DatabaseRefused):
        await fail()
    async with database.unit_of_work(read_only=True) as work:
        assert (await work.founders.held(person.founder.id))["traces"] == []
        assert [item.text for item in await work.messages.recent(person.conversation.id, 9)] == [message.text]
