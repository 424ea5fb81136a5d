"""Files that founders sent; only what describes them, the content lies in the data folder."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select

from storage.announcement_tables import Announcement
from storage.application_records import FileRecord
from storage.application_tables import ApplicationAnswer, ApplicationFollowUp, ApplicationVersion, File
from storage.repository import Repository, columns, filled, table

_files, _answers, _versions = table(File), table(ApplicationAnswer), table(ApplicationVersion)
_announcements, _followups = table(Announcement), table(ApplicationFollowUp)
_COLUMNS = columns(File, FileRecord)
_AT_ONCE = 500


class Files(Repository):
    """Descriptions of files, one for each founder who sent the same content."""

    __slots__ = ()

    async def note(self, founder_id: int, *, sha256: str, name: str, media_type: str, size: int) -> None:
        """Note that a founder sent a file; sent again, its last name counts."""
        statement = self._insert(File).values(
            sha256=sha256,
            founder_id=founder_id,
            name=name,
            media_type=media_type,
            size=size,
            created_at=self._now(),
        )
        new = statement.excluded
        await self._write(
            statement.on_conflict_do_update(
                index_elements=["sha256", "founder_id"],
                set_={"name": new.name, "media_type": new.media_type, "size": new.size},
            )
        )

    async def of(self, founder_id: int) -> list[FileRecord]:
        """List the files of a founder, oldest first."""
        rows = await self._rows(
            select(*_COLUMNS).where(_files.c.founder_id == founder_id).order_by(_files.c.id)
        )
        return [filled(FileRecord, row) for row in rows]

    async def unreferenced(self, among: Collection[str]) -> list[str]:
        """Return those of the hashes that no answer, submitted version or announcement refers to."""
        left = set(among)
        for source in (_answers, _followups):
            for part in _parts(sorted(left)):
                rows = await self._rows(select(source.c.sha256).where(source.c.sha256.in_(part)).distinct())
                left.difference_update(row.sha256 for row in rows)
        if left:
            for row in await self._rows(select(_versions.c.files)):
                left.difference_update(row.files)
        if left:
            for row in await self._rows(
                select(_announcements.c.file).where(_announcements.c.file.is_not(None))
            ):
                left.discard((row.file or {}).get("sha256", ""))
        return sorted(left)

    async def forget(self, hashes: Collection[str]) -> int:
        """Remove the descriptions of files whose content is gone."""
        gone = 0
        for part in _parts(sorted(hashes)):
            gone += (await self._write(delete(_files).where(_files.c.sha256.in_(part)))).rowcount
        return gone


def _parts(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
