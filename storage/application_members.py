"""Who is in an application: its owner and the co-founders who joined."""

from __future__ import annotations

from sqlalchemy import and_, delete, func, select

from storage.application_erasure import rewrite_snapshots
from storage.application_records import MemberRecord, MemberRole
from storage.application_tables import ApplicationAnswer, ApplicationMember
from storage.repository import Repository, filled, named, table
from storage.tables import Identity

_members, _answers, _identities = table(ApplicationMember), table(ApplicationAnswer), table(Identity)

_NAME = (
    select(_identities.c.name)
    .where(_identities.c.founder_id == _members.c.founder_id)
    .order_by(_identities.c.name == "", _identities.c.id)
    .limit(1)
    .scalar_subquery()
)
_MEMBERS = (
    select(
        _members.c.founder_id, _members.c.role, _members.c.joined_at, func.coalesce(_NAME, "").label("name")
    )
    .where(_members.c.application_id == named("application_id"))
    .order_by(_members.c.id)
)


class ApplicationMembers(Repository):
    """Members of applications, the owner among them."""

    __slots__ = ()

    async def members(self, application_id: int) -> list[MemberRecord]:
        """List the members of an application, the owner first."""
        rows = await self._rows(_MEMBERS, {"application_id": application_id})
        return [filled(MemberRecord, row) for row in rows]

    async def add_member(self, application_id: int, founder_id: int) -> bool:
        """Let a co-founder join; False when they are in it already."""
        return await self._join(application_id, founder_id, "member")

    async def remove_member(self, application_id: int, founder_id: int) -> bool:
        """Take a co-founder out, with their own answers; False when they are not in it, or own it."""
        theirs = and_(_members.c.application_id == application_id, _members.c.founder_id == founder_id)
        row = await self._row(select(_members.c.id).where(theirs, _members.c.role == "member"))
        if row is None:
            return False
        await rewrite_snapshots(self, founder_id, None, application_id)
        await self._write(delete(_members).where(_members.c.id == row.id))
        await self._write(
            delete(_answers).where(
                _answers.c.application_id == application_id, _answers.c.member_id == founder_id
            )
        )
        return True

    async def _join(self, application_id: int, founder_id: int, role: MemberRole) -> bool:
        statement = self._insert(ApplicationMember).values(
            application_id=application_id, founder_id=founder_id, role=role, joined_at=self._now()
        )
        return (await self._write(statement.on_conflict_do_nothing())).rowcount == 1
