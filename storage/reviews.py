"""Lists of conversations: filtered, searched, counted and walked through by keys, never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select

from storage.application_tables import Application, ApplicationMember
from storage.records import HandoverRecord
from storage.repository import Repository, columns, filled, table
from storage.review_records import ConversationFilter, ConversationPage, ConversationRow, SummaryRecord
from storage.review_tables import ConversationSummary, ConversationTag
from storage.searching import Found, among, conversations_with, newest_message
from storage.tables import Conversation, Feedback, Handover, Identity, Message, Trace

_summaries, _conversations = table(ConversationSummary), table(Conversation)
_messages, _traces, _feedback = table(Message), table(Trace), table(Feedback)
_handovers, _identities, _tags = table(Handover), table(Identity), table(ConversationTag)
_applications, _members = table(Application), table(ApplicationMember)

_OF_CONVERSATION = ("founder_id", "channel", "blocked_at")
_COLUMNS = [
    (_conversations if name in _OF_CONVERSATION else _summaries).c[name] for name in SummaryRecord.__slots__
]
_OPEN = _handovers.c.status == literal_column("'open'")
_UNHELPFUL = _feedback.c.rating == literal_column("'not_helpful'")
_PREVIEW = 300
_DIGITS = 19
_LOOKED_AT_ONCE = 150
_LISTED_AT_ONCE, _LISTED_AT_MOST = 300, 5_000
COUNTED = 1_000
"""Counting ends here: nobody works through more, and beyond it counting costs more than the page."""


class Reviews(Repository):
    """Conversations as staff see them; erased ones are in no list."""

    __slots__ = ()

    async def page(
        self,
        wanted: ConversationFilter,
        *,
        before: int = 0,
        after: int = 0,
        limit: int = 50,
        counted: bool = False,
    ) -> ConversationPage:
        """List conversations, the one with the founder's newest message first.

        `before` and `after` are `last_message_id` of the line the page follows or precedes; 0 begins at the
        newest. Counting stops above `COUNTED`.
        """
        searched = await self._searched(wanted)
        if searched is not None and searched.condition is None:
            found = await self._looked_up(wanted, before=before, after=after, limit=limit)
        else:
            found = await self._listed(wanted, searched, before=before, after=after, limit=limit)
        lines = await self._described(found[::-1] if after else found, wanted)
        total = await self._count(wanted, searched) if counted else None
        return ConversationPage(rows=lines, total=total)

    async def count(self, wanted: ConversationFilter) -> int | None:
        """Count conversations up to `COUNTED` + 1; None for a search that finds too much to count."""
        return await self._count(wanted, await self._searched(wanted))

    async def get(self, conversation_id: int) -> ConversationRow | None:
        """Find one conversation; None for one that is erased or has no turn yet."""
        statement = _selected(ConversationFilter(), None, _COLUMNS)
        row = await self._row(statement.where(_summaries.c.conversation_id == conversation_id))
        if row is None:
            return None
        (line,) = await self._described([filled(SummaryRecord, row)], ConversationFilter())
        return line

    async def choices(self) -> dict[str, list[str]]:
        """List the values that channels, languages, tracks and tags can be filtered by."""
        found = {}
        for name, column in (
            ("channel", _conversations.c.channel),
            ("language", _summaries.c.language),
            ("track", _applications.c.track),
            ("tag", _tags.c.tag),
        ):
            rows = await self._rows(select(column).where(column.is_not(None)).distinct().order_by(column))
            found[name] = [row[0] for row in rows]
        return found

    # --- lists ------------------------------------------------------------------------------------

    async def _searched(self, wanted: ConversationFilter) -> Found | None:
        """Get ready for the statements of one list, and choose how to search."""
        if self._scope.place.dialect == "postgresql":
            # One statement serves a day and a year: PostgreSQL's plan for any of them is bad for most.
            await self._row(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))
        if wanted.search is None or wanted.search.empty:
            return None
        return await conversations_with(self, wanted.search, _summaries.c.conversation_id)

    async def _listed(
        self, wanted: ConversationFilter, searched: Found | None, *, before: int, after: int, limit: int
    ) -> list[SummaryRecord]:
        statement, order = _selected(wanted, searched, _COLUMNS), _summaries.c.last_message_id
        if before:
            statement = statement.where(order < before)
        if after:
            statement = statement.where(order > after)
        rows = await self._rows(statement.order_by(order if after else order.desc()).limit(limit))
        return [filled(SummaryRecord, row) for row in rows]

    async def _looked_up(
        self, wanted: ConversationFilter, *, before: int, after: int, limit: int
    ) -> list[SummaryRecord]:
        """Fill a page by looking for the words in conversation after conversation, ever more at a time."""
        assert wanted.search is not None
        found: list[SummaryRecord] = []
        listed, looked = _LISTED_AT_ONCE, _LOOKED_AT_ONCE
        while True:
            some = await self._listed(wanted, None, before=before, after=after, limit=listed)
            start = 0
            while start < len(some):
                part = some[start : start + looked]
                hits = await among(self, wanted.search, [item.conversation_id for item in part])
                found += [item for item in part if item.conversation_id in hits]
                if len(found) >= limit:
                    return found[:limit]
                start, looked = start + looked, looked * 2
            if len(some) < listed:
                return found
            last = some[-1].last_message_id
            before, after = (0, last) if after else (last, 0)
            listed = min(listed * 4, _LISTED_AT_MOST)

    async def _count(self, wanted: ConversationFilter, searched: Found | None) -> int | None:
        if searched is not None and searched.condition is None:
            return None
        some = _selected(wanted, searched, [_summaries.c.conversation_id]).limit(COUNTED + 1).subquery()
        row = await self._row(select(func.count()).select_from(some))
        return 0 if row is None else int(row[0])

    async def _described(
        self, found: Sequence[SummaryRecord], wanted: ConversationFilter
    ) -> list[ConversationRow]:
        """Add to each line what other tables know of it: six small queries a page, whatever is in it."""
        if not found:
            return []
        ids = [item.conversation_id for item in found]
        people = [item.founder_id for item in found]
        names = await self._names(people)
        said = await self._said(found, wanted)
        unhelpful = await self._grouped(
            select(_feedback.c.conversation_id, func.count())
            .where(_feedback.c.conversation_id.in_(ids), _UNHELPFUL)
            .group_by(_feedback.c.conversation_id)
        )
        tags, tracks = await self._tags(ids), await self._tracks(people)
        rows = await self._rows(
            select(*columns(Handover, HandoverRecord)).where(_handovers.c.conversation_id.in_(ids), _OPEN)
        )
        handovers = {row.conversation_id: filled(HandoverRecord, row) for row in rows}
        rows_of = []
        for item in found:
            name, username = names.get((item.founder_id, item.channel), ("", None))
            said_id, text = said.get(item.conversation_id, (item.last_message_id, ""))
            rows_of.append(
                ConversationRow(
                    summary=item,
                    name=name,
                    username=username,
                    said=text,
                    said_message_id=said_id,
                    unhelpful=sum(unhelpful.get(item.conversation_id, ())),
                    tags=tuple(tags.get(item.conversation_id, ())),
                    tracks=tuple(tracks.get(item.founder_id, ())),
                    handover=handovers.get(item.conversation_id),
                )
            )
        return rows_of

    async def _tags(self, ids: Sequence[int]) -> dict[int, list[Any]]:
        return await self._grouped(
            select(_tags.c.conversation_id, _tags.c.tag)
            .where(_tags.c.conversation_id.in_(ids))
            .order_by(_tags.c.tag)
        )

    async def _tracks(self, people: Sequence[int]) -> dict[int, list[Any]]:
        return await self._grouped(
            select(_members.c.founder_id, _applications.c.track)
            .join(_applications, _applications.c.id == _members.c.application_id)
            .where(_members.c.founder_id.in_(people), _applications.c.track.is_not(None))
            .order_by(_applications.c.track)
            .distinct()
        )

    async def _names(self, people: Sequence[int]) -> dict[tuple[int, str], tuple[str, str | None]]:
        rows = await self._rows(
            select(
                _identities.c.founder_id, _identities.c.channel, _identities.c.name, _identities.c.username
            )
            .where(_identities.c.founder_id.in_(people))
            .order_by(_identities.c.id)
        )
        return {(row.founder_id, row.channel): (row.name, row.username) for row in rows}

    async def _said(
        self, found: Sequence[SummaryRecord], wanted: ConversationFilter
    ) -> dict[int, tuple[int, str]]:
        """Take what the founder wrote last in each conversation, or the last message that a search finds."""
        ids = [item.conversation_id for item in found]
        text: ColumnElement[Any]
        if wanted.search is None or wanted.search.empty:
            said = (_messages.c.direction == "in") & _messages.c.kind.in_(("text", "edited", "file"))
            text = func.substr(_messages.c.text, 1, _PREVIEW)
            rows = await self._rows(
                select(_conversations.c.id, newest_message(said).label("message_id")).where(
                    _conversations.c.id.in_(ids)
                )
            )
            newest = [row.message_id for row in rows if row.message_id is not None]
        else:
            text = _messages.c.text
            newest = list((await among(self, wanted.search, ids)).values())
        shown = select(_messages.c.conversation_id, _messages.c.id, text.label("text"))
        rows = await self._rows(shown.where(_messages.c.id.in_(newest)))
        return {row.conversation_id: (row.id, row.text) for row in rows}

    async def _grouped(self, statement: Select[Any]) -> dict[int, list[Any]]:
        groups: dict[int, list[Any]] = {}
        rows: Sequence[Any] = await self._rows(statement)
        for key, value in rows:
            groups.setdefault(key, []).append(value)
        return groups


def _selected(wanted: ConversationFilter, searched: Found | None, shown: Sequence[Any]) -> Select[Any]:
    statement = (
        select(*shown)
        .select_from(_summaries)
        .join(_conversations, _conversations.c.id == _summaries.c.conversation_id)
        .where(_conversations.c.chat.is_not(None), *_about_founder(wanted), *_about_turns(wanted))
    )
    if searched is None or searched.condition is None:
        return statement
    return statement.where(searched.condition)


def _about_founder(wanted: ConversationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.channel:
        conditions.append(_conversations.c.channel == wanted.channel)
    if wanted.language:
        conditions.append(_summaries.c.language == wanted.language)
    if wanted.unreviewed:
        conditions.append(_summaries.c.reviewed_message_id < _summaries.c.last_message_id)
    if wanted.handover:
        conditions.append(exists().where(_handovers.c.conversation_id == _conversations.c.id, _OPEN))
    if wanted.tag:
        conditions.append(
            exists().where(_tags.c.conversation_id == _conversations.c.id, _tags.c.tag == wanted.tag)
        )
    if wanted.track:
        applied = (
            select(_members.c.founder_id)
            .join(_applications, _applications.c.id == _members.c.application_id)
            .where(_applications.c.track == wanted.track)
        )
        conditions.append(_conversations.c.founder_id.in_(applied))
    if wanted.person:
        conditions.append(_person(wanted.person))
    return conditions


def _person(wanted: str) -> ColumnElement[bool]:
    number = wanted.strip().removeprefix("#")
    if wanted.strip().startswith("#") and number.isascii() and number.isdigit() and len(number) < _DIGITS:
        return _conversations.c.founder_id == int(number)
    part = wanted.strip().lower()
    named = select(_identities.c.founder_id).where(
        or_(
            func.lower(_identities.c.name).contains(part, autoescape=True),
            func.lower(_identities.c.username).contains(part.removeprefix("@"), autoescape=True),
        )
    )
    return _conversations.c.founder_id.in_(named)


def _about_turns(wanted: ConversationFilter) -> list[ColumnElement[bool]]:
    """Each of the conditions has to be met by some turn within the time, not all by the same one."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.unanswered:
        conditions.append(_summaries.c.unanswered > 0)
    if wanted.unsure is not None:
        conditions.append(_summaries.c.lowest_confidence < wanted.unsure)
    if wanted.unhelpful:
        rated = _within(wanted, _feedback.c.created_at)
        conditions.append(
            exists().where(_feedback.c.conversation_id == _conversations.c.id, _UNHELPFUL, *rated)
        )
    within = _within(wanted, _traces.c.created_at)
    if not within:
        return conditions
    if wanted.since is not None:
        conditions.append(_summaries.c.last_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_summaries.c.first_at < wanted.until)
    turn = and_(_traces.c.conversation_id == _conversations.c.id, *within)
    if wanted.unanswered:
        conditions.append(exists().where(turn, _traces.c.answered.is_(False)))
    if wanted.unsure is not None:
        conditions.append(
            exists().where(turn, _traces.c.answered.is_(True), _traces.c.confidence < wanted.unsure)
        )
    # With one end open, the first or the last turn has told already.
    both = wanted.since is not None and wanted.until is not None
    if both and not (wanted.unanswered or wanted.unhelpful or wanted.unsure is not None):
        conditions.append(exists().where(turn))
    return conditions


def _within(wanted: ConversationFilter, at: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(at >= wanted.since)
    if wanted.until is not None:
        conditions.append(at < wanted.until)
    return conditions
