"""What staff do with documents: look, try a change out, save it, take it back.

Whoever calls has asked whether this person may; a save that breaks golden questions must be forced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from handlers.review.catalog import COUNTED, ENDS_SOON, DocumentPage, DocumentRow, state_at, unused
from handlers.review.checks import check
from handlers.review.overlay import as_document, as_proposed, overlay_of, with_change
from knowledge.model import Answer, Document, Overlay
from storage.document_records import DocumentRecord, DocumentUse, NewDocument

if TYPE_CHECKING:
    from knowledge.library import Library
    from knowledge.rehearsal import Rehearsal, Rehearsals, Step
    from knowledge.service import Knowledge
    from storage.announcement_records import StaffRecord
    from storage.database import Database, UnitOfWork

_KEPT = 50


class Publishing(Protocol):
    """Brings what is committed into the index."""

    def changed(self) -> None:
        """Say that something was committed."""

    async def published(self, seconds: float = 30.0) -> bool:
        """Wait until this process answers from it."""


class WouldBreak(Exception):
    """A change that breaks golden questions and was not forced; nothing was stored."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        super().__init__(f"{len(rehearsal.broken)} golden questions would break")
        self.rehearsal = rehearsal


class DocumentDesk:
    """Everything about documents that a page or a command needs."""

    def __init__(
        self,
        database: Database,
        knowledge: Knowledge,
        publishing: Publishing,
        rehearsals: Rehearsals,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._knowledge, self._publishing = database, knowledge, publishing
        self.rehearsals, self._library, self._clock = rehearsals, rehearsals.library, clock
        self._tried: dict[str, Rehearsal] = {}

    @property
    def library(self) -> Library:
        """The folder, and how documents are cut."""
        return self._library

    async def rows(self) -> list[DocumentRow]:
        """List every document that counts, in the order of the ids."""
        now = self._clock()
        async with self._database.unit_of_work(read_only=True) as work:
            records = {record.id: record for record in await work.documents.current()}
            since = (now - COUNTED).astimezone(UTC).date()
            uses = {use.document_id: use for use in await work.document_uses.since(since)}
        overlay = Overlay(documents=tuple(map(as_document, records.values())))
        documents, _ = await self._library.read(overlay)
        ids = {document.id for document in documents}
        published = self._knowledge.versions()
        rows = [self._row(document, records.get(document.id), uses, ids, published) for document in documents]
        return sorted(rows, key=lambda row: row.document.id)

    async def page(self, document_id: str) -> DocumentPage | None:
        """Look at one document; None when there has never been one of that id."""
        rows = {row.document.id: row for row in await self.rows()}
        files, _ = await self._library.read()
        file = next((document for document in files if document.id == document_id), None)
        async with self._database.unit_of_work(read_only=True) as work:
            history = await work.documents.history(document_id)
            answered = await work.document_uses.answered(document_id)
            since = (self._clock() - COUNTED).astimezone(UTC).date()
            failed = await work.document_uses.failed(document_id, since)
        row = rows.get(document_id)
        if row is None and not history:
            return None
        passages = self._library.passages(row.document) if row is not None else ()
        return DocumentPage(
            row=row, file=file, passages=passages, history=history, answered=answered, failed=failed
        )

    async def ending(self, within: timedelta = ENDS_SOON) -> list[DocumentRow]:
        """List what ends within a time, soonest first: for owners to renew or let go."""
        now = self._clock()
        rows = [row for row in await self.rows() if state_at(row.document, now, within) == "ending"]
        return sorted(rows, key=lambda row: (row.document.valid_until or now, row.document.id))

    async def bench(self, question: str, language: str | None = None) -> Answer:
        """Ask as a founder would, without a trace: passages with their scores, confidence, answer."""
        return await self._knowledge.ask(question, language=language)

    async def rehearse(
        self,
        documents: Sequence[NewDocument] = (),
        *,
        removed: Sequence[str] = (),
        probes: Sequence[str] = (),
        step: Step | None = None,
    ) -> Rehearsal:
        """Try out documents, or that those with some ids are removed, as one change; publishes nothing.

        Raises DocumentRefused for what cannot be saved, KnowledgeError when it could not be tried out.
        """
        for new in documents:
            await asyncio.to_thread(check, new)
        overlay = await overlay_of(self._database)
        proposed = with_change(overlay, [as_proposed(new) for new in documents], removed)
        changed = [*(new.id for new in documents), *removed]
        found = await self.rehearsals.run(proposed, changed, probes, step)
        if len(self._tried) >= _KEPT:
            self._tried.pop(next(iter(self._tried)))
        self._tried[_key(documents, removed, overlay.state)] = found
        return found

    async def save(
        self, new: NewDocument, by: StaffRecord, *, based_on: int, note: str = "", force: bool = False
    ) -> DocumentRecord:
        """Store and publish a version.

        Raises DocumentRefused for what cannot be saved, WouldBreak unless forced, DocumentConflict when
        somebody else was faster.
        """
        (record,) = await self.save_together([(new, based_on)], by, note=note, force=force)
        return record

    async def save_together(
        self,
        edits: Sequence[tuple[NewDocument, int]],
        by: StaffRecord,
        *,
        note: str = "",
        force: bool = False,
    ) -> list[DocumentRecord]:
        """Store documents, each with the version it is based on: all or none. Raises as `save`."""
        rehearsal = await self._gate([new for new, _ in edits], (), force)
        records = []
        async with self._database.unit_of_work() as work:
            for new, based_on in edits:
                record = await work.documents.save(
                    new, author=by.name, staff_id=by.id, based_on=based_on, note=note
                )
                await self._log(work, "document.save", by, record, rehearsal)
                records.append(record)
        self._publishing.changed()
        return records

    async def restore(
        self, document_id: str, version: int, by: StaffRecord, *, based_on: int, force: bool = False
    ) -> DocumentRecord | None:
        """Save what an old version said as a new one; None when there is none. Raises as `save`."""
        async with self._database.unit_of_work(read_only=True) as work:
            old = await work.documents.version(document_id, version)
        if old is None:
            return None
        note = f"restored version {version}"
        return await self.save(old.content, by, based_on=based_on, note=note, force=force)

    async def remove(
        self, document_id: str, by: StaffRecord, *, based_on: int, note: str = "", force: bool = False
    ) -> DocumentRecord | None:
        """Take a document away, or back to the folder's text; None when staff have none. Raises as `save`."""
        rehearsal = await self._gate((), [document_id], force)
        async with self._database.unit_of_work() as work:
            record = await work.documents.remove(
                document_id, author=by.name, staff_id=by.id, based_on=based_on, note=note
            )
            if record is not None:
                await self._log(work, "document.remove", by, record, rehearsal)
        self._publishing.changed()
        return record

    async def published(self) -> bool:
        """Wait until this process answers from everything that is saved; False when that takes too long."""
        return await self._publishing.published()

    async def _gate(self, documents: Sequence[NewDocument], removed: Sequence[str], force: bool) -> Rehearsal:
        async with self._database.unit_of_work(read_only=True) as work:
            state = await work.documents.state()
        found = self._tried.get(_key(documents, removed, state))
        found = found or await self.rehearse(documents, removed=removed)
        if not found.safe and not force:
            raise WouldBreak(found)
        return found

    async def _log(
        self, work: UnitOfWork, action: str, by: StaffRecord, record: DocumentRecord, rehearsal: Rehearsal
    ) -> None:
        details = {"id": record.id, "version": record.version, "broken": len(rehearsal.broken)}
        about = ("document", record.number)
        await work.audit.note(action, actor=by.name, staff_id=by.id, about=about, details=details)

    def _row(
        self,
        document: Document,
        record: DocumentRecord | None,
        uses: dict[str, DocumentUse],
        ids: set[str],
        published: frozenset[tuple[str, str]],
    ) -> DocumentRow:
        return DocumentRow(
            document=document,
            origin=record.origin if record is not None else "folder",
            version=record.version if record is not None else None,
            saved=record,
            over_file=record is not None and document.path != document.id,
            state=state_at(document, self._clock()),
            passages=len(self._library.passages(document)),
            twin_missing=document.twin is not None and document.twin not in ids,
            published=(document.id, document.version) in published,
            use=uses.get(document.id) or unused(document.id),
        )


def _key(documents: Sequence[NewDocument], removed: Sequence[str], state: str) -> str:
    return f"{state} {tuple(documents)!r} {tuple(removed)!r}"
