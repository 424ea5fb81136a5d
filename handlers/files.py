"""Files that founders send: what handlers need of whoever fetches, checks and keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from handlers.messages import Attachment
from handlers.refusals import Refused

if TYPE_CHECKING:
    from storage.database import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that was checked and kept; `name` is cleaned, `media_type` is what the content shows."""

    sha256: str
    name: str
    media_type: str
    size: int


async def note_file(work: UnitOfWork, founder_id: int, kept: StoredFile) -> None:
    """Describe a file in the commit that refers to it, so that /mydata and /forget know of it."""
    await work.files.note(
        founder_id, sha256=kept.sha256, name=kept.name, media_type=kept.media_type, size=kept.size
    )


class FileRefused(Refused):
    """A file that is not kept."""

    section = "apply.file."


class Files(Protocol):
    """Keeps the files of applications outside the database, each under the hash of its content."""

    async def fetch(self, channel: str, attachment: Attachment) -> StoredFile:
        """Get an attachment from its network, check it by content and keep it; raises FileRefused."""
        ...

    async def read(self, sha256: str) -> bytes:
        """Return the content of a kept file; raises LookupError for one that is not there."""
        ...
