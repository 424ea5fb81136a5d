"""Applications to the boat yard's program, put into the database the short way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from forms.load import load_form
from forms.model import Form
from storage.application_records import ApplicationRecord, StoredAnswer
from storage.database import Database
from storage.entries import Sender
from tests.conversation.fakes import PROGRAM, Bot, Clock

MARCH = datetime(2027, 3, 10, 2, 0, tzinfo=UTC)
"""Ten in the morning at the yard, while its first window is open."""
SKIPPED = StoredAnswer(None, "", True)
SHARED: Mapping[str, StoredAnswer] = {
    "track": StoredAnswer("berth"),
    "company_name": StoredAnswer("Blue Whale Boats", "Blue Whale Boats"),
    "one_sentence": StoredAnswer("Quiet boats for quiet harbors"),
    "team_size": StoredAnswer(7, "seven"),
    "registered": StoredAnswer(False),
    "website": SKIPPED,
    "needs": StoredAnswer(["power"]),
    "move_in": StoredAnswer("2027-05"),
    "raised": SKIPPED,
    "deck": SKIPPED,
    "funding": SKIPPED,
    "founders/1/founder_name": StoredAnswer("Ann Lee"),
    "founders/1/full_time": StoredAnswer(True),
    "founders/1/profile": SKIPPED,
    "founders/more": StoredAnswer(False),
    "email": StoredAnswer("ann@example.org"),
    "phone": SKIPPED,
}
OWN: Mapping[str, StoredAnswer] = {"motivation": StoredAnswer("I grew up on a quay."), "can_swim": SKIPPED}


@cache
def harbor() -> Form:
    """The form of the boat yard's program."""
    path = Path(__file__).parent.parent / "data" / "forms" / "harbor.toml"
    return load_form(path, timezone=PROGRAM.timezone)


@asynccontextmanager
async def yard(database: Database, clock: Clock, **options: Any) -> AsyncIterator[Bot]:
    """A bot that takes applications, in the first window."""
    clock.now = max(clock.now, MARCH)
    async with Bot(database, clock=clock, form=harbor(), **options) as bot:
        yield bot


async def founder_of(database: Database, chat: str = "ann", channel: str = "memory") -> int:
    """The founder of a chat, who is made if nobody wrote yet."""
    async with database.unit_of_work() as work:
        sender = Sender(channel=channel, sender=chat, chat=chat, name=f"{chat.title()} Lee")
        return (await work.founders.identify(sender)).founder.id


async def a_draft(
    database: Database,
    chat: str = "ann",
    *,
    without: Collection[str] = (),
    language: str = "en",
    answers: Mapping[str, StoredAnswer] | None = None,
) -> int:
    """A draft with all answers but those left out; returns its id."""
    founder = await founder_of(database, chat)
    shared = {**SHARED, **(answers or {})}
    async with database.unit_of_work() as work:
        version = harbor().version
        record = await work.applications.start(founder, language=language, form_version=version)
        await work.applications.take(record.id, record.revision)
        for member, given in ((None, shared), (founder, OWN)):
            await work.applications.save(
                record.id,
                {key: item for key, item in given.items() if key not in without},
                (),
                member_id=member,
                message_id=None,
                track=shared["track"].data,
                language=language,
                form_version=version,
            )
    return record.id


async def submitted(database: Database, chat: str = "ann", **options: Any) -> int:
    """A submitted application with all answers; returns its id."""
    application = await a_draft(database, chat, **options)
    async with database.unit_of_work() as work:
        answers = await work.applications.all_answers(application)
        snapshot = {
            "form_version": harbor().version,
            "language": "en",
            "track": "berth",
            "answers": {
                "shared" if member is None else str(member): {
                    key: {"data": item.data, "wording": item.wording, "skipped": item.skipped}
                    for key, item in given.items()
                }
                for member, given in answers.items()
            },
        }
        number = await work.applications.next_number(2027)
        await work.applications.submit(
            application, number=number, snapshot=snapshot, late=False, message_id=None
        )
    return application


async def record_of(database: Database, application: int) -> ApplicationRecord:
    """An application as it is now."""
    async with database.unit_of_work(read_only=True) as work:
        record = await work.applications.get(application)
    assert record is not None
    return record


async def change(database: Database, application: int, key: str, data: Any) -> None:
    """Another answer to a shared question, as an edit in the chat stores it."""
    async with database.unit_of_work() as work:
        record = await work.applications.get(application)
        assert record is not None
        await work.applications.take(application, record.revision)
        await work.applications.save(
            application, {key: StoredAnswer(data)}, (), member_id=None, message_id=None
        )
