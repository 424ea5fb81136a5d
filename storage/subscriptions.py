"""What founders want to hear about, and the tags staff give them."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from storage.announcement_tables import FounderTag, TopicChoice
from storage.repository import Repository, table

_choices, _tags = table(TopicChoice), table(FounderTag)


class Subscriptions(Repository):
    """Topics; everybody is subscribed until they say otherwise."""

    __slots__ = ()

    async def choose(
        self, founder_id: int, topic: str, subscribed: bool, *, announcement_id: int | None = None
    ) -> None:
        """Remember a choice, with the announcement under which it was made."""
        values = {"subscribed": subscribed, "announcement_id": announcement_id, "at": self._now()}
        statement = self._insert(TopicChoice).values(founder_id=founder_id, topic=topic, **values)
        await self._write(
            statement.on_conflict_do_update(index_elements=["founder_id", "topic"], set_=values)
        )

    async def stopped(self, founder_id: int) -> set[str]:
        """Name the topics a founder does not want."""
        statement = select(_choices.c.topic).where(
            _choices.c.founder_id == founder_id, _choices.c.subscribed.is_(False)
        )
        return {row.topic for row in await self._rows(statement)}

    async def stopped_under(self, announcement_id: int) -> int:
        """Count who stopped a topic with the button of this announcement."""
        statement = select(func.count()).where(
            _choices.c.announcement_id == announcement_id, _choices.c.subscribed.is_(False)
        )
        row = await self._row(statement)
        return 0 if row is None else int(row[0])

    async def tag(self, founder_id: int, tag: str) -> None:
        """Put a tag on a founder."""
        statement = self._insert(FounderTag).values(founder_id=founder_id, tag=tag, at=self._now())
        await self._write(statement.on_conflict_do_nothing())

    async def untag(self, founder_id: int, tag: str) -> None:
        """Take a tag off a founder."""
        await self._write(delete(_tags).where(_tags.c.founder_id == founder_id, _tags.c.tag == tag))

    async def tags(self) -> dict[str, int]:
        """Count founders by tag."""
        statement = (
            select(_tags.c.tag.label("key"), func.count().label("n"))
            .group_by(_tags.c.tag)
            .order_by(_tags.c.tag)
        )
        rows = await self._rows(statement)
        return {str(row.key): int(row.n) for row in rows}
