from __future__ import annotations

import asyncio
from datetime import timedelta

from storage.database import Database
from tests.storage.builders import NOON, a_person, asks
from tests.storage.drafts import a_draft, submit


async def test_a_reminder_goes_out_once(database: Database) -> None:
    draft = await a_draft(database, await a_person(database))

    async def note() -> bool:
        async with database.unit_of_work() as work:
            return await work.applications.note_reminder(draft.id, "one_day", NOON)

    assert sorted(await asyncio.gather(*(note() for _ in range(4)))) == [False, False, False, True]
    async with database.unit_of_work() as work:
        assert await work.applications.note_reminder(draft.id, "one_day", NOON + timedelta(days=1))
        assert await work.applications.note_reminder(draft.id, "idle", NOON)
        assert await work.applications.reminders_sent([draft.id, 999]) == {
            (draft.id, "one_day", NOON),
            (draft.id, "one_day", NOON + timedelta(days=1)),
            (draft.id, "idle", NOON),
        }


async def test_drafts_are_reminded_of_where_their_founder_wrote_last(database: Database) -> None:
    people = [await a_person(database, str(n)) for n in range(4)]
    drafts = [await a_draft(database, person) for person in people]
    second = await a_person(database, "0", chat="newer")
    async with database.unit_of_work() as work:
        await asks(work, people[0])
        await asks(work, second)
        await work.applications.stop_reminders(drafts[1].id)
        await work.founders.mark_blocked("telegram", "2", NOON)
        found = await work.applications.reminder_candidates()
        assert [(item.application.id, item.chat) for item in found] == [
            (drafts[0].id, "newer"),
            (drafts[3].id, "3"),
        ]
        assert found[0].conversation_id == second.conversation.id
        assert await work.applications.reminder_candidates(drafts[3].id) == []
        await work.applications.stop_reminders(drafts[1].id, stopped=False)
        assert len(await work.applications.reminder_candidates(limit=2)) == 2
    await submit(database, drafts[0])
    async with database.unit_of_work() as work:
        await work.founders.erase(people[3].founder.id)
        ids = [item.application.id for item in await work.applications.reminder_candidates()]
    assert ids == [drafts[1].id]
