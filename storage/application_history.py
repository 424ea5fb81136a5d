"""What becomes of an application: submitted, amended, withdrawn, decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, literal, or_, select, update

from storage.application_answers import ApplicationAnswers, submitted_answers
from storage.application_notes import FOUNDER, ApplicationNotes
from storage.application_records import (
    ApplicationStatus,
    VersionRecord,
)
from storage.application_tables import (
    Application,
    ApplicationAnswer,
    ApplicationEvent,
    ApplicationMember,
    ApplicationNumber,
    ApplicationVersion,
)
from storage.records import Payload
from storage.repository import columns, filled, table
from storage.tables import UtcTime

_applications, _answers, _numbers = table(Application), table(ApplicationAnswer), table(ApplicationNumber)
_versions, _events = table(ApplicationVersion), table(ApplicationEvent)
_members = table(ApplicationMember)

_OPEN: tuple[ApplicationStatus, ...] = ("submitted", "in_review")
_DECIDED: tuple[ApplicationStatus, ...] = ("accepted", "declined")


class ApplicationHistory(ApplicationNotes, ApplicationAnswers):
    """Submissions, versions and decisions."""

    __slots__ = ()

    async def next_number(self, year: int) -> str:
        """Give out the next number of a year.

        The year's row stays locked until the unit of work ends, so that numbers follow each other without
        gaps: a submission that is rolled back, or that `submit` refuses, leaves its number for the next.
        """
        statement = self._insert(ApplicationNumber).values(year=year, last=1)
        given = await self._write(
            statement.on_conflict_do_update(
                index_elements=["year"], set_={"last": _numbers.c.last + 1}
            ).returning(_numbers.c.last)
        )
        return f"{year}-{given.scalar_one():04d}"

    async def submit(
        self,
        application_id: int,
        *,
        number: str | None,
        snapshot: Payload,
        late: bool,
        message_id: int | None,
    ) -> bool:
        """Submit a draft, or the changes of an amendment, as a new version; False when it is neither.

        An amended application keeps its status, its number, the time it was first submitted and whether
        that was late; a number given for it is taken back. The answers of a snapshot are at
        `answers["shared"]` and `answers["<founder id>"]`, each {key: {"data", "wording", "skipped"}}.
        """
        now, draft = self._now(), _applications.c.status == "draft"
        amended = and_(_applications.c.status.in_(_OPEN), _applications.c.amending_at.is_not(None))
        statement = (
            update(_applications)
            .where(_applications.c.id == application_id, or_(draft, amended))
            .values(
                status=case((draft, "submitted"), else_=_applications.c.status),
                number=func.coalesce(_applications.c.number, number),
                submitted_at=func.coalesce(_applications.c.submitted_at, literal(now, UtcTime())),
                late=case((draft, late), else_=_applications.c.late),
                amending_at=None,
                updated_at=now,
                revision=_applications.c.revision + 1,
            )
            .returning(_applications.c.number)
        )
        row = (await self._write(statement)).first()
        if number is not None and (row is None or row.number != number):
            await self._give_back(number)
        if row is None:
            return False
        version = await self._add_version(application_id, snapshot, message_id)
        kind = "submitted" if version == 1 else "amended"
        await self._note(application_id, FOUNDER, kind, {"version": version})
        return True

    async def withdraw(self, application_id: int) -> bool:
        """Withdraw an application that has not been decided; False when there is nothing to withdraw."""
        statement = update(_applications).where(
            _applications.c.id == application_id, _applications.c.status.in_(_OPEN)
        )
        return await self._changed(
            statement, application_id, "withdrawn", status="withdrawn", amending_at=None
        )

    async def begin_amend(self, application_id: int) -> bool:
        """Open a submitted application for changes; False when it cannot be, or is open already."""
        statement = update(_applications).where(
            _applications.c.id == application_id,
            _applications.c.status.in_(_OPEN),
            _applications.c.amending_at.is_(None),
        )
        return await self._changed(statement, application_id, "amending", amending_at=self._now())

    async def end_amend(self, application_id: int, restore: bool) -> bool:
        """End an amendment without a new version; `restore` puts back the answers as last submitted."""
        statement = update(_applications).where(
            _applications.c.id == application_id, _applications.c.amending_at.is_not(None)
        )
        done = await self._changed(statement, application_id, "amendment_dropped", amending_at=None)
        if done and restore:
            await self._restore(application_id)
        return done

    async def set_status(
        self,
        application_id: int,
        status: ApplicationStatus,
        actor: str,
        note: str = "",
        *,
        revision: int | None = None,
    ) -> bool:
        """Note what the staff decided; False for a draft, a withdrawn one, or one that has it already.

        With a `revision` also False when the application has changed since.
        """
        if status not in (*_OPEN, *_DECIDED):
            raise ValueError(f"{status} is not for the staff to set")
        statement = update(_applications).where(
            _applications.c.id == application_id,
            _applications.c.status.in_((*_OPEN, *_DECIDED)),
            _applications.c.status != status,
        )
        if revision is not None:
            statement = statement.where(_applications.c.revision == revision)
        decided = self._now() if status in _DECIDED else None
        closing = {"amending_at": None} if status in _DECIDED else {}
        return await self._changed(
            statement,
            application_id,
            "status",
            actor,
            {"status": status, "note": note},
            status=status,
            decided_at=decided,
            **closing,
        )

    async def versions(self, application_id: int) -> list[VersionRecord]:
        """List the versions of an application, the first one first."""
        rows = await self._rows(
            select(*columns(ApplicationVersion, VersionRecord))
            .where(_versions.c.application_id == application_id)
            .order_by(_versions.c.version)
        )
        return [filled(VersionRecord, row) for row in rows]

    async def _changed(
        self,
        statement: Any,
        application_id: int,
        kind: str,
        actor: str = FOUNDER,
        details: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> bool:
        values |= {"revision": _applications.c.revision + 1, "updated_at": self._now()}
        if (await self._write(statement.values(**values))).rowcount != 1:
            return False
        await self._note(application_id, actor, kind, details)
        return True

    async def _give_back(self, number: str) -> None:
        year, _, given = number.partition("-")
        if year.isdecimal() and given.isdecimal():
            await self._write(
                update(_numbers)
                .where(_numbers.c.year == int(year), _numbers.c.last == int(given))
                .values(last=_numbers.c.last - 1)
            )

    async def _add_version(self, application_id: int, snapshot: Payload, message_id: int | None) -> int:
        files = await self._rows(
            select(_answers.c.sha256)
            .where(_answers.c.application_id == application_id, _answers.c.sha256.is_not(None))
            .distinct()
        )
        latest = select(func.coalesce(func.max(_versions.c.version), 0) + 1).where(
            _versions.c.application_id == application_id
        )
        added = await self._write(
            insert(_versions)
            .values(
                application_id=application_id,
                version=latest.scalar_subquery(),
                submitted_at=self._now(),
                snapshot=dict(snapshot),
                files=sorted(row.sha256 for row in files),
                message_id=message_id,
            )
            .returning(_versions.c.version)
        )
        return int(added.scalar_one())

    async def _restore(self, application_id: int) -> None:
        row = await self._row(
            select(_versions.c.snapshot)
            .where(_versions.c.application_id == application_id)
            .order_by(_versions.c.version.desc())
            .limit(1)
        )
        if row is None or "answers" not in row.snapshot:
            return
        present = await self._rows(
            select(_members.c.founder_id).where(_members.c.application_id == application_id)
        )
        members = {member.founder_id for member in present}
        await self._write(delete(_answers).where(_answers.c.application_id == application_id))
        for member_id, answers in submitted_answers(row.snapshot):
            if answers and (member_id is None or member_id in members):
                await self._put(application_id, answers, member_id, None)
        if "track" in row.snapshot:
            await self._write(
                update(_applications)
                .where(_applications.c.id == application_id)
                .values(track=row.snapshot["track"])
            )
