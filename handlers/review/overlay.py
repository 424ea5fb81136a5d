"""What staff have written, in the words of the knowledge room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from knowledge.model import Document, Overlay
from storage.document_records import DocumentRecord, NewDocument

if TYPE_CHECKING:
    from storage.database import Database


async def overlay_of(database: Database) -> Overlay:
    """Everything that staff have written, as documents of the knowledge room, with the name of that state."""
    from storage.documents import state_of

    async with database.unit_of_work(read_only=True) as work:
        records = await work.documents.current()
    # The state of these very records: another save may be committed between two statements.
    return Overlay(documents=tuple(map(as_document, records)), state=state_of(records))


def with_change(overlay: Overlay, documents: Sequence[Document] = (), removed: Sequence[str] = ()) -> Overlay:
    """What would lie over the folder after a change that is not made yet; its state is nobody's."""
    kept = {d.id: d for d in overlay.documents if d.id not in removed}
    kept |= {document.id: document for document in documents}
    return Overlay(documents=tuple(kept[name] for name in sorted(kept)), state="proposed")


def as_document(record: DocumentRecord) -> Document:
    """A saved version as the knowledge room knows documents; its version begins with the number."""
    return _document(record, f"{record.version}-{record.digest[:16]}")


def as_proposed(new: NewDocument) -> Document:
    """A document that is not saved yet."""
    return _document(new, "proposed")


def _document(record: DocumentRecord | NewDocument, version: str) -> Document:
    return Document(
        id=record.id,
        title=record.title,
        language=record.language,
        markdown=record.markdown,
        path=record.id,
        version=version,
        twin=record.twin,
        sources=tuple(record.sources),
        as_of=record.as_of,
        sample=record.sample,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
    )
