"""Removes what is older than the program wants to keep, some rows at a time, and remembers that it did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, Update, delete, func, insert, or_, select, update

from storage.announcement_tables import AuditEntry
from storage.application_tables import Application, ApplicationAnswer, ApplicationVersion, File
from storage.records import Payload
from storage.repository import Repository, columns, filled, table
from storage.review_people import tidy_words
from storage.review_records import RetentionRecord
from storage.review_tables import RetentionRun
from storage.tables import Feedback, Inbox, Message, Trace

_messages, _traces, _feedback, _inbox = table(Message), table(Trace), table(Feedback), table(Inbox)
_audit, _runs = table(AuditEntry), table(RetentionRun)
_applications, _answers = table(Application), table(ApplicationAnswer)
_versions, _files = table(ApplicationVersion), table(File)
_RUN = columns(RetentionRun, RetentionRecord)
_CLOSED = ("declined", "withdrawn")
AT_ONCE = 2_000


class RetentionRuns(Repository):
    """What has grown too old, by class of data: messages, traces, inbox, files, audit."""

    __slots__ = ()

    async def count(self, kind: str, before: datetime) -> int:
        """Count what a run would remove."""
        if kind == "files":
            return len(await self.expired_files(before))
        source, old = _old(kind, before)
        row = await self._row(select(func.count()).select_from(source).where(old))
        return 0 if row is None else int(row[0])

    async def remove(self, kind: str, before: datetime) -> int:
        """Remove up to `AT_ONCE` of what is too old; 0 when nothing is left. Files are the caller's."""
        source, old = _old(kind, before)
        some = select(source.c.id).where(old).order_by(source.c.id).limit(AT_ONCE)
        if kind == "audit":
            return (await self._write(delete(source).where(source.c.id.in_(some)))).rowcount
        if kind == "messages":
            await self._write(
                update(_feedback).where(_feedback.c.answer_message_id.in_(some)).values(reason=None)
            )
        return (await self._write(_emptied(kind).where(source.c.id.in_(some)))).rowcount

    async def tidy(self) -> None:
        """Let SQLite drop the words of removed and erased messages from its index for good."""
        await tidy_words(self)

    async def expired_files(self, before: datetime) -> list[str]:
        """List the hashes of files that only applications closed before then refer to."""
        closed = _applications.c.status.in_(_CLOSED)
        old = closed & (func.coalesce(_applications.c.decided_at, _applications.c.updated_at) < before)
        gone, kept = await self._hashes(old), await self._hashes(~old)
        rows = await self._rows(select(_files.c.sha256).where(_files.c.sha256.in_(gone - kept)).distinct())
        return sorted(row.sha256 for row in rows)

    async def note(self, started_at: datetime, report: Mapping[str, Payload]) -> RetentionRecord:
        """Remember a run."""
        values = {"started_at": started_at, "finished_at": self._now(), "report": dict(report)}
        row = (await self._write(insert(_runs).values(values).returning(*_RUN))).one()
        return filled(RetentionRecord, row)

    async def latest(self, limit: int = 30) -> list[RetentionRecord]:
        """List the latest runs, newest first."""
        rows = await self._rows(select(*_RUN).order_by(_runs.c.id.desc()).limit(limit))
        return [filled(RetentionRecord, row) for row in rows]

    async def _hashes(self, of: ColumnElement[bool]) -> set[str]:
        applications = select(_applications.c.id).where(of)
        answers = await self._rows(
            select(_answers.c.sha256)
            .where(_answers.c.application_id.in_(applications), _answers.c.sha256.is_not(None))
            .distinct()
        )
        versions = await self._rows(
            select(_versions.c.files).where(_versions.c.application_id.in_(applications))
        )
        return {row.sha256 for row in answers} | {sha256 for row in versions for sha256 in row.files}


def _old(kind: str, before: datetime) -> tuple[Table, ColumnElement[bool]]:
    left: ColumnElement[bool]
    if kind == "messages":
        left = _messages.c.kind.not_in(("erased", "expired"))
        return _messages, (_messages.c.created_at < before) & left
    if kind == "traces":
        left = or_(_traces.c.question != "", _traces.c.searched != "")
        return _traces, (_traces.c.created_at < before) & left
    if kind == "inbox":
        left = _inbox.c.status.in_(("failed", "unreadable")) & (_inbox.c.payload != "")
        return _inbox, (_inbox.c.received_at < before) & left
    if kind == "audit":
        return _audit, _audit.c.at < before
    raise ValueError(f"no class of data: {kind}")


def _emptied(kind: str) -> Update:
    values: dict[str, dict[Any, Any]] = {
        "messages": {"text": "", "payload": {}, "external_id": None, "kind": "expired", "words": ()},
        "traces": {"question": "", "searched": "", "passages": []},
        "inbox": {"payload": "", "chat": None},
    }
    source = {"messages": _messages, "traces": _traces, "inbox": _inbox}[kind]
    return update(source).values(values[kind])
