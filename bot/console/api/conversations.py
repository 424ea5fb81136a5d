"""Conversations: listed, searched, read with traces, annotated, and taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bot.console.api.frame import CONFLICT, NOT_FOUND, After, Caller, Id, Limit, Page, cursor, needs, resource
from bot.console.errors import Conflict, Forbidden, NotFound
from bot.console.pages.transcript import found
from bot.console.paging import cut, pack
from bot.console.shown import Reader, Shown, masker_of
from handlers.review.filters import Filters
from storage.review_records import ConversationRow, NoteRecord

if TYPE_CHECKING:
    pass

router = resource("conversations")
_PAGE = 60
Unmasked = Annotated[
    bool, Query(description="Show personal data: needs the scope conversation.unmask, and is audited.")
]
Text = Annotated[str, Query(max_length=200)]
Flag = Annotated[bool, Query()]


class Conversation(BaseModel):
    """A conversation in numbers; `said` is what the founder wrote last, or what a search found."""

    id: int
    founder_id: int
    channel: str
    language: str | None
    name: str | None
    first_at: datetime
    last_at: datetime
    last_message_id: int
    turns: int
    questions: int
    unanswered: int
    not_helpful: int
    lowest_confidence: float | None
    reviewed: bool
    reviewed_message_id: int
    reviewed_by: int | None
    revision: int
    tags: list[str]
    tracks: list[str]
    blocked: bool
    handover: int | None
    in_hands_of: int | None
    said: str


class Message(BaseModel):
    """One message; `trace` says how an answer of the bot came about."""

    id: int
    who: str
    name: str
    at: datetime
    kind: str
    text: str
    pressed: str
    buttons: list[str]
    files: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    rating: str | None
    reason: str
    delivery: str
    delivery_error: str
    trace: Mapping[str, Any] | None


class Note(BaseModel):
    """What a member of staff wrote about a conversation or one message of it."""

    id: int
    message_id: int | None
    staff_id: int
    text: str
    revision: int
    created_at: datetime
    updated_at: datetime


class NewNote(BaseModel):
    """A note to be written."""

    text: str = Field(min_length=1, max_length=4000)
    message_id: int | None = Field(None, ge=1, lt=2**63)


class Mark(BaseModel):
    """Up to which message a conversation was reviewed; `revision` is that of the conversation as read."""

    up_to: int = Field(ge=0, lt=2**63)
    revision: int = Field(ge=0, lt=2**31)


class Tag(BaseModel):
    """A tag to be put on."""

    tag: str = Field(min_length=1, max_length=40)


@router.get("/conversations")
async def list_conversations(
    caller: Annotated[Caller, needs("conversation.see")],
    q: Text = "",
    since: Annotated[date | None, Query(description="First day, in the program's time zone.")] = None,
    until: Annotated[date | None, Query(description="Last day, included.")] = None,
    channel: Text = "",
    language: Text = "",
    track: Text = "",
    tag: Text = "",
    person: Annotated[
        str,
        Query(max_length=200, description="#number, or with the scope conversation.unmask a part of a name."),
    ] = "",
    unanswered: Flag = False,
    unsure: Flag = False,
    unhelpful: Flag = False,
    handover: Flag = False,
    unreviewed: Flag = False,
    unmasked: Unmasked = False,
    after: After = "",
    limit: Limit = 50,
) -> Page[Conversation]:
    """List conversations, the founder who wrote last first; filters narrow each other."""
    given: dict[str, str | bool | date | None] = {
        "q": q,
        "since": since,
        "until": until,
        "channel": channel,
        "language": language,
        "track": track,
        "tag": tag,
        "person": person,
        "unanswered": unanswered,
        "unsure": unsure,
        "unhelpful": unhelpful,
        "handover": handover,
        "unreviewed": unreviewed,
    }
    filters = Filters.of({name: "1" if value is True else str(value or "") for name, value in given.items()})
    key = cursor(after, int)
    timezone = caller.console.services.program.timezone
    wanted = filters.wanted(timezone, unmask=caller.may("conversation.unmask"))
    await _may_unmask(caller, unmasked, filters=filters.noted)
    async with caller.reading() as work:
        page = await work.reviews.page(wanted, before=key[0] if key else 0, limit=limit + 1)
    part = cut(page.rows, lambda row: row.summary.last_message_id, limit)
    return Page(items=[_conversation(row, unmasked) for row in part.rows], next=part.cursor)


@router.get("/conversations/{conversation_id}", responses=NOT_FOUND)
async def get_conversation(
    caller: Annotated[Caller, needs("conversation.see")], conversation_id: Id, unmasked: Unmasked = False
) -> Conversation:
    """Read one conversation without its messages."""
    async with caller.reading() as work:
        row = await found(work, conversation_id)
    await _may_unmask(caller, unmasked, conversation_id)
    return _conversation(row, unmasked)


@router.get("/conversations/{conversation_id}/messages", responses=NOT_FOUND)
async def list_messages(
    caller: Annotated[Caller, needs("conversation.see")],
    conversation_id: Id,
    unmasked: Unmasked = False,
    after: After = "",
    limit: Limit = 50,
) -> Page[Message]:
    """Read the messages of a conversation, the oldest first."""
    key = cursor(after, int)
    async with caller.reading() as work:
        row = await found(work, conversation_id)
        messages = await work.transcripts.page(conversation_id, after=key[0] if key else -1, limit=limit + 1)
    await _may_unmask(caller, unmasked, conversation_id)
    reader = Reader(masker_of(row, open_=unmasked))
    shown = [_message(reader.shown(item)) for item in messages[:limit]]
    return Page(items=shown, next=pack(shown[-1].id) if len(messages) > limit else None)


@router.put("/conversations/{conversation_id}/review", responses=NOT_FOUND | CONFLICT)
async def mark_reviewed(
    caller: Annotated[Caller, needs("conversation.annotate")], conversation_id: Id, mark: Mark
) -> Conversation:
    """Mark a conversation as reviewed up to a message; 0 takes the mark away."""
    async with caller.writing() as work:
        await found(work, conversation_id)
        done = await work.annotations.mark_reviewed(
            conversation_id, caller.staff.id, up_to=mark.up_to, revision=mark.revision
        )
        if not done:
            raise Conflict
        about = ("conversation", conversation_id)
        await caller.note(work, "conversation.review", about, up_to=mark.up_to)
        return _conversation(await found(work, conversation_id), unmasked=False)


@router.get("/conversations/{conversation_id}/notes", responses=NOT_FOUND)
async def list_notes(caller: Annotated[Caller, needs("conversation.see")], conversation_id: Id) -> list[Note]:
    """List the notes about a conversation."""
    async with caller.reading() as work:
        await found(work, conversation_id)
        return [_note(note) for note in await work.annotations.notes(conversation_id)]


@router.post("/conversations/{conversation_id}/notes", status_code=201, responses=NOT_FOUND)
async def add_note(
    caller: Annotated[Caller, needs("conversation.annotate")], conversation_id: Id, note: NewNote
) -> Note:
    """Write a note about a conversation or one message of it."""
    async with caller.writing() as work:
        await found(work, conversation_id)
        if note.message_id is not None:
            about = await work.transcripts.message(note.message_id)
            if about is None or about.message.conversation_id != conversation_id:
                raise NotFound
        added = await work.annotations.add_note(
            conversation_id, caller.staff.id, note.text, message_id=note.message_id
        )
        await caller.note(work, "conversation.note", ("conversation", conversation_id), note=added.id)
    return _note(added)


@router.post("/conversations/{conversation_id}/tags", responses=NOT_FOUND)
async def add_tag(
    caller: Annotated[Caller, needs("conversation.annotate")], conversation_id: Id, tag: Tag
) -> list[str]:
    """Put a tag on a conversation; returns all its tags."""
    word = " ".join(tag.tag.split()).lower()
    if not word:
        raise HTTPException(422, "tag: write at least one character that is no space")
    async with caller.writing() as work:
        await found(work, conversation_id)
        if await work.annotations.add_tag(conversation_id, word, caller.staff.id):
            await caller.note(work, "conversation.tag", ("conversation", conversation_id), tag=word)
        return await work.annotations.tags(conversation_id)


@router.delete("/conversations/{conversation_id}/tags/{tag}", responses=NOT_FOUND)
async def remove_tag(
    caller: Annotated[Caller, needs("conversation.annotate")], conversation_id: Id, tag: str
) -> list[str]:
    """Take a tag off a conversation; returns all its tags."""
    async with caller.writing() as work:
        await found(work, conversation_id)
        if await work.annotations.remove_tag(conversation_id, tag):
            await caller.note(work, "conversation.untag", ("conversation", conversation_id), tag=tag)
        return await work.annotations.tags(conversation_id)


# --- parts --------------------------------------------------------------------------------------------


async def _may_unmask(caller: Caller, unmasked: bool, conversation_id: int = 0, **details: str) -> None:
    if not unmasked:
        return
    if not caller.may("conversation.unmask"):
        raise Forbidden
    about = ("conversation", conversation_id) if conversation_id else None
    async with caller.writing() as work:
        await caller.note(work, "conversation.unmask", about, **details)


def _conversation(row: ConversationRow, unmasked: bool) -> Conversation:
    summary, handover = row.summary, row.handover
    return Conversation(
        id=summary.conversation_id,
        founder_id=summary.founder_id,
        channel=summary.channel,
        language=summary.language,
        name=row.name if unmasked else None,
        first_at=summary.first_at,
        last_at=summary.last_at,
        last_message_id=summary.last_message_id,
        turns=summary.turns,
        questions=summary.questions,
        unanswered=summary.unanswered,
        not_helpful=row.unhelpful,
        lowest_confidence=summary.lowest_confidence,
        reviewed=summary.reviewed,
        reviewed_message_id=summary.reviewed_message_id,
        reviewed_by=summary.reviewed_by,
        revision=summary.revision,
        tags=list(row.tags),
        tracks=list(row.tracks),
        blocked=summary.blocked_at is not None,
        handover=handover.id if handover else None,
        in_hands_of=handover.staff_id if handover and handover.taken else None,
        said=masker_of(row, open_=unmasked)(row.said),
    )


def _message(one: Shown) -> Message:
    return Message(
        id=one.id,
        who=one.who,
        name=one.name,
        at=one.at,
        kind=one.kind,
        text=one.text,
        pressed=one.pressed,
        buttons=list(one.buttons),
        files=[dict(file) for file in one.files],
        sources=[dict(source) for source in one.sources],
        rating=one.rating,
        reason=one.reason,
        delivery=one.delivery,
        delivery_error=one.delivery_error,
        trace=asdict(one.trace) if one.trace else None,
    )


def _note(note: NoteRecord) -> Note:
    return Note(**{name: getattr(note, name) for name in Note.model_fields})
