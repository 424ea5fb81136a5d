"""Files that are kept here: read once, uploaded once, and named by the network's id from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from bot.channels.base import SendResult
from handlers.files import Files
from handlers.messages import Attachment, Reply

PREFIX = "sha256:"
"""Begins the reference of a file that is kept here, before the content's hash."""

_R = TypeVar("_R", SendResult, SendResult | None)
_Send = Callable[[Reply], Awaitable[_R]]
_REMEMBERED = 20


class FileMissing(Exception):
    """The content is no longer kept."""


class Enclosures:
    """Sends replies with kept files; `read` returns content by hash or raises LookupError.

    Which id a network gave to a file is forgotten with the process, and then it is uploaded once more.
    """

    def __init__(self, read: Callable[[str], Awaitable[bytes]]) -> None:
        self._read = read
        self._uploading = asyncio.Lock()
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    @classmethod
    def of(cls, files: Files | None) -> Enclosures:
        """Read from where files are kept; without such a place every kept file is missing."""

        async def read(sha256: str) -> bytes:
            if files is None:
                raise LookupError("no files are kept")
            return await files.read(sha256)

        return cls(read)

    async def send(self, reply: Reply, send: _Send[_R]) -> _R:
        """Send a reply; while its files are uploaded for the first time, others with files wait."""
        kept = tuple(file.reference for file in reply.attachments if _is_kept(file) and file.reference)
        if not kept:
            return await send(reply)
        if kept not in self._known:
            async with self._uploading:
                if kept not in self._known:
                    return await self._upload(kept, reply, send)
        return await send(_with(reply, list(self._known[kept])))

    async def _upload(self, kept: tuple[str, ...], reply: Reply, send: _Send[_R]) -> _R:
        files = []
        for file in reply.attachments:
            files.append(replace(file, content=await self._content(file)) if _is_kept(file) else file)
        result = await send(replace(reply, attachments=tuple(files)))
        if result is not None and len(result.file_ids) == len(reply.attachments):
            if len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            ids = zip(reply.attachments, result.file_ids, strict=True)
            self._known[kept] = tuple(number for file, number in ids if _is_kept(file))
        return result

    async def _content(self, file: Attachment) -> bytes:
        try:
            return await self._read((file.reference or "").removeprefix(PREFIX))
        except LookupError:
            raise FileMissing from None


def _is_kept(file: Attachment) -> bool:
    return file.content is None and (file.reference or "").startswith(PREFIX)


def _with(reply: Reply, ids: list[str]) -> Reply:
    files = (replace(file, reference=ids.pop(0)) if _is_kept(file) else file for file in reply.attachments)
    return replace(reply, attachments=tuple(files))
