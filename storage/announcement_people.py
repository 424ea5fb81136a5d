"""What /forget, /mydata and /link do to what staff and announcements hold about a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, delete, select, update

from storage.announcement_tables import AnnouncementReply, FounderTag, Recipient, Staff, TopicChoice
from storage.repository import Repository, table

_recipients, _replies, _staff = table(Recipient), table(AnnouncementReply), table(Staff)
_choices, _tags = table(TopicChoice), table(FounderTag)

KEPT = {
    "recipients": "that an announcement had a recipient and what became of it, without chat, for statistics",
}
_REACHED = ("sent", "sending", "unknown")
_NOT_BEGUN = ("pending", "claimed")


async def erase_announcements(repository: Repository, founder_id: int) -> dict[str, int]:
    """Erase choices, tags and answers; what was not sent yet never will be."""
    theirs = _recipients.c.founder_id == founder_id
    open_ = _recipients.c.status.in_(_NOT_BEGUN)
    steps = {
        "recipients": update(_recipients)
        .where(theirs)
        .values(
            status=case((open_, "erased"), else_=_recipients.c.status),
            finished_at=case((open_, repository._now()), else_=_recipients.c.finished_at),
            chat=None,
            external_id=None,
            language=None,
        ),
        "announcement_replies": delete(_replies).where(_replies.c.founder_id == founder_id),
        "topic_choices": delete(_choices).where(_choices.c.founder_id == founder_id),
        "founder_tags": delete(_tags).where(_tags.c.founder_id == founder_id),
        "staff": update(_staff).where(_staff.c.founder_id == founder_id).values(founder_id=None),
    }
    return {name: (await repository._write(step)).rowcount for name, step in steps.items()}


def held_of_announcements(founder_id: int) -> dict[str, Select[Any]]:
    """Select a founder's rows by the name of their table."""
    sources = (_recipients, _replies, _choices, _tags, _staff)
    return {
        source.name: select(source).where(source.c.founder_id == founder_id).order_by(source.c.id)
        for source in sources
    }


async def merge_announcements(repository: Repository, from_id: int, into_id: int) -> None:
    """Give one founder what the other has; an announcement that reached either of them is not sent again."""
    reached = _recipients.c.status.in_(_REACHED)
    for step in (
        delete(_recipients).where(
            _recipients.c.founder_id == into_id,
            ~reached,
            _also(_recipients, "announcement_id", from_id, status=_REACHED),
        ),
        delete(_recipients).where(
            _recipients.c.founder_id == from_id, _also(_recipients, "announcement_id", into_id)
        ),
        *_last_counts(_replies, "announcement_id", from_id, into_id),
        *_last_counts(_choices, "topic", from_id, into_id),
        delete(_tags).where(_tags.c.founder_id == from_id, _also(_tags, "tag", into_id)),
        update(_staff).where(_staff.c.founder_id == from_id, _linked(into_id)).values(founder_id=None),
    ):
        await repository._write(step)
    for source in (_recipients, _replies, _choices, _tags, _staff):
        await repository._write(
            update(source).where(source.c.founder_id == from_id).values(founder_id=into_id)
        )


def _last_counts(source: Table, key: str, from_id: int, into_id: int) -> list[Any]:
    """Remove the older of two choices about the same thing."""
    return [
        delete(source).where(source.c.founder_id == one, _also(source, key, other, newer=strictly))
        for one, other, strictly in ((into_id, from_id, True), (from_id, into_id, False))
    ]


def _also(
    source: Table, key: str, founder_id: int, *, status: tuple[str, ...] = (), newer: bool = False
) -> ColumnElement[bool]:
    """Tell whether another founder has a row about the same thing."""
    other = source.alias("other")
    conditions = [other.c[key] == source.c[key], other.c.founder_id == founder_id]
    if status:
        conditions.append(other.c.status.in_(status))
    if newer:
        conditions.append(other.c.at > source.c.at)
    return select(other.c.id).where(and_(*conditions)).exists()


def _linked(founder_id: int) -> ColumnElement[bool]:
    other = _staff.alias("other")
    return select(other.c.id).where(other.c.founder_id == founder_id).exists()
