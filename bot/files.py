"""The files of applications: fetched, checked by content, and kept under their hash in the data folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from bot.channels.base import FetchError
from bot.file_checks import MAX_BYTES, check_file, too_large
from handlers.files import FileRefused, StoredFile
from handlers.messages import Attachment

FOLDER = "uploads"
KEEP_SECONDS = 3600.0
"""Content younger than this is left alone by the sweep: its answer may be about to be stored."""

_TRIES = 3
_PAUSE = 0.5
_AT_ONCE = 2
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARTIAL = ".partial-"


class Shelf:
    """Content under its SHA-256 below one folder; every method is quick, blocking file work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Where content lies; LookupError for what is not a hash."""
        if not _SHA256.fullmatch(sha256):
            raise LookupError("not a SHA-256")
        return self._folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep content for good before returning its hash; what is there already is only made young."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        with suppress(FileNotFoundError):
            os.utime(path)
            if path.stat().st_size == len(content):
                return sha256
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(partial).unlink()
            raise
        _settle(path.parent)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Read content; LookupError when it is not there."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise LookupError("no such file") from None

    def aged(self, seconds: float = KEEP_SECONDS) -> list[str]:
        """List the hashes of content that has lain for some time, and remove what was never finished."""
        limit = time.time() - seconds
        found = []
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime > limit:
                    continue
                if _SHA256.fullmatch(path.name):
                    found.append(path.name)
                elif path.name.startswith(_PARTIAL):
                    path.unlink()
        return found

    def remove(self, hashes: Collection[str], seconds: float = KEEP_SECONDS) -> list[str]:
        """Remove content that is still old; returns the hashes whose content is gone."""
        removed, limit = [], time.time() - seconds
        for sha256 in hashes:
            path = self.path(sha256)
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= limit:
                    path.unlink()
                    removed.append(sha256)
        return removed


class FileStore:
    """What handlers know as Files: gets attachments from their channels and keeps what may be kept."""

    def __init__(self, data_dir: Path, channels: Sequence[Fetcher]) -> None:
        self._shelf = Shelf(data_dir / FOLDER)
        self._channels: Mapping[str, Fetcher] = {channel.name: channel for channel in channels}
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, channel: str, attachment: Attachment) -> StoredFile:
        """Get an attachment from its network, check it by content and keep it; raises FileRefused."""
        if attachment.size is not None and attachment.size > MAX_BYTES:
            raise too_large()
        async with self._gate:
            content = attachment.content
            if content is None:
                content = await self._download(channel, attachment.reference or "")
            return await asyncio.to_thread(self._keep, content, attachment.name)

    async def read(self, sha256: str) -> bytes:
        """Return the content of a kept file; raises LookupError for one that is not there."""
        return await asyncio.to_thread(self._shelf.get, sha256)

    async def aged(self) -> list[str]:
        """List the hashes of content that has lain for some time."""
        return await asyncio.to_thread(self._shelf.aged)

    async def remove(self, hashes: Collection[str]) -> list[str]:
        """Remove content that is still old; returns the hashes whose content is gone."""
        return await asyncio.to_thread(self._shelf.remove, hashes)

    async def _download(self, channel: str, reference: str) -> bytes:
        source = self._channels.get(channel)
        if source is None or not reference:
            raise FileRefused("gone")
        for number in range(_TRIES):
            try:
                return await source.fetch(reference, MAX_BYTES)
            except FetchError as error:
                if error.code == "too_large":
                    raise too_large() from None
                if error.code == "gone":
                    raise FileRefused("gone") from None
            if number < _TRIES - 1:
                await asyncio.sleep(_PAUSE * 2**number)
        raise FileRefused("not_fetched")

    def _keep(self, content: bytes, name: str) -> StoredFile:
        checked = check_file(content, name)
        return StoredFile(
            sha256=self._shelf.put(content),
            name=checked.name,
            media_type=checked.media_type,
            size=len(content),
        )


class Fetcher(Protocol):
    """The part of a channel that gets files."""

    @property
    def name(self) -> str:
        """The channel's name."""
        ...

    async def fetch(self, reference: str, limit: int) -> bytes:
        """See Channel.fetch."""
        ...


def _settle(folder: Path) -> None:
    """Make a rename last through a power failure, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
