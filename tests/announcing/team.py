"""Staff for tests: a person of the program whose chat is linked."""

from __future__ import annotations

from storage.announcement_records import Role, StaffRecord
from storage.database import Database
from storage.entries import Sender
from tests.conversation.fakes import Bot


async def employ(database: Database, name: str, role: Role = "editor") -> tuple[StaffRecord, str]:
    """Add somebody and make their code."""
    from handlers.staff_account import LIFETIME, PURPOSE

    async with database.unit_of_work() as work:
        member = await work.staff.add(name, role)
        code = await work.codes.issue(PURPOSE, None, None, LIFETIME, staff_id=member.id)
    return member, code


async def join(bot: Bot, name: str, role: Role = "editor", *, hint: str = "en") -> str:
    """Add somebody whose chat is linked; returns the name of the chat."""
    member, code = await employ(bot.database, name, role)
    chat = name.lower()
    await bot.send(
        chat,
        kind="command",
        command="staff",
        arguments=code,
        text=f"/staff {code}",
        language_hint=hint,
    )
    async with bot.database.unit_of_work(read_only=True) as work:
        found = await work.staff.get(member.id)
    assert found is not None
    assert found.founder_id is not None
    return chat


async def founder(database: Database, who: str, *, channel: str = "memory", hint: str = "en") -> int:
    """Let a founder be known, as one who wrote once; returns their row's id."""
    async with database.unit_of_work() as work:
        person = await work.founders.identify(
            Sender(channel=channel, sender=who, chat=who, name=who.title(), language_hint=hint)
        )
    return person.founder.id
