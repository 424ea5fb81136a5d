"""One conversation: both sides, how each answer came about, notes, tags, the mark, and what comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.downloads import content_of
from bot.console.errors import Conflict, Forbidden, NotFound
from bot.console.guard import allows
from bot.console.pages.conversations import track_names, wanted_of
from bot.console.paging import params
from bot.console.shown import Reader, masker_of, name_of
from bot.console.view import Revision, Text, View
from handlers.buttons import parse_press
from handlers.review.filters import Filters
from storage.application_records import ApplicationRecord, FileRecord
from storage.records import QueuedHandover
from storage.review_records import ConversationRow, NoteRecord, TranscriptMessage

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = APIRouter(include_in_schema=False)
LONGEST_NOTE, LONGEST_TAG = 4_000, 40
_PAGE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What stands around the messages."""

    row: ConversationRow
    notes: list[NoteRecord]
    handover: QueuedHandover | None
    staff: dict[int, str]
    files: list[FileRecord]
    applications: list[ApplicationRecord]


@router.get("/conversations/{conversation_id}")
async def transcript(
    view: Annotated[View, allows("conversation.see")],
    conversation_id: int,
    at: str = "",
    m: str = "",
    before: str = "",
    key: str = "",
) -> Response:
    """Show a conversation from its newest messages, from one message (`m`), or what came before."""
    filters = Filters.of(view.request.query_params)
    async with view.reading() as work:
        around = await _around(work, conversation_id)
        open_ = await may_open(view, work, key, conversation_id)
        messages = await _messages(work, conversation_id, number_of(m), number_of(before))
        position = number_of(at) or around.row.summary.last_message_id
        wanted = wanted_of(view, filters)
        following = (await work.reviews.page(wanted, before=position, limit=1)).rows
        preceding = (await work.reviews.page(wanted, after=position, limit=1)).rows
        earlier = bool(
            messages and await work.transcripts.page(conversation_id, before=messages[0].message.id, limit=1)
        )
        last = await work.transcripts.page(conversation_id, limit=1)
        reader = Reader(masker_of(around.row, open_=open_))
        await _learn_labels(work, reader, messages)
    shown = [reader.shown(item) for item in messages]
    newest = last[-1].message.id if last else 0
    return view.page(
        "conversations/transcript.html",
        block="earlier" if before else "",
        **_context(view, around, filters, position=position, key=key if open_ else ""),
        messages=shown,
        newest=newest,
        at_end=bool(messages) and messages[-1].message.id == newest,
        linked=number_of(m),
        earlier=messages[0].message.id if earlier else 0,
        following=_link(following, filters),
        preceding=_link(preceding, filters),
    )


@router.get("/conversations/{conversation_id}/new")
async def new_messages(
    view: Annotated[View, allows("conversation.see")],
    conversation_id: int,
    after: str = "",
    hand: str = "",
    key: str = "",
) -> Response:
    """Give what was said since, and the state of the handover when it changed; 204 for nothing new."""
    number = conversation_id if 0 < conversation_id < 2**63 else 0
    async with view.reading() as work:
        messages = await work.transcripts.page(number, after=number_of(after), limit=_PAGE)
        state = hand_state(await work.handovers.of_conversation(number))
        if not messages and hand == state:
            # What an open page asks every few seconds: nothing else is read for it.
            return Response(status_code=204)
        around = await _around(work, number)
        open_ = await may_open(view, work, key, conversation_id)
        reader = Reader(masker_of(around.row, open_=open_))
        await _learn_labels(work, reader, messages)
    filters = Filters.of(view.request.query_params)
    return view.page(
        "conversations/new.html",
        **_context(view, around, filters, position=0, key=key if open_ else ""),
        messages=[reader.shown(item) for item in messages],
        newest=messages[-1].message.id if messages else number_of(after),
        changed=hand != state,
        linked=0,
    )


@router.post("/conversations/{conversation_id}/unmask")
async def unmask(
    view: Annotated[View, allows("conversation.unmask")],
    conversation_id: int,
    query: Text = "",
) -> Response:
    """Show personal data of one conversation to this session, and write down that it was shown."""
    async with view.writing() as work:
        await found(work, conversation_id)
        assert view.me is not None
        about, session = ("conversation", conversation_id), view.me.session.id
        key = await view.note(work, "conversation.unmask", about, session=session)
    kept = Filters.of(params(query)).query
    return view.go(f"/conversations/{conversation_id}?{kept}{'&' if kept else ''}key={key}")


