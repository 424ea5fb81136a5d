"""Applications as pages and the API read them: the list and its places, one with everything about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.console.errors import NotFound
from handlers.review.application_sheets import Given, Sheets, files_in, people_in, title_question
from handlers.review.masking import Masker, Open
from storage.application_answers import submitted_answers
from storage.application_records import (
    ApplicationExport,
    ApplicationLine,
    ApplicationRecord,
    EventRecord,
    FollowUpRecord,
    VersionRecord,
)

if TYPE_CHECKING:
    from forms.model import Form
    from handlers.turn import Services
    from storage.database import UnitOfWork

PLACE = (datetime, int)
"""The kinds of what `place_of` gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReader:
    """Who reads: in which language, whether personal data was `opened`, and whether private answers show."""

    language: str
    private: bool
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One application with everything about it."""

    record: ApplicationRecord
    export: ApplicationExport
    versions: list[VersionRecord]
    events: list[EventRecord]
    questions: list[FollowUpRecord]
    called: list[str]

    def version(self, number: int) -> VersionRecord | None:
        """The version of a number, else the one submitted last."""
        last = self.versions[-1] if self.versions else None
        return next((one for one in self.versions if one.version == number), last)

    def given(self, version: VersionRecord | None) -> Given:
        """The answers of a version; those of the row itself where it has none."""
        if version is None or "answers" not in version.snapshot:
            return self.export.answers
        return dict(submitted_answers(version.snapshot))

    @property
    def mask(self) -> Masker:
        """Hides the people of the application by the names they have in chats and in its answers."""
        versions = [self.given(one) for one in self.versions] or [self.export.answers]
        return Masker([*self.called, *(name for given in versions for name in people_in(given))])

    @property
    def unanswered(self) -> int:
        """How many questions of staff wait for an answer."""
        return sum(one.answer is None for one in self.questions)

    def sheets(self, services: Services, version: VersionRecord | None, reader: SheetReader) -> Sheets:
        """Lay a version out as it stood on the day on which it was submitted."""
        at = version.submitted_at if version is not None else self.record.updated_at
        return Sheets(
            form=services.form,
            language=reader.language,
            today=at.astimezone(services.program.timezone).date(),
            mask=Open() if reader.opened else self.mask,
            opened=reader.opened,
            private=reader.private,
        )

    def files(self, sheets: Sheets) -> set[str]:
        """Return the hashes of all files: those of every version, and those that answer questions."""
        found = {one.sha256 for one in self.questions if one.sha256 is not None}
        for version in (None, *self.versions):
            found |= files_in(sheets.sections(self.given(version), self.export.members))
        return found

    def title(self, form: Form | None) -> str:
        """What the application is called in lists."""
        answer = self.given(self.version(0)).get(None, {}).get(title_question(form))
        return str(answer.data) if answer is not None and answer.data is not None else ""


async def found(work: UnitOfWork, application_id: int, *, lock: bool = False) -> ApplicationRecord:
    """Return a submitted application; raises NotFound for a draft, an erased one or none."""
    record = None
    if 0 < application_id < 2**63:
        if lock:
            await work.applications.get(application_id, lock=True)
        record = await work.applications.find_submitted(application_id)
    if record is None:
        raise NotFound
    return record


async def load(work: UnitOfWork, application_id: int) -> Whole:
    """Read one application with everything about it; raises NotFound."""
    record = await found(work, application_id)
    (export,) = await work.applications.whole([record])
    people = [member.founder_id for member in export.members] or [record.founder_id]
    return Whole(
        record=record,
        export=export,
        versions=await work.applications.versions(application_id),
        events=await work.applications.events(application_id),
        questions=await work.applications.follow_ups(application_id),
        called=[name for names in (await work.people.called(people)).values() for name in names],
    )


def place_of(line: ApplicationLine) -> tuple[datetime, int]:
    """Return the place of a line in the list."""
    at = line.application.submitted_at
    assert at is not None
    return at, line.application.id


async def masked_titles(work: UnitOfWork, lines: Sequence[ApplicationLine]) -> list[str]:
    """Return what applications are called, without personal data: the founder's own names are hidden, too."""
    called = await work.people.called({line.application.founder_id for line in lines})
    return [Masker(called.get(line.application.founder_id, ()))(line.title) for line in lines]
