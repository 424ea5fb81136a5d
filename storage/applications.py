"""Applications: the draft of a founder, its answers, and the revision that keeps two devices apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, text, update

from storage.application_history import ApplicationHistory
from storage.application_members import ApplicationMembers
from storage.application_notes import FOUNDER
from storage.application_records import ApplicationChange, ApplicationRecord, StoredAnswer
from storage.application_reminders import ApplicationReminders
from storage.application_review import ApplicationReviews
from storage.application_steps import HEAD, step
from storage.application_tables import (
    Application,
    ApplicationAnswer,
    ApplicationEvent,
    ApplicationFollowUp,
    ApplicationMember,
    ApplicationReminder,
    ApplicationVersion,
)
from storage.application_tables import Code as CodeTable
from storage.conversations import Conversations, standing_at
from storage.repository import columns, filled, named, table
from storage.tables import UtcTime

_applications, _answers, _members = table(Application), table(ApplicationAnswer), table(ApplicationMember)
COLUMNS = columns(Application, ApplicationRecord)

_GET = select(*COLUMNS).where(_applications.c.id == named("id"))
_GET_LOCKED = _GET.with_for_update()
_DRAFT = select(*COLUMNS).where(
    _applications.c.founder_id == named("founder_id"), _applications.c.status == "draft"
)
_TAKE = (
    update(_applications)
    .where(_applications.c.id == named("wanted"), _applications.c.revision == named("seen"))
    .values(revision=_applications.c.revision + 1, updated_at=bindparam("now", type_=UtcTime()))
    .returning(_applications.c.track, _applications.c.language, _applications.c.form_version)
)
_UNSET: Any = object()
_LEFT_BY_DRAFT = (
    ApplicationAnswer,
    ApplicationMember,
    ApplicationVersion,
    ApplicationEvent,
    ApplicationFollowUp,
    ApplicationReminder,
    CodeTable,
)


class Applications(ApplicationHistory, ApplicationMembers, ApplicationReminders, ApplicationReviews):
    """Applications, at most one draft a founder."""

    __slots__ = ("_taken",)

    def __init__(self, scope: Any) -> None:
        super().__init__(scope)
        self._taken: dict[int, tuple[Any, ...]] = {}

    async def start(self, founder_id: int, *, language: str, form_version: str) -> ApplicationRecord:
        """Return the founder's draft; it is made unless there is one, also from two devices at once."""
        now = self._now()
        statement = self._insert(Application).values(
            founder_id=founder_id,
            status="draft",
            language=language,
            form_version=form_version,
            revision=0,
            late=False,
            created_at=now,
            updated_at=now,
        )
        added = await self._write(
            statement.on_conflict_do_nothing(
                index_elements=["founder_id"], index_where=text("status = 'draft'")
            ).returning(*COLUMNS)
        )
        row = added.first()
        if row is None:
            existing = await self.draft_of(founder_id)
            assert existing is not None
            return existing
        record = filled(ApplicationRecord, row)
        await self._join(record.id, founder_id, "owner")
        await self._note(record.id, FOUNDER, "started")
        return record

    async def get(self, application_id: int, *, lock: bool = False) -> ApplicationRecord | None:
        """Find one application; `lock` keeps others from changing it until the end of the unit of work."""
        row = await self._row(_GET_LOCKED if lock else _GET, {"id": application_id})
        return None if row is None else filled(ApplicationRecord, row)

    async def draft_of(self, founder_id: int) -> ApplicationRecord | None:
        """Find the draft that a founder owns."""
        row = await self._row(_DRAFT, {"founder_id": founder_id})
        return None if row is None else filled(ApplicationRecord, row)

    async def of(self, founder_id: int) -> list[ApplicationRecord]:
        """List the applications that a founder owns or has joined, the newest first."""
        joined = select(_members.c.application_id).where(_members.c.founder_id == founder_id)
        rows = await self._rows(
            select(*COLUMNS)
            .where(or_(_applications.c.founder_id == founder_id, _applications.c.id.in_(joined)))
            .order_by(_applications.c.id.desc())
        )
        return [filled(ApplicationRecord, row) for row in rows]

    async def change(self, change: ApplicationChange) -> bool:
        """Claim a change and write it; False, and nothing is written, when somebody was faster."""
        puts = [(member, answers) for member, answers in change.put.items() if answers]
        if self._scope.place.dialect == "postgresql" and not any(change.drop.values()) and len(puts) == 1:
            (member, answers), *_ = puts
            if len(answers) == 1:
                return await self._step(change, member, *answers.items())
        if not await self.take(change.application_id, change.revision):
            return False
        if change.chat is not None:
            await Conversations(self._scope).set_interview(change.chat, change.interview)
        for member in dict.fromkeys((None, *change.put, *change.drop)):
            await self.save(
                change.application_id,
                change.put.get(member, {}),
                change.drop.get(member, ()),
                member_id=member,
                message_id=change.message_id,
                **{name: getattr(change, name) for name in HEAD},
            )
        return True

    async def take(self, application_id: int, revision: int) -> bool:
        """Claim the next change of an application; False when somebody was faster since `revision`."""
        taken = await self._write(_TAKE, {"wanted": application_id, "seen": revision, "now": self._now()})
        row = taken.first()
        if row is not None:
            self._taken[application_id] = tuple(row)
        return row is not None

    async def save(
        self,
        application_id: int,
        put: Mapping[str, StoredAnswer],
        drop: Collection[str] = (),
        *,
        member_id: int | None,
        message_id: int | None,
        track: str | None = _UNSET,
        language: str = _UNSET,
        form_version: str = _UNSET,
    ) -> None:
        """Store and remove answers; `member_id` None means the shared ones.

        The track, the language and the version of the form are written only when they are given and new.
        """
        if put:
            await self._put(application_id, put, member_id, message_id)
        if drop:
            whose = _answers.c.member_id.is_(None) if member_id is None else _answers.c.member_id == member_id
            await self._write(
                delete(_answers).where(
                    _answers.c.application_id == application_id, whose, _answers.c.key.in_(sorted(drop))
                )
            )
        given = dict(zip(HEAD, (track, language, form_version), strict=True))
        known = dict(zip(HEAD, self._taken.get(application_id, (_UNSET,) * len(HEAD)), strict=True))
        news = {name: value for name, value in given.items() if value is not _UNSET and value != known[name]}
        if news:
            await self._write(
                update(_applications).where(_applications.c.id == application_id).values(**news)
            )
            if application_id in self._taken:
                self._taken[application_id] = tuple({**known, **news}[name] for name in HEAD)

    async def speak(self, founder_id: int, language: str) -> None:
        """Speak a language to a founder about their own applications, also in reminders and notices."""
        await self._write(
            update(_applications).where(_applications.c.founder_id == founder_id).values(language=language)
        )

    async def note_saved_receipt(self, application_id: int) -> bool:
        """Note that the founder was told that answers are saved; False when they already had been."""
        statement = update(_applications).where(
            _applications.c.id == application_id, _applications.c.saved_receipt_at.is_(None)
        )
        return (await self._write(statement.values(saved_receipt_at=self._now()))).rowcount == 1

    async def delete(self, application_id: int) -> bool:
        """Remove a draft with everything that belongs to it; False for anything but a draft."""
        found = await self.get(application_id, lock=True)
        if found is None or found.status != "draft":
            return False
        await self._remove([application_id])
        return True

    async def _remove(self, application_ids: Sequence[int]) -> int:
        for mapped in _LEFT_BY_DRAFT:
            source = table(mapped)
            await self._write(delete(source).where(source.c.application_id.in_(application_ids)))
        gone = await self._write(delete(_applications).where(_applications.c.id.in_(application_ids)))
        return gone.rowcount

    async def _step(
        self, change: ApplicationChange, member: int | None, answer: tuple[str, StoredAnswer]
    ) -> bool:
        """Write the change of nearly every step, one answer, in one statement."""
        (row,) = self._answer_rows(change.application_id, dict([answer]), member, change.message_id)
        values = {f"new_{name}": value for name, value in row.items()}
        values |= {f"new_{name}": getattr(change, name) for name in HEAD}
        values |= {
            "wanted": change.application_id,
            "seen": change.revision,
            "here": change.chat,
            "new_interview": standing_at(self._scope, change.chat, change.interview),
        }
        return (await self._write(step(shared=member is None), values)).first() is not None
