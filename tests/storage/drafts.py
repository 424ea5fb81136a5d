"""Short ways to applications in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.application_records import ApplicationRecord, StoredAnswer
from storage.database import Database
from storage.records import Person

FORM = "0" * 64
FILE = "f" * 64


async def a_draft(database: Database, person: Person) -> ApplicationRecord:
    async with database.unit_of_work() as work:
        return await work.applications.start(person.founder.id, language="en", form_version=FORM)


async def put(
    database: Database,
    draft: ApplicationRecord,
    answers: Mapping[str, StoredAnswer],
    member: int | None = None,
) -> None:
    async with database.unit_of_work() as work:
        await work.applications.save(draft.id, answers, [], member_id=member, message_id=None)


async def submit(
    database: Database, draft: ApplicationRecord, *, year: int = 2026, late: bool = False
) -> bool:
    """Submit all answers as they are, with a snapshot as the handlers write it."""
    async with database.unit_of_work() as work:
        number = await work.applications.next_number(year)
        given: dict[str, Any] = {}
        for whose, answers in (await work.applications.all_answers(draft.id)).items():
            given["shared" if whose is None else str(whose)] = {
                key: {"data": item.data, "wording": item.wording, "skipped": item.skipped}
                for key, item in answers.items()
            }
        snapshot = {"form_version": FORM, "language": "en", "track": draft.track, "answers": given}
        return await work.applications.submit(
            draft.id, number=number, snapshot=snapshot, late=late, message_id=None
        )


async def seen(database: Database, draft: ApplicationRecord) -> ApplicationRecord:
    async with database.unit_of_work(read_only=True) as work:
        found = await work.applications.get(draft.id)
    assert found is not None
    return found
