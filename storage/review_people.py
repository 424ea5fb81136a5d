"""What /forget and /mydata do to what staff keep about a person's conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select, text, update

from storage.announcement_tables import AuditEntry
from storage.gap_tables import GapQuestion
from storage.repository import Repository, table
from storage.review_tables import ConversationNote, ConversationTag
from storage.tables import Conversation, Message

_notes, _tags = table(ConversationNote), table(ConversationTag)
_gaps, _audit = table(GapQuestion), table(AuditEntry)
_conversations, _messages = table(Conversation), table(Message)
_TIDY_AT_ONCE = 20_000
_WITH_WORDS = ("conversation.tag", "conversation.untag")
"""What the audit log says about these holds the tag, which goes with the conversation."""


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
