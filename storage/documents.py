"""Documents that staff write: every save is a version, and the newest of each document counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from storage.document_records import DocumentRecord, NewDocument
from storage.document_tables import DocumentVersion
from storage.errors import DocumentConflict
from storage.repository import Repository, table

_versions = table(DocumentVersion)
_COLUMNS = [
    _versions.c.id.label("number"),
    _versions.c.document_id.label("id"),
    *(column for column in _versions.c if column.name not in {"id", "document_id"}),
]
_LATEST = select(*_COLUMNS).where(_versions.c.latest)
_STATE = select(_versions.c.document_id, _versions.c.version, _versions.c.digest).where(
    _versions.c.latest, _versions.c.removed.is_(False)
)


class Documents(Repository):
    """Documents beside the program's folder, or in place of a file of it that has the same id."""

    __slots__ = ()

    async def save(
        self,
        new: NewDocument,
        *,
        author: str,
        staff_id: int | None = None,
        based_on: int = 0,
        note: str = "",
    ) -> DocumentRecord:
        """Store the next version; `based_on` is the version that was edited, 0 for a document not here yet.

        Raises DocumentConflict when somebody else has saved meanwhile.
        """
        return await self._add(new, author, staff_id, based_on, note)

    async def remove(
        self,
        document_id: str,
        *,
        author: str,
        staff_id: int | None = None,
        based_on: int,
        note: str = "",
    ) -> DocumentRecord | None:
        """Take a document away, so that the folder's text counts again; None when nothing is there.

        It is a version of its own: saving the content of an older one brings it back.
        """
        now = await self.get(document_id)
        if now is None:
            return None
        return await self._add(now.content, author, staff_id, based_on, note, removed=True)

    async def get(self, document_id: str) -> DocumentRecord | None:
        """Find the version that counts; None for a removed document and one that only the folder has."""
        row = await self._row(_LATEST.where(_versions.c.document_id == document_id))
        return None if row is None or row.removed else _record(row)

    async def newest(self, document_id: str) -> DocumentRecord | None:
        """Find the newest version, be it a removal: what the next save is based on."""
        row = await self._row(_LATEST.where(_versions.c.document_id == document_id))
        return None if row is None else _record(row)

    async def current(self) -> list[DocumentRecord]:
        """List what counts beside the folder, in the order of the ids."""
        rows = await self._rows(_LATEST.where(_versions.c.removed.is_(False)).order_by("document_id"))
        return [_record(row) for row in rows]

    async def removed(self) -> list[DocumentRecord]:
        """List what was taken away and not brought back, in the order of the ids."""
        rows = await self._rows(_LATEST.where(_versions.c.removed).order_by("document_id"))
        return [_record(row) for row in rows]

    async def history(self, document_id: str) -> list[DocumentRecord]:
        """List all versions of a document, newest first."""
        statement = select(*_COLUMNS).where(_versions.c.document_id == document_id)
        return [_record(row) for row in await self._rows(statement.order_by(_versions.c.version.desc()))]

    async def version(self, document_id: str, version: int) -> DocumentRecord | None:
        """Find one version."""
        row = await self._row(
            select(*_COLUMNS).where(_versions.c.document_id == document_id, _versions.c.version == version)
        )
        return None if row is None else _record(row)

    async def state(self) -> str:
        """Name what counts now in a few letters, "" for nothing: equal names, equal documents."""
        return _state([tuple(row) for row in await self._rows(_STATE)])

    async def _add(
        self,
        new: NewDocument,
        author: str,
        staff_id: int | None,
        based_on: int,
        note: str,
        *,
        removed: bool = False,
    ) -> DocumentRecord:
        values = {
            **_values(new),
            "version": based_on + 1,
            "latest": True,
            "removed": removed,
            "author": author,
            "staff_id": staff_id,
            "note": note,
            "created_at": self._now(),
        }
        before = (_versions.c.document_id == new.id, _versions.c.version == based_on)
        await self._write(update(_versions).where(*before, _versions.c.latest).values(latest=False))
        # Somebody who was faster has taken the number, or still has the one place of the latest.
        statement = self._insert(DocumentVersion).values(values).on_conflict_do_nothing()
        row = (await self._write(statement.returning(*_COLUMNS))).first()
        if row is None:
            raise DocumentConflict(new.id)
        return _record(row)


def state_of(records: Sequence[DocumentRecord]) -> str:
    """Name the state in which exactly these documents count, in the order of their ids."""
    return _state([(record.id, record.version, record.digest) for record in records])


def _state(rows: Sequence[tuple[str, int, str]]) -> str:
    if not rows:
        return ""
    # Sorted here, because databases differ in how they order text.
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()[:16]


def _values(new: NewDocument) -> dict[str, Any]:
    values = {name: getattr(new, name) for name in NewDocument.__slots__ if name != "id"}
    values["sources"] = list(new.sources)
    shown = {name: str(value) for name, value in values.items()}
    digest = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    return {**values, "document_id": new.id, "digest": digest}


def _record(row: Any) -> DocumentRecord:
    values = dict(row._mapping)
    return DocumentRecord(**{**values, "sources": tuple(values["sources"])})
