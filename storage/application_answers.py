"""Answers of applications, as they are stored and as a version holds them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import or_, select

from storage.application_records import StoredAnswer
from storage.application_steps import upsert
from storage.application_tables import ApplicationAnswer
from storage.records import Payload
from storage.repository import INSERTS, Repository, named, table

_answers = table(ApplicationAnswer)

SHARED = "shared"
"""The name of the shared answers within the `answers` of a snapshot; the others go by founder id."""

_ANSWERS = (
    select(_answers.c.key, _answers.c.data, _answers.c.wording, _answers.c.skipped)
    .where(
        _answers.c.application_id == named("application_id"),
        or_(_answers.c.member_id.is_(None), _answers.c.member_id == named("member_id")),
    )
    .order_by(_answers.c.id)
)
_ALL_ANSWERS = (
    select(_answers.c.member_id, _answers.c.key, _answers.c.data, _answers.c.wording, _answers.c.skipped)
    .where(_answers.c.application_id == named("application_id"))
    .order_by(_answers.c.id)
)


class ApplicationAnswers(Repository):
    """The answers of applications: shared ones, and those that each member gives alone."""

    __slots__ = ()

    async def answers(self, application_id: int, member_id: int | None) -> dict[str, StoredAnswer]:
        """Return the shared answers and one member's own, by key."""
        rows = await self._rows(_ANSWERS, {"application_id": application_id, "member_id": member_id})
        return {row.key: StoredAnswer(row.data, row.wording, row.skipped) for row in rows}

    async def answered_by(self, application_id: int, message_ids: Collection[int]) -> str | None:
        """Return the key of the one answer that these messages gave; None for none, or for several."""
        statement = select(_answers.c.key).where(
            _answers.c.application_id == application_id, _answers.c.message_id.in_(message_ids)
        )
        rows = await self._rows(statement)
        return rows[0].key if len(rows) == 1 else None

    async def all_answers(self, application_id: int) -> dict[int | None, dict[str, StoredAnswer]]:
        """Return all answers by the member who gave them; those under None are shared."""
        found: dict[int | None, dict[str, StoredAnswer]] = {None: {}}
        for row in await self._rows(_ALL_ANSWERS, {"application_id": application_id}):
            answer = StoredAnswer(row.data, row.wording, row.skipped)
            found.setdefault(row.member_id, {})[row.key] = answer
        return found

    async def _put(
        self,
        application_id: int,
        put: Mapping[str, StoredAnswer],
        member_id: int | None,
        message_id: int | None,
    ) -> None:
        rows = self._answer_rows(application_id, put, member_id, message_id)
        statement = _upsert(self._scope.place.dialect, shared=member_id is None)
        if len(rows) == 1:
            await self._write_along(statement, rows[0])
        else:
            await self._write(statement, rows)

    def _answer_rows(
        self,
        application_id: int,
        put: Mapping[str, StoredAnswer],
        member_id: int | None,
        message_id: int | None,
    ) -> list[dict[str, Any]]:
        now = self._now()
        return [
            {
                "application_id": application_id,
                "member_id": member_id,
                "key": key,
                "data": answer.data,
                "wording": answer.wording,
                "skipped": answer.skipped,
                "sha256": sha256_of(answer.data),
                "message_id": message_id,
                "updated_at": now,
            }
            for key, answer in put.items()
        ]


def submitted_answers(snapshot: Payload) -> Iterator[tuple[int | None, dict[str, StoredAnswer]]]:
    """Read the answers of a snapshot by the member who gave them; None for the shared ones."""
    for whose, answers in snapshot.get("answers", {}).items():
        found = {
            key: StoredAnswer(item.get("data"), item.get("wording", ""), bool(item.get("skipped")))
            for key, item in answers.items()
        }
        yield (None if whose == SHARED else int(whose)), found


def sha256_of(data: Any) -> str | None:
    """Return the hash of the file that an answer is; None for any other answer."""
    found = data.get("sha256") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


@cache
def _upsert(dialect: str, *, shared: bool) -> Any:
    return upsert(INSERTS[dialect](_answers), shared=shared)
