"""What staff do with an application, for console, API and command line alike: decide, and ask a question.

Everything runs in the unit of work of whoever acts, with the message to the founder and the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.apply.notices import notice_of_follow_up, notice_of_status
from handlers.apply.telling import tell
from handlers.program import Program
from storage.application_records import ApplicationRecord, ApplicationStatus, FollowUpRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

SETTABLE: tuple[ApplicationStatus, ...] = ("in_review", "accepted", "declined")
"""What staff may decide; the rest is the founder's to do."""

LONGEST_NOTE = LONGEST_QUESTION = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who acts: a name, and the number of staff where it is one of them; `token` is the API's."""

    name: str
    staff_id: int | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Deciding:
    """One reviewer in one unit of work."""

    work: UnitOfWork
    program: Program
    by: Reviewer

    async def set_status(
        self, record: ApplicationRecord, status: ApplicationStatus, note: str, *, revision: int | None = None
    ) -> bool | None:
        """Decide and tell the founder; None when it is so already, withdrawn, or changed since `revision`.

        False when no chat of the founder's can be written to.
        """
        done = await self.work.applications.set_status(
            record.id, status, self.by.name, note, revision=revision
        )
        if not done:
            return None
        await self._note("application.status", record, status=status)
        changed = await self.work.applications.get(record.id)
        assert changed is not None
        notice = notice_of_status(self.program, changed, note, changed.language)
        return await tell(self.work, record.founder_id, notice)

    async def ask(self, record: ApplicationRecord, question: str) -> tuple[FollowUpRecord, bool]:
        """Ask the founder a question; also tells whether a chat of theirs can be written to."""
        asked = await self.work.applications.ask_follow_up(
            record.id, asked_by=self.by.name, question=question
        )
        await self._note("application.ask", record, question=asked.id)
        notice = notice_of_follow_up(self.program, record, asked.id, asked.question, record.language)
        return asked, await tell(self.work, record.founder_id, notice)

    async def _note(self, action: str, record: ApplicationRecord, **details: Any) -> None:
        if self.by.token:
            details["token"] = self.by.token
        await self.work.audit.note(
            action,
            actor=self.by.name,
            staff_id=self.by.staff_id,
            about=("application", record.id),
            details=details,
        )
