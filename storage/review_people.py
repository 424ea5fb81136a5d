"""What /forget and /mydata do to what staff keep about a person's conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Select, delete, func, or_, select, text, update

from storage.announcement_tables import AuditEntry
from storage.gap_tables import GapQuestion
from storage.repository import Repository, table
from storage.review_records import Search
from storage.review_tables import ConversationNote, ConversationTag, SavedView
from storage.searching import has_words
from storage.tables import Conversation, Identity, Message

_notes, _tags, _views = table(ConversationNote), table(ConversationTag), table(SavedView)
_gaps, _audit = table(GapQuestion), table(AuditEntry)
_conversations, _messages, _identities = table(Conversation), table(Message), table(Identity)
_TIDY_AT_ONCE = 20_000
_WITH_WORDS = ("conversation.tag", "conversation.untag")
"""What the audit log says about these holds the tag, which goes with the conversation."""


async def erase_views(repository: Repository, founder_id: int, conversations: Sequence[int]) -> int:
    """Remove saved views that look for this person: by number or name, or by words only they have said.

    It looks at what they said and how they are called, so it comes before either is erased.
    """
    rows = await repository._rows(select(_views.c.id, _views.c.name, _views.c.query))
    names = await repository._rows(
        select(_identities.c.name, _identities.c.username).where(_identities.c.founder_id == founder_id)
    )
    called = {part.casefold() for row in names for part in (row.name, row.username) if part}
    gone = []
    for row in rows:
        asked = dict(parse_qsl(row.query))
        person, words = asked.get("person", "").strip().casefold(), asked.get("q", "")
        if (
            person == f"#{founder_id}"
            or (person and await _only_their_name(repository, person.removeprefix("@"), founder_id))
            or any(len(name) > 1 and name in f"{row.name} {words}".casefold() for name in called)
            or (words and await _only_theirs(repository, words, conversations))
        ):
            gone.append(row.id)
    return (await repository._write(delete(_views).where(_views.c.id.in_(gone)))).rowcount if gone else 0


async def _only_their_name(repository: Repository, part: str, founder_id: int) -> bool:
    """Whether this person, and nobody else, has a name or user name with this in it."""
    named = or_(
        func.lower(_identities.c.name).contains(part, autoescape=True),
        func.lower(_identities.c.username).contains(part, autoescape=True),
    )
    rows = await repository._rows(select(_identities.c.founder_id).where(named).distinct().limit(2))
    return [row.founder_id for row in rows] == [founder_id]


async def _only_theirs(repository: Repository, words: str, conversations: Sequence[int]) -> bool:
    """Whether messages of these conversations, and no others, hold all of some words."""
    segment, dialect = repository._scope.segment, repository._scope.place.dialect
    found = segment(words, ()) if segment is not None else ()
    # What hides is searched as well; the last character of Chinese is a word only where a text ends.
    plain = {word.lstrip(".") for word in found} - {""}
    begun = frozenset(word for word in plain if word.isascii())
    whole = frozenset(word for word in plain if not word.isascii() and len(word) > 1)
    if not begun and not whole:
        return False
    condition = has_words(Search(words=whole, beginnings=begun, hidden=True), dialect)
    theirs = _messages.c.conversation_id.in_(conversations)
    row = await repository._row(
        select(
            select(_messages.c.id).where(condition, theirs).exists().label("theirs"),
            select(_messages.c.id).where(condition, ~theirs).exists().label("others"),
        )
    )
    return row is not None and bool(row.theirs) and not row.others


async def erase_review(repository: Repository, conversations: Sequence[int]) -> dict[str, int]:
    """Remove notes and tags, and what the index of words still held on disk of erased messages."""
    counts = {}
    for source in (_notes, _tags):
        gone = delete(source).where(source.c.conversation_id.in_(conversations))
        counts[source.name] = (await repository._write(gone)).rowcount
    wordless = update(_audit).where(
        _audit.c.object_kind == "conversation",
        _audit.c.object_id.in_(conversations),
        _audit.c.action.in_(_WITH_WORDS),
    )
    await repository._write(wordless.values(details={}))
    theirs = select(_messages.c.id).where(_messages.c.conversation_id.in_(conversations))
    # What a question means is a trace of its words.
    gone = delete(_gaps).where(_gaps.c.message_id.in_(theirs))
    counts["gap_questions"] = (await repository._write(gone)).rowcount
    newest = await repository._row(select(func.max(_messages.c.id)))
    if newest is not None and (newest[0] or 0) < _TIDY_AT_ONCE:
        await tidy_words(repository)
    return counts


async def tidy_words(repository: Repository) -> None:
    """Let SQLite drop words of erased messages from its index; nothing finds them before that, either.

    It rewrites the whole index, so that on a large one it is work for the night.
    """
    if repository._scope.place.dialect == "sqlite":
        await repository._write(text("INSERT INTO message_words (message_words) VALUES ('optimize')"))


def held_of_review(founder_id: int) -> dict[str, Select[Any]]:
    """Select what staff noted about a founder's conversations, by the name of the table."""
    theirs = select(_conversations.c.id).where(_conversations.c.founder_id == founder_id)
    return {
        source.name: select(source).where(source.c.conversation_id.in_(theirs)).order_by(source.c.id)
        for source in (_notes, _tags)
    }
