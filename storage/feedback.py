"""What founders thought of answers."""

from __future__ import annotations

from sqlalchemy import case, literal, null, select, update

from storage.records import FeedbackRecord, Rating
from storage.repository import Repository, columns, filled, table
from storage.tables import Feedback as FeedbackTable
from storage.tables import Message, UtcTime

_feedback, _messages = table(FeedbackTable), table(Message)


class Feedback(Repository):
    """Ratings, one an answer."""

    __slots__ = ()

    async def set(self, answer_message_id: int, founder_id: int, rating: Rating) -> FeedbackRecord | None:
        """Store a rating; the last one wins, and a reason given for another rating goes.

        None when that message is not an answer given to this founder: the ids of buttons come from
        outside and cannot be trusted.
        """
        now = literal(self._now(), UtcTime())
        answer = select(
            _messages.c.id, _messages.c.conversation_id, literal(founder_id), literal(rating), now, now
        ).where(
            _messages.c.id == answer_message_id,
            _messages.c.founder_id == founder_id,
            _messages.c.direction == "out",
        )
        names = ["answer_message_id", "conversation_id", "founder_id", "rating", "created_at", "updated_at"]
        statement = self._insert(FeedbackTable).from_select(names, answer)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["answer_message_id"],
            set_={
                "rating": new.rating,
                "updated_at": new.updated_at,
                "reason": case((_feedback.c.rating == new.rating, _feedback.c.reason), else_=null()),
            },
        )
        row = (await self._write(statement.returning(*columns(FeedbackTable, FeedbackRecord)))).first()
        return None if row is None else filled(FeedbackRecord, row)

    async def set_reason(self, feedback_id: int, reason: str) -> bool:
        """Store why an answer did not help; False when that rating is gone."""
        statement = (
            update(_feedback)
            .where(_feedback.c.id == feedback_id)
            .values(reason=reason, updated_at=self._now())
        )
        return (await self._write(statement)).rowcount == 1
