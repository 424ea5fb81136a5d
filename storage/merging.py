"""What linking two accounts does: one founder takes over everything of the other."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

from storage.announcement_people import merge_announcements
from storage.application_erasure import rewrite_snapshots
from storage.application_tables import (
    Application,
    ApplicationAnswer,
    ApplicationMember,
    Code,
    CodeAttempt,
    File,
)
from storage.gap_tables import GapQuestion
from storage.repository import Repository, table
from storage.tables import Conversation, Feedback, Founder, Handover, Identity, Message

_founders, _applications = table(Founder), table(Application)
_members, _answers, _files = table(ApplicationMember), table(ApplicationAnswer), table(File)

_MOVED: tuple[tuple[Any, str], ...] = (
    (Identity, "founder_id"),
    (Conversation, "founder_id"),
    (Message, "founder_id"),
    (Feedback, "founder_id"),
    (Handover, "founder_id"),
    (GapQuestion, "founder_id"),
    (Application, "founder_id"),
    (ApplicationMember, "founder_id"),
    (ApplicationAnswer, "member_id"),
    (Code, "founder_id"),
    (Code, "used_by"),
    (CodeAttempt, "founder_id"),
    (File, "founder_id"),
)


async def merge(repository: Repository, from_id: int, into_id: int) -> bool:
    """Move everything; see `Founders.merge`."""
    if from_id == into_id or not await _can_merge(repository, from_id, into_id):
        return False
    await rewrite_snapshots(repository, from_id, into_id)
    for step in _make_room(from_id, into_id):
        await repository._write(step)
    await merge_announcements(repository, from_id, into_id)
    for mapped, column in _MOVED:
        source = table(mapped)
        await repository._write(
            update(source).where(source.c[column] == from_id).values({source.c[column]: into_id})
        )
    old = select(_founders.c.language).where(_founders.c.id == from_id).scalar_subquery()
    await repository._write(
        update(_founders)
        .where(_founders.c.id == into_id)
        .values(language=func.coalesce(_founders.c.language, old))
    )
    await repository._write(
        update(_founders)
        .where(or_(_founders.c.id == from_id, _founders.c.merged_into == from_id))
        .values(language=None, merged_into=into_id)
    )
    return True


async def _can_merge(repository: Repository, from_id: int, into_id: int) -> bool:
    both = (from_id, into_id)
    found = await repository._rows(
        select(_founders.c.id)
        .where(_founders.c.id.in_(both), _founders.c.erased_at.is_(None), _founders.c.merged_into.is_(None))
        .order_by(_founders.c.id)
        .with_for_update()
    )
    drafts = await repository._rows(
        select(_applications.c.id).where(
            _applications.c.founder_id.in_(both), _applications.c.status == "draft"
        )
    )
    return len(found) == len(both) and len(drafts) < len(both)


def _make_room(from_id: int, into_id: int) -> list[Any]:
    """Remove what would be there twice: a person counts once, and what `into_id` has given stays."""
    theirs = _members.alias("theirs")
    other = (
        select(theirs.c.id)
        .where(theirs.c.application_id == _members.c.application_id, theirs.c.founder_id == into_id)
        .exists()
    )
    owner = select(theirs.c.application_id).where(theirs.c.founder_id == from_id, theirs.c.role == "owner")
    answered, copies = _answers.alias("answered"), _files.alias("copies")
    twice = (
        select(answered.c.id)
        .where(
            and_(
                answered.c.application_id == _answers.c.application_id,
                answered.c.key == _answers.c.key,
                answered.c.member_id == into_id,
            )
        )
        .exists()
    )
    same = (
        select(copies.c.id).where(copies.c.sha256 == _files.c.sha256, copies.c.founder_id == into_id).exists()
    )
    return [
        delete(_members).where(_members.c.founder_id == into_id, _members.c.application_id.in_(owner)),
        delete(_members).where(_members.c.founder_id == from_id, other),
        delete(_answers).where(_answers.c.member_id == from_id, twice),
        delete(_files).where(_files.c.founder_id == from_id, same),
    ]
