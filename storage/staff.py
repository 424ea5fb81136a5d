"""Staff, what they may do, and the log of what they did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from storage.announcement_records import AuditRecord, Role, StaffRecord
from storage.announcement_tables import AuditEntry, StaffMenu
from storage.announcement_tables import Staff as StaffTable
from storage.records import Payload
from storage.repository import Repository, columns, filled, private, table
from storage.tables import Conversation

_staff, _audit = table(StaffTable), table(AuditEntry)
_menus, _conversations = table(StaffMenu), table(Conversation)
_COLUMNS = columns(StaffTable, StaffRecord)
_FIELDS = [column.name for column in _COLUMNS]
_AUDIT = columns(AuditEntry, AuditRecord)


class Staff(Repository):
    """People of the program."""

    __slots__ = ()

    async def add(self, name: str, role: Role, *, language: str | None = None) -> StaffRecord:
        """Enter a person; their chat account is linked later, by a code."""
        values = {"name": name, "role": role, "language": language, "created_at": self._now()}
        row = (await self._write(insert(_staff).values(values).returning(*_COLUMNS))).one()
        return filled(StaffRecord, row)

    async def get(self, staff_id: int) -> StaffRecord | None:
        """Find a person, disabled or not."""
        row = await self._row(select(*_COLUMNS).where(_staff.c.id == staff_id))
        return None if row is None else filled(StaffRecord, row)

    async def by_founder(self, founder_id: int) -> StaffRecord | None:
        """Find who of staff writes from this account; None for founders and for the disabled."""
        row = await self._row(
            select(*_COLUMNS).where(_staff.c.founder_id == founder_id, _staff.c.disabled_at.is_(None))
        )
        return None if row is None else filled(StaffRecord, row)

    async def named(self, name: str) -> list[StaffRecord]:
        """Find people by their name or by their number."""
        wanted = name.strip()
        number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0
        statement = select(*_COLUMNS).where(or_(_staff.c.name == wanted, _staff.c.id == number))
        return [filled(StaffRecord, row) for row in await self._rows(statement.order_by(_staff.c.id))]

    async def in_chats(self) -> list[StaffRecord]:
        """List those who can be reached in a chat of their own."""
        reached = select(*_COLUMNS).where(_staff.c.founder_id.is_not(None), _staff.c.disabled_at.is_(None))
        return [filled(StaffRecord, row) for row in await self._rows(reached.order_by(_staff.c.id))]

    async def everyone(self) -> list[StaffRecord]:
        """List everybody, in the order they were added."""
        return [filled(StaffRecord, row) for row in await self._rows(select(*_COLUMNS).order_by(_staff.c.id))]

    async def set_language(self, staff_id: int, language: str | None) -> bool:
        """Remember the language a person reads; None follows their browser."""
        return await self._change(staff_id, language=language)

    async def owners(self) -> int:
        """Count those who may manage staff; on PostgreSQL their rows are held, so that the last stays."""
        statement = select(_staff.c.id).where(_staff.c.role == "owner", _staff.c.disabled_at.is_(None))
        return len(await self._rows(statement.order_by(_staff.c.id).with_for_update()))

    async def link(self, staff_id: int, founder_id: int) -> bool:
        """Tie a person to a chat account, which belongs to nobody else then; False for one disabled."""
        await self._write(update(_staff).where(_staff.c.founder_id == founder_id).values(founder_id=None))
        return await self._change(staff_id, founder_id=founder_id)

    async def disable(self, staff_id: int) -> bool:
        """Take away every right and the chat account; False when that was done before."""
        return await self._change(staff_id, founder_id=None, disabled_at=self._now())

    async def set_role(self, staff_id: int, role: Role) -> bool:
        """Give another role; False for one disabled."""
        return await self._change(staff_id, role=role)

    async def chats(self, channel: str) -> list[tuple[str, StaffRecord]]:
        """List the private chats of staff in a channel, with who they are."""
        statement = (
            select(_conversations.c.chat, *_COLUMNS)
            .join(_conversations, _conversations.c.founder_id == _staff.c.founder_id)
            .where(
                _staff.c.disabled_at.is_(None),
                _conversations.c.channel == channel,
                _conversations.c.chat.is_not(None),
                private(_conversations.c.chat),
                _conversations.c.blocked_at.is_(None),
            )
            .order_by(_conversations.c.id)
        )
        rows = await self._rows(statement)
        return [(row[0], StaffRecord(**dict(zip(_FIELDS, row[1:], strict=True)))) for row in rows]

    async def menus(self, channel: str) -> dict[str, str]:
        """Say which menu of staff each chat of a channel has."""
        rows = await self._rows(select(_menus.c.chat, _menus.c.shown).where(_menus.c.channel == channel))
        return {row.chat: row.shown for row in rows}

    async def note_menu(self, channel: str, chat: str, shown: str | None) -> None:
        """Remember which menu of staff a chat has now; None for none."""
        if shown is None:
            await self._write(delete(_menus).where(_menus.c.channel == channel, _menus.c.chat == chat))
            return
        statement = self._insert(StaffMenu).values(channel=channel, chat=chat, shown=shown)
        await self._write(
            statement.on_conflict_do_update(index_elements=["channel", "chat"], set_={"shown": shown})
        )

    async def _change(self, staff_id: int, **values: Any) -> bool:
        statement = update(_staff).where(_staff.c.id == staff_id, _staff.c.disabled_at.is_(None))
        return (await self._write(statement.values(values))).rowcount == 1


class Audit(Repository):
    """The log of what staff did: only ever added to."""

    __slots__ = ()

    async def note(
        self,
        action: str,
        *,
        actor: str,
        staff_id: int | None = None,
        about: tuple[str, int] | None = None,
        details: Payload | None = None,
    ) -> int:
        """Write down an action ("announcement.confirm") about an object ("announcement", 7); its id."""
        kind, number = about or (None, None)
        values = {
            "at": self._now(),
            "staff_id": staff_id,
            "actor": actor,
            "action": action,
            "object_kind": kind,
            "object_id": number,
            "details": dict(details or {}),
        }
        row = (await self._write(insert(_audit).values(values).returning(_audit.c.id))).one()
        return int(row.id)

    async def entries(
        self,
        *,
        about: tuple[str, int] | None = None,
        staff_id: int | None = None,
        action: str | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[AuditRecord]:
        """List the latest entries, newest first."""
        statement = select(*_AUDIT).order_by(_audit.c.id.desc()).limit(limit)
        if about is not None:
            statement = statement.where(_audit.c.object_kind == about[0], _audit.c.object_id == about[1])
        if staff_id is not None:
            statement = statement.where(_audit.c.staff_id == staff_id)
        if action is not None:
            statement = statement.where(_audit.c.action == action)
        if before_id is not None:
            statement = statement.where(_audit.c.id < before_id)
        return [filled(AuditRecord, row) for row in await self._rows(statement)]

    async def actions(self) -> list[str]:
        """List the kinds of action there are, in alphabetical order, skipping along the index."""
        found: list[str] = []
        statement = select(func.min(_audit.c.action).label("action"))
        while (row := await self._row(statement)) is not None and row.action is not None:
            found.append(row.action)
            statement = select(func.min(_audit.c.action).label("action")).where(_audit.c.action > row.action)
        return found
