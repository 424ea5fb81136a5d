"""Applications for the staff: a list to look through, and whole ones to hand on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, select

from storage.application_answers import submitted_answers
from storage.application_records import (
    ApplicationExport,
    ApplicationRecord,
    ApplicationStatus,
    FileRecord,
    FollowUpRecord,
    MemberRecord,
    StoredAnswer,
)
from storage.application_tables import (
    Application,
    ApplicationAnswer,
    ApplicationFollowUp,
    ApplicationMember,
    ApplicationVersion,
    File,
)
from storage.repository import Repository, columns, filled, table
from storage.tables import Founder, Identity

_applications, _answers, _members = table(Application), table(ApplicationAnswer), table(ApplicationMember)
_versions, _files, _founders = table(ApplicationVersion), table(File), table(Founder)
_identities, _followups = table(Identity), table(ApplicationFollowUp)
_COLUMNS = columns(Application, ApplicationRecord)


class ApplicationExports(Repository):
    """Applications as the staff sees them; those of erased founders are left out."""

    __slots__ = ()

    async def listing(
        self,
        *,
        statuses: Sequence[ApplicationStatus] = (),
        track: str | None = None,
        since: datetime | None = None,
        after_id: int = 0,
        limit: int = 500,
    ) -> list[ApplicationRecord]:
        """Return the page of applications above `after_id`; no statuses means all but drafts."""
        query = _of_people().where(_applications.c.id > after_id).limit(limit)
        if statuses:
            query = query.where(_applications.c.status.in_(statuses))
        else:
            query = query.where(_applications.c.status != "draft")
        if track is not None:
            query = query.where(_applications.c.track == track)
        if since is not None:
            query = query.where(_applications.c.updated_at >= since)
        return [filled(ApplicationRecord, row) for row in await self._rows(query)]

    async def by_number(self, number: str) -> ApplicationRecord | None:
        """Find an application by the number that its founder was given."""
        row = await self._row(_of_people().where(_applications.c.number == number))
        return None if row is None else filled(ApplicationRecord, row)

    async def counts(self) -> dict[str, int]:
        """Count applications by status, those of erased founders too."""
        rows = await self._rows(
            select(_applications.c.status, func.count().label("number")).group_by(_applications.c.status)
        )
        return {row.status: row.number for row in rows}

    async def export(
        self,
        after_id: int = 0,
        limit: int = 100,
        *,
        statuses: Sequence[ApplicationStatus] = (),
        track: str | None = None,
    ) -> list[ApplicationExport]:
        """Return the page of whole applications above `after_id`; an empty page is the end."""
        page = await self.listing(statuses=statuses, track=track, after_id=after_id, limit=limit)
        return await self.whole(page)

    async def whole(self, page: Sequence[ApplicationRecord]) -> list[ApplicationExport]:
        """Return applications with people, answers, files and reviewers' questions, in the same order."""
        if not page:
            return []
        ids = [record.id for record in page]
        answers = await self._answers_of(ids)
        answers |= await self._submitted_last(
            [record.id for record in page if record.amending_at is not None]
        )
        members = await self._members_of(ids)
        files = await self._files_of(ids)
        questions = await self._questions_of(ids)
        versions = await self._rows(
            select(_versions.c.application_id, func.count().label("number"))
            .where(_versions.c.application_id.in_(ids))
            .group_by(_versions.c.application_id)
        )
        submitted = {row.application_id: row.number for row in versions}
        return [
            ApplicationExport(
                application=record,
                members=tuple(members.get(record.id, ())),
                answers=answers.get(record.id, {}),
                versions=submitted.get(record.id, 0),
                files=tuple(files.get(record.id, ())),
                questions=tuple(questions.get(record.id, ())),
            )
            for record in page
        ]

    async def _answers_of(self, ids: Sequence[int]) -> dict[int, dict[int | None, dict[str, StoredAnswer]]]:
        found: dict[int, dict[int | None, dict[str, StoredAnswer]]] = {}
        query = select(_answers).where(_answers.c.application_id.in_(ids)).order_by(_answers.c.id)
        for row in await self._rows(query):
            by_member = found.setdefault(row.application_id, {})
            answer = StoredAnswer(row.data, row.wording, row.skipped)
            by_member.setdefault(row.member_id, {})[row.key] = answer
        return found

    async def _submitted_last(
        self, ids: Sequence[int]
    ) -> dict[int, dict[int | None, dict[str, StoredAnswer]]]:
        if not ids:
            return {}
        rows = await self._rows(
            select(_versions.c.application_id, _versions.c.snapshot)
            .where(_versions.c.application_id.in_(ids))
            .order_by(_versions.c.version)
        )
        return {
            row.application_id: dict(submitted_answers(row.snapshot))
            for row in rows
            if "answers" in row.snapshot
        }

    async def _members_of(self, ids: Sequence[int]) -> dict[int, list[MemberRecord]]:
        name = (
            select(func.coalesce(func.max(_identities.c.name), ""))
            .where(_identities.c.founder_id == _members.c.founder_id)
            .scalar_subquery()
        )
        wanted = (_members.c.founder_id, _members.c.role, _members.c.joined_at, name.label("name"))
        query = select(_members.c.application_id, *wanted).where(_members.c.application_id.in_(ids))
        found: dict[int, list[MemberRecord]] = {}
        for row in await self._rows(query.order_by(_members.c.id)):
            values = dict(row._mapping)
            found.setdefault(values.pop("application_id"), []).append(MemberRecord(**values))
        return found

    async def _questions_of(self, ids: Sequence[int]) -> dict[int, list[FollowUpRecord]]:
        query = select(*columns(ApplicationFollowUp, FollowUpRecord))
        query = query.where(_followups.c.application_id.in_(ids)).order_by(_followups.c.id)
        found: dict[int, list[FollowUpRecord]] = {}
        for row in await self._rows(query):
            found.setdefault(row.application_id, []).append(filled(FollowUpRecord, row))
        return found

    async def _files_of(self, ids: Sequence[int]) -> dict[int, list[FileRecord]]:
        query = (
            select(_answers.c.application_id, *columns(File, FileRecord))
            .join(_applications, _applications.c.id == _answers.c.application_id)
            .join(
                _files,
                (_files.c.sha256 == _answers.c.sha256)
                & (_files.c.founder_id == func.coalesce(_answers.c.member_id, _applications.c.founder_id)),
            )
            .where(_answers.c.application_id.in_(ids))
            .order_by(_answers.c.id)
        )
        found: dict[int, list[FileRecord]] = {}
        for row in await self._rows(query):
            values = dict(row._mapping)
            found.setdefault(values.pop("application_id"), []).append(FileRecord(**values))
        return found


def _of_people() -> Select[tuple[object, ...]]:
    return (
        select(*_COLUMNS)
        .join(_founders, _founders.c.id == _applications.c.founder_id)
        .where(_founders.c.erased_at.is_(None))
        .order_by(_applications.c.id)
    )