# --- marks, tags, notes ---------------------------------------------------------------------------------


@router.post("/conversations/{conversation_id}/review")
async def review(
    view: Annotated[View, allows("conversation.annotate")],
    conversation_id: int,
    up_to: Text = "",
    revision: Revision = 0,
    onward: Text = "",
) -> Response:
    """Mark what was shown as reviewed, or take the mark away (`up_to` 0), and go on."""
    async with view.writing() as work:
        await found(work, conversation_id)
        done = await work.annotations.mark_reviewed(
            conversation_id,
            view.staff.id,
            up_to=number_of(up_to),
            revision=revision,
        )
        row = await found(work, conversation_id)
        by = await work.staff.get(row.summary.reviewed_by or 0)
        if done:
            await view.note(
                work, "conversation.review", ("conversation", conversation_id), up_to=number_of(up_to)
            )
    here = _safe(onward) or f"/conversations/{conversation_id}"
    if not done:
        name = by.name if by is not None else ""
        return view.go(
            f"/conversations/{conversation_id}", "conversations.mark_conflict", kind="bad", name=name
        )
    return view.go(here, "conversations.marked" if number_of(up_to) else "conversations.unmarked")


@router.post("/conversations/{conversation_id}/tags")
async def change_tags(
    view: Annotated[View, allows("conversation.annotate")],
    conversation_id: int,
    add: Text = "",
    remove: Text = "",
    here: Text = "",
) -> Response:
    """Put a tag on or take one off; what a colleague did to other tags stays."""
    tag = " ".join(add.split()).lower()[:LONGEST_TAG]
    async with view.writing() as work:
        await found(work, conversation_id)
        if tag and await work.annotations.add_tag(conversation_id, tag, view.staff.id):
            await view.note(work, "conversation.tag", ("conversation", conversation_id), tag=tag)
        if remove and await work.annotations.remove_tag(conversation_id, remove):
            await view.note(work, "conversation.untag", ("conversation", conversation_id), tag=remove)
    return view.go(_safe(here) or f"/conversations/{conversation_id}")


@router.post("/conversations/{conversation_id}/notes")
async def add_note(
    view: Annotated[View, allows("conversation.annotate")],
    conversation_id: int,
    text: Text = "",
    message: Text = "",
    here: Text = "",
) -> Response:
    """Write a note about a conversation or one message of it."""
    words = text.strip()[:LONGEST_NOTE]
    about = number_of(message)
    async with view.writing() as work:
        await found(work, conversation_id)
        if about and not _belongs(await work.transcripts.message(about), conversation_id):
            raise NotFound
        if words:
            added = await work.annotations.add_note(
                conversation_id, view.staff.id, words, message_id=about or None
            )
            await view.note(work, "conversation.note", ("conversation", conversation_id), note=added.id)
    return view.go(_safe(here) or f"/conversations/{conversation_id}")


@router.post("/conversations/{conversation_id}/notes/{note_id}")
async def change_note(
    view: Annotated[View, allows("conversation.annotate")],
    conversation_id: int,
    note_id: int,
    text: Text = "",
    revision: Revision = 0,
    here: Text = "",
) -> Response:
    """Rewrite or, without text, remove a note of one's own; refused when it changed meanwhile."""
    words = text.strip()[:LONGEST_NOTE]
    async with view.writing() as work:
        await found(work, conversation_id)
        note = await work.annotations.note(note_id if 0 < note_id < 2**63 else 0)
        if note is None or note.conversation_id != conversation_id:
            raise NotFound
        if note.staff_id != view.staff.id and not view.may("staff.manage"):
            raise Forbidden
        notes = work.annotations
        if words:
            done, action = await notes.change_note(note.id, revision, words), "conversation.note_change"
        else:
            done, action = await notes.remove_note(note.id, revision), "conversation.note_remove"
        if done:
            await view.note(work, action, ("conversation", conversation_id), note=note.id)
    if not done:
        raise Conflict(words)
    return view.go(_safe(here) or f"/conversations/{conversation_id}", "app.saved")


# --- files ----------------------------------------------------------------------------------------------


@router.post("/conversations/{conversation_id}/files/{sha256}")
async def download(
    view: Annotated[View, allows("conversation.unmask")], conversation_id: int, sha256: str
) -> Response:
    """Give a file that the founder sent, as a download that no browser opens by itself."""
    async with view.writing() as work:
        row = await found(work, conversation_id)
        files = {file.sha256: file for file in await work.files.of(row.summary.founder_id)}
        if sha256 not in files:
            raise NotFound
        await view.note(work, "file.download", ("conversation", conversation_id), sha256=sha256)
    content = await content_of(view, sha256, files[sha256].name)
    return content or view.go(f"/conversations/{conversation_id}", "conversations.file_gone", kind="bad")


