"""Gaps: what founders asked and did not get answered, in groups that staff close."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, delete, exists, func, insert, or_, select, update

from storage.document_tables import DocumentUse
from storage.gap_records import (
    GapGroupRecord,
    GapLine,
    GapMove,
    GapQuestionRecord,
    GapStatus,
    UnsettledQuestion,
)
from storage.gap_tables import GapGroup, GapQuestion
from storage.repository import Repository, columns, filled, table
from storage.tables import Feedback, Founder, Message, Trace

_groups, _questions = table(GapGroup), table(GapQuestion)
_traces, _messages, _feedback, _founders = table(Trace), table(Message), table(Feedback), table(Founder)
_uses, _NEAREST = table(DocumentUse), 3
_GROUP = columns(GapGroup, GapGroupRecord)
_SAID = _questions.join(_traces, _traces.c.message_id == _questions.c.message_id)
_QUESTION = [
    *(_questions.c[n] for n in ("id", "message_id", "founder_id", "group_id", "moved_from", "language")),
    *(_questions.c[n] for n in ("reason", "likeness", "asked_at")),
    _traces.c.conversation_id,
    _traces.c.question.label("text"),
]


class Gaps(Repository):
    """Unsettled questions and their groups; every decision raises a group's revision."""

    __slots__ = ()

    async def unsettled(self, limit: int = 500) -> list[UnsettledQuestion]:
        """List questions that are not here yet, oldest first."""
        unhelpful = exists().where(
            _messages.c.in_reply_to == _traces.c.message_id,
            _feedback.c.answer_message_id == _messages.c.id,
            _feedback.c.rating == "not_helpful",
        )
        asked = _messages.alias("asked")
        rows = await self._rows(
            select(
                _traces.c.message_id,
                asked.c.founder_id,
                _traces.c.language,
                _traces.c.question.label("text"),
                _traces.c.answered,
                _traces.c.created_at.label("asked_at"),
            )
            .select_from(_traces.join(asked, asked.c.id == _traces.c.message_id))
            .where(_traces.c.question != "", or_(_traces.c.answered.is_(False), unhelpful))
            .where(~exists().where(_questions.c.message_id == _traces.c.message_id))
            .order_by(_traces.c.message_id)
            .limit(limit)
        )
        return [
            UnsettledQuestion(
                message_id=row.message_id,
                founder_id=row.founder_id,
                language=row.language,
                text=row.text,
                reason="not_helpful" if row.answered else "unanswered",
                asked_at=row.asked_at,
            )
            for row in rows
        ]

    async def add(self, question: UnsettledQuestion, language: str, meaning: bytes) -> None:
        """Store a question that is in no group yet; one that is here already stays as it is."""
        values = {
            "message_id": question.message_id,
            "founder_id": question.founder_id,
            "group_id": None,
            "moved_from": None,
            "language": language,
            "reason": question.reason,
            "meaning": meaning,
            "likeness": 0.0,
            "asked_at": question.asked_at,
        }
        await self._write(self._insert(GapQuestion).values(values).on_conflict_do_nothing())

    async def meanings(self) -> list[tuple[GapQuestionRecord, bytes]]:
        """List every question that still has words, with its meaning, in the order of the ids."""
        statement = select(*_QUESTION, _questions.c.meaning).select_from(_SAID)
        rows = await self._rows(statement.where(_traces.c.question != "").order_by(_questions.c.id))
        found = []
        for row in rows:
            values = dict(row._mapping)
            packed = values.pop("meaning")
            found.append((GapQuestionRecord(**values), bytes(packed)))
        return found

    async def renew(self, question_id: int, meaning: bytes) -> None:
        """Store a question's meaning as it is read now."""
        chosen = update(_questions).where(_questions.c.id == question_id)
        await self._write(chosen.values(meaning=meaning))

    async def create(self) -> int:
        """Store an empty open group."""
        values = {"status": "open", "revision": 1, "reason": "", "documents": [], "created_at": self._now()}
        row = (await self._write(insert(_groups).values(values).returning(_groups.c.id))).one()
        return int(row.id)

    async def put(self, group_id: int, members: Mapping[int, float]) -> None:
        """Put questions into a group, each with its likeness to the group's first one."""
        for question_id, likeness in members.items():
            await self._write(
                update(_questions)
                .where(_questions.c.id == question_id)
                .values(group_id=group_id, likeness=likeness)
            )

    async def forget_blank(self) -> int:
        """Delete questions whose words are gone, by erasure or by age."""
        blank = select(_traces.c.message_id).where(_traces.c.question == "")
        return int((await self._write(delete(_questions).where(_questions.c.message_id.in_(blank)))).rowcount)

    async def drop_empty(self) -> int:
        """Delete open groups without questions and without a draft that no question can go back to."""
        held = select(_questions.c.group_id).where(_questions.c.group_id.is_not(None))
        left = select(_questions.c.moved_from).where(_questions.c.moved_from.is_not(None))
        empty = and_(_groups.c.id.not_in(held), _groups.c.id.not_in(left))
        gone = (_groups.c.status == "open", _groups.c.draft.is_(None), empty)
        return int((await self._write(delete(_groups).where(*gone))).rowcount)

    async def group(self, group_id: int) -> GapGroupRecord | None:
        """Find one group."""
        row = await self._row(select(*_GROUP).where(_groups.c.id == group_id))
        return None if row is None else filled(GapGroupRecord, row)

    async def groups(self, statuses: Sequence[GapStatus]) -> list[GapGroupRecord]:
        """List groups without their questions, in the order of the ids."""
        statement = select(*_GROUP).where(_groups.c.status.in_(statuses)).order_by(_groups.c.id)
        return [filled(GapGroupRecord, row) for row in await self._rows(statement)]

    async def lines(
        self,
        status: GapStatus,
        *,
        limit: int = 30,
        after: tuple[int, datetime, int] | None = None,
    ) -> list[GapLine]:
        """List groups, those that most people asked about first; `after` is the place of the last seen."""
        people = func.count(func.distinct(func.coalesce(_questions.c.founder_id, -_questions.c.id)))
        latest = func.max(_questions.c.asked_at)
        statement = (
            select(
                _questions.c.group_id,
                people.label("founders"),
                func.count().label("questions"),
                func.min(_questions.c.asked_at).label("first_at"),
                latest.label("last_at"),
            )
            .select_from(_SAID.join(_groups, _groups.c.id == _questions.c.group_id))
            .where(_groups.c.status == status, _traces.c.question != "")
            .group_by(_questions.c.group_id)
            .order_by(people.desc(), latest.desc(), _questions.c.group_id)
            .limit(limit)
        )
        if after is not None:
            founders, last_at, group_id = after
            same = and_(latest == last_at, _questions.c.group_id > group_id)
            later = and_(people == founders, or_(latest < last_at, same))
            statement = statement.having(or_(people < founders, later))
        return await self._filled(await self._rows(statement))

    async def counts(self) -> dict[str, int]:
        """Count the groups that have questions by status."""
        rows = await self._rows(
            select(_groups.c.status, func.count(func.distinct(_groups.c.id)).label("n"))
            .select_from(_groups.join(_questions, _questions.c.group_id == _groups.c.id))
            .group_by(_groups.c.status)
        )
        return {str(row.status): int(row.n) for row in rows}

    async def questions(self, group_id: int, *, limit: int = 200) -> list[GapQuestionRecord]:
        """List a group's questions, the one that stands for it first, then the nearest."""
        statement = select(*_QUESTION).select_from(_SAID).where(_questions.c.group_id == group_id)
        order = (_questions.c.likeness.desc(), _questions.c.id)
        rows = await self._rows(statement.where(_traces.c.question != "").order_by(*order).limit(limit))
        return [filled(GapQuestionRecord, row) for row in rows]

    async def founders(self, group_id: int) -> tuple[int, ...]:
        """Who asked, is still here and has not been told the answer."""
        rows = await self._rows(
            select(_questions.c.founder_id)
            .select_from(_questions.join(_founders, _founders.c.id == _questions.c.founder_id))
            .where(_questions.c.group_id == group_id, _founders.c.erased_at.is_(None))
            .where(_questions.c.announcement_id.is_(None))
            .distinct()
            .order_by(_questions.c.founder_id)
        )
        return tuple(int(row.founder_id) for row in rows)

    async def save_draft(self, group_id: int, revision: int, draft: Mapping[str, Any] | None) -> bool:
        """Keep an answer as it is being written; False when somebody changed the group since."""
        return await self._change(group_id, revision, draft=None if draft is None else dict(draft))

    async def decide(
        self,
        group_id: int,
        revision: int,
        status: GapStatus,
        staff_id: int | None,
        *,
        reason: str = "",
        documents: Sequence[str] = (),
    ) -> bool:
        """Close or reopen a group; False when somebody changed it since that revision."""
        return await self._change(
            group_id,
            revision,
            status=status,
            staff_id=staff_id,
            reason=reason,
            documents=list(documents),
            decided_at=None if status == "open" else self._now(),
        )

    async def come_back(self, group_id: int) -> bool:
        """Reopen a group that was asked about again; what was decided stays readable. False: it is open."""
        changed = update(_groups).where(_groups.c.id == group_id, _groups.c.status != "open")
        reopened = await self._write(changed.values(status="open", revision=_groups.c.revision + 1))
        return bool(reopened.rowcount)

    async def announced(self, group_id: int, revision: int, announcement_id: int) -> bool:
        """Remember by which announcement those who asked are told; False when somebody was faster."""
        if not await self._change(group_id, revision, announcement_id=announcement_id):
            return False
        told = (_questions.c.group_id == group_id, _questions.c.announcement_id.is_(None))
        await self._write(update(_questions).where(*told).values(announcement_id=announcement_id))
        return True

    async def shaped(self) -> set[int]:
        """Name the groups that staff moved a question into or out of."""
        moved = select(_questions.c.group_id, _questions.c.moved_from)
        rows = await self._rows(moved.where(_questions.c.moved_from.is_not(None)))
        return {int(one) for row in rows for one in row}

    async def moves(self, group_id: int) -> list[GapMove]:
        """List what staff moved into a group and out of it."""
        rows = await self._rows(
            select(_questions.c.moved_from, _questions.c.group_id, _groups.c.status, func.count().label("n"))
            .select_from(_questions.join(_groups, _groups.c.id == _questions.c.moved_from))
            .where(or_(_questions.c.group_id == group_id, _questions.c.moved_from == group_id))
            .group_by(_questions.c.moved_from, _questions.c.group_id, _groups.c.status)
            .order_by(_questions.c.moved_from, _questions.c.group_id)
        )
        return [
            GapMove(
                source=row.moved_from,
                target=row.group_id,
                questions=row.n,
                can_go_back=row.status == "open",
            )
            for row in rows
        ]

    async def representatives(self, *, limit: int = 200) -> list[GapQuestionRecord]:
        """List the question that stands for each open group, the groups with most questions first."""
        return await self._first(_groups.c.status == "open", limit=limit)

    async def move(self, group_id: int, revision: int, to: int, questions: Collection[int] = ()) -> bool:
        """Move questions of an open group (none named: all) into another open one.

        False, and the unit of work must not be committed, when somebody was faster.
        """
        if not await self._touch({group_id: revision, to: None}):
            return False
        origin = func.coalesce(_questions.c.moved_from, _questions.c.group_id)
        chosen = [_questions.c.group_id == group_id]
        if questions:
            chosen.append(_questions.c.id.in_(questions))
        moved = await self._write(
            update(_questions)
            .where(*chosen)
            .values(group_id=to, likeness=0.0, moved_from=case((origin == to, None), else_=origin))
        )
        return bool(moved.rowcount == len(questions) if questions else moved.rowcount)

    async def move_back(self, group_id: int, revision: int, source: int) -> bool:
        """Move what staff took from a group back into it; False as for `move`."""
        if not await self._touch({group_id: revision, source: None}):
            return False
        chosen = (_questions.c.group_id == group_id, _questions.c.moved_from == source)
        back = update(_questions).where(*chosen).values(group_id=source, moved_from=None, likeness=0.0)
        return bool((await self._write(back)).rowcount)

    async def _touch(self, groups: Mapping[int, int | None]) -> bool:
        """Raise the revisions of open groups, always in one order; False when one is another by now."""
        for group_id, revision in sorted(groups.items()):
            chosen = [_groups.c.id == group_id, _groups.c.status == "open"]
            if revision is not None:
                chosen.append(_groups.c.revision == revision)
            raised = update(_groups).where(*chosen).values(revision=_groups.c.revision + 1)
            if (await self._write(raised)).rowcount != 1:
                return False
        return True

    async def _filled(self, found: Sequence[Row[Any]]) -> list[GapLine]:
        """Fill in what a list shows of groups, in as many statements however many they are."""
        ids = [row.group_id for row in found]
        groups = await self._rows(select(*_GROUP).where(_groups.c.id.in_(ids)))
        group = {row.id: filled(GapGroupRecord, row) for row in groups}
        first = {one.group_id: one for one in await self._first(_questions.c.group_id.in_(ids))}
        languages = await self._languages(ids)
        nearest = await self._nearest(ids)
        return [
            GapLine(
                group=group[row.group_id],
                nearest=tuple(nearest.get(row.group_id, ())),
                question=first[row.group_id].text,
                founder_id=first[row.group_id].founder_id,
                language=first[row.group_id].language,
                questions=row.questions,
                founders=row.founders,
                languages=tuple(languages[row.group_id]),
                first_at=row.first_at,
                last_at=row.last_at,
            )
            for row in found
        ]

    async def _first(
        self, chosen: ColumnElement[bool], *, limit: int | None = None
    ) -> list[GapQuestionRecord]:
        """The question that stands for each group, the groups with most questions first."""
        same = _questions.c.group_id
        nearest = (_questions.c.likeness.desc(), _questions.c.id)
        ranked = (
            select(
                *_QUESTION,
                func.row_number().over(partition_by=same, order_by=nearest).label("place"),
                func.count().over(partition_by=same).label("size"),
            )
            .select_from(_SAID.join(_groups, _groups.c.id == same))
            .where(chosen, _traces.c.question != "")
            .subquery()
        )
        wanted = [ranked.c[one.name] for one in fields(GapQuestionRecord)]
        first = select(*wanted).where(ranked.c.place == 1)
        rows = await self._rows(first.order_by(ranked.c.size.desc(), ranked.c.group_id).limit(limit))
        return [filled(GapQuestionRecord, row) for row in rows]

    async def _languages(self, ids: Collection[int]) -> dict[int, list[str]]:
        pair = (_questions.c.group_id, _questions.c.language)
        rows = await self._rows(select(*pair).where(pair[0].in_(ids)).distinct().order_by(*pair))
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row.group_id, []).append(row.language)
        return found

    async def _nearest(self, ids: Collection[int]) -> dict[int, list[str]]:
        """The documents that the questions of each group came to most often."""
        pair = (_questions.c.group_id, _uses.c.document_id)
        times = func.count()
        rows = await self._rows(
            select(*pair)
            .select_from(_uses.join(_questions, _questions.c.message_id == _uses.c.message_id))
            .where(pair[0].in_(ids))
            .group_by(*pair)
            .order_by(pair[0], times.desc(), pair[1])
        )
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row.group_id, []).append(row.document_id)
        return {group_id: documents[:_NEAREST] for group_id, documents in found.items()}

    async def _change(self, group_id: int, revision: int, **values: Any) -> bool:
        statement = update(_groups).where(_groups.c.id == group_id, _groups.c.revision == revision)
        return (await self._write(statement.values(**values, revision=revision + 1))).rowcount == 1
