"""What staff keep about conversations: notes, tags, how far they were reviewed, and views of the list."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, or_, select, update

from storage.repository import Repository, columns, filled, table
from storage.review_records import NoteRecord, ViewRecord
from storage.review_tables import ConversationNote, ConversationSummary, ConversationTag, SavedView

_notes, _tags, _views = table(ConversationNote), table(ConversationTag), table(SavedView)
_summaries = table(ConversationSummary)
_NOTE, _VIEW = columns(ConversationNote, NoteRecord), columns(SavedView, ViewRecord)


class Annotations(Repository):
    """Notes, tags, marks and views; a change by a revision that has passed is refused, never lost."""

    __slots__ = ()

    # --- how far a conversation was reviewed --------------------------------------------------------

    async def mark_reviewed(self, conversation_id: int, staff_id: int, *, up_to: int, revision: int) -> bool:
        """Note that all up to a message was reviewed; False when somebody else marked it meanwhile."""
        statement = (
            update(_summaries)
            .where(_summaries.c.conversation_id == conversation_id, _summaries.c.revision == revision)
            .values(
                reviewed_message_id=up_to,
                reviewed_by=staff_id,
                reviewed_at=self._now(),
                revision=_summaries.c.revision + 1,
            )
        )
        return (await self._write(statement)).rowcount == 1

    # --- notes --------------------------------------------------------------------------------------

    async def add_note(
        self, conversation_id: int, staff_id: int, text: str, *, message_id: int | None = None
    ) -> NoteRecord:
        """Write a note about a conversation, or about one message of it."""
        now = self._now()
        values = {
            "conversation_id": conversation_id,
            "message_id": message_id,
            "staff_id": staff_id,
            "text": text,
            "revision": 1,
            "created_at": now,
            "updated_at": now,
        }
        return filled(NoteRecord, (await self._write(insert(_notes).values(values).returning(*_NOTE))).one())

    async def notes(self, conversation_id: int) -> list[NoteRecord]:
        """List the notes about a conversation, oldest first."""
        rows = await self._rows(
            select(*_NOTE).where(_notes.c.conversation_id == conversation_id).order_by(_notes.c.id)
        )
        return [filled(NoteRecord, row) for row in rows]

    async def note(self, note_id: int) -> NoteRecord | None:
        """Find a note."""
        row = await self._row(select(*_NOTE).where(_notes.c.id == note_id))
        return None if row is None else filled(NoteRecord, row)

    async def change_note(self, note_id: int, revision: int, text: str) -> bool:
        """Rewrite a note; False when it changed or went since that revision."""
        statement = (
            update(_notes)
            .where(_notes.c.id == note_id, _notes.c.revision == revision)
            .values(text=text, revision=_notes.c.revision + 1, updated_at=self._now())
        )
        return (await self._write(statement)).rowcount == 1

    async def remove_note(self, note_id: int, revision: int) -> bool:
        """Remove a note; False when it changed or went since that revision."""
        statement = delete(_notes).where(_notes.c.id == note_id, _notes.c.revision == revision)
        return (await self._write(statement)).rowcount == 1

    # --- tags ---------------------------------------------------------------------------------------

    async def add_tag(self, conversation_id: int, tag: str, staff_id: int) -> bool:
        """Put a tag on a conversation; False when it is there."""
        statement = self._insert(ConversationTag).values(
            conversation_id=conversation_id, tag=tag, staff_id=staff_id, created_at=self._now()
        )
        added = await self._write(statement.on_conflict_do_nothing().returning(_tags.c.id))
        return added.first() is not None

    async def remove_tag(self, conversation_id: int, tag: str) -> bool:
        """Take a tag off; False when it is not there."""
        statement = delete(_tags).where(_tags.c.conversation_id == conversation_id, _tags.c.tag == tag)
        return (await self._write(statement)).rowcount == 1

    async def tags(self, conversation_id: int) -> list[str]:
        """List the tags of a conversation."""
        rows = await self._rows(
            select(_tags.c.tag).where(_tags.c.conversation_id == conversation_id).order_by(_tags.c.tag)
        )
        return [row.tag for row in rows]

    # --- views --------------------------------------------------------------------------------------

    async def views(self, staff_id: int) -> list[ViewRecord]:
        """List a person's own views and those shared by others, by name."""
        rows = await self._rows(
            select(*_VIEW)
            .where(or_(_views.c.staff_id == staff_id, _views.c.shared.is_(True)))
            .order_by(func.lower(_views.c.name), _views.c.id)
        )
        return [filled(ViewRecord, row) for row in rows]

    async def view(self, view_id: int) -> ViewRecord | None:
        """Find a view."""
        row = await self._row(select(*_VIEW).where(_views.c.id == view_id))
        return None if row is None else filled(ViewRecord, row)

    async def add_view(self, staff_id: int, name: str, query: str, *, shared: bool) -> ViewRecord | None:
        """Save filters under a name; None when this person has a view of that name."""
        now = self._now()
        statement = self._insert(SavedView).values(
            staff_id=staff_id,
            name=name,
            query=query,
            shared=shared,
            revision=1,
            created_at=now,
            updated_at=now,
        )
        row = (await self._write(statement.on_conflict_do_nothing().returning(*_VIEW))).first()
        return None if row is None else filled(ViewRecord, row)

    async def change_view(self, view_id: int, revision: int, query: str, *, shared: bool) -> bool:
        """Give a view other filters; False when it changed or went since that revision."""
        statement = (
            update(_views)
            .where(_views.c.id == view_id, _views.c.revision == revision)
            .values(query=query, shared=shared, revision=_views.c.revision + 1, updated_at=self._now())
        )
        return (await self._write(statement)).rowcount == 1

    async def remove_view(self, view_id: int, revision: int) -> bool:
        """Remove a view; False when it changed or went since that revision."""
        statement = delete(_views).where(_views.c.id == view_id, _views.c.revision == revision)
        return (await self._write(statement)).rowcount == 1