# --- parts ----------------------------------------------------------------------------------------------


async def found(work: UnitOfWork, conversation_id: int) -> ConversationRow:
    """Return a conversation; raises NotFound for one that is erased or never was."""
    row = await work.reviews.get(conversation_id) if 0 < conversation_id < 2**63 else None
    if row is None:
        raise NotFound
    return row


async def may_open(
    view: View, work: UnitOfWork, key: str, number_of_it: int, *, kind: str = "conversation"
) -> bool:
    """Tell whether this session has unmasked the conversation (or another kind of thing) and still may.

    The key is the audit entry.
    """
    number = number_of(key)
    if not number or view.me is None or not view.may("conversation.unmask"):
        return False
    entries = await work.audit.entries(
        about=(kind, number_of_it),
        staff_id=view.staff.id,
        action=f"{kind}.unmask",
        before_id=number + 1,
        limit=1,
    )
    return any(one.id == number and one.details.get("session") == view.me.session.id for one in entries)


def hand_state(handover: QueuedHandover | None) -> str:
    """Name a state of the handover, so that a page knows when it changed."""
    if handover is None:
        return "-"
    taken = handover.handover
    return f"{taken.id}.{taken.staff_id or 0}.{'t' if taken.taken else 'w'}"


async def _around(work: UnitOfWork, conversation_id: int) -> _Around:
    row = await found(work, conversation_id)
    return _Around(
        row=row,
        notes=await work.annotations.notes(conversation_id),
        handover=await work.handovers.of_conversation(conversation_id),
        staff={member.id: member.name for member in await work.staff.everyone()},
        files=await work.files.of(row.summary.founder_id),
        applications=await work.applications.of(row.summary.founder_id) if row.tracks else [],
    )


async def _messages(
    work: UnitOfWork, conversation_id: int, linked: int, before: int
) -> list[TranscriptMessage]:
    if linked and not before:
        around = await work.transcripts.around(conversation_id, linked, _PAGE)
        if around:
            return around
    return await work.transcripts.page(conversation_id, before=before, limit=_PAGE)


async def _learn_labels(work: UnitOfWork, reader: Reader, messages: list[TranscriptMessage]) -> None:
    """Let presses be named whose buttons hang under messages that are not on the page."""
    shown = {item.message.id for item in messages}
    for item in messages:
        press = parse_press(str(item.message.payload.get("button") or ""))
        under = press.number() if press is not None else None
        if under is not None and under not in shown:
            other = await work.transcripts.message(under)
            if other is not None and _belongs(other, item.message.conversation_id):
                reader.shown(other)


def _context(view: View, around: _Around, filters: Filters, *, position: int, key: str) -> dict[str, Any]:
    return {
        "row": around.row,
        "name": name_of(around.row, view, open_=bool(key)),
        "notes": [note for note in around.notes if note.message_id is None],
        "message_notes": {
            note.message_id: [one for one in around.notes if one.message_id == note.message_id]
            for note in around.notes
            if note.message_id is not None
        },
        "handover": around.handover,
        "hand": hand_state(around.handover),
        "staff": around.staff,
        "files": around.files,
        "applications": [one for one in around.applications if one.submitted_at is not None],
        "filters": filters,
        "position": position,
        "key": key,
        "tracks": track_names(view),
        "document_link": _document_link,
    }


def _document_link(passage: Mapping[str, Any]) -> str:
    """Return where a passage is read; its text may have changed since."""
    return f"/documents/view/{quote(str(passage['document']))}?show=passages#{quote(str(passage['id']))}"


def _link(rows: list[ConversationRow], filters: Filters) -> str:
    if not rows:
        return ""
    summary = rows[0].summary
    query = "&".join(filter(None, (filters.query, f"at={summary.last_message_id}")))
    return f"/conversations/{summary.conversation_id}?{query}"


def _belongs(item: TranscriptMessage | None, conversation_id: int) -> bool:
    return item is not None and item.message.conversation_id == conversation_id


def _safe(path: str) -> str:
    """Return a path of this console, "" for anything else."""
    inside = (
        path.startswith("/conversations") and "\\" not in path and len(path) < 2000 and path.isprintable()
    )
    return path if inside else ""


def number_of(text: str) -> int:
    """Read a row's number; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
