"""Gets a file that a founder sent in Telegram; its address holds the token, so no error repeats it."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import httpx
from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.channels.base import FetchError, read_local
from bot.channels.telegram_client import TelegramConfig

_SECONDS = httpx.Timeout(15.0, connect=10.0)
_WHOLE = 120.0


async def fetch(bot: Bot, config: TelegramConfig, file_id: str, limit: int) -> bytes:
    """Ask where the file lies and read it, at most `limit` bytes; raises FetchError."""
    try:
        found = await bot.get_file(file_id)
    except BadRequest as error:
        raise FetchError("too_large" if "too big" in str(error).lower() else "gone") from None
    except TelegramError:
        raise FetchError("network") from None
    if found.file_size is not None and found.file_size > limit:
        raise FetchError("too_large")
    path = found.file_path or ""
    if path.startswith("/"):  # a Bot API server on this machine, in its local mode
        return await asyncio.to_thread(read_local, path, limit)
    root = f"{config.api_url.rstrip('/')}/file/bot{config.token}/"
    try:
        async with asyncio.timeout(_WHOLE):
            return await _download(root + quote(path.removeprefix(root)), limit)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        raise FetchError("network") from None


async def _download(address: str, limit: int) -> bytes:
    content = bytearray()
    async with httpx.AsyncClient(timeout=_SECONDS) as client, client.stream("GET", address) as answer:
        if answer.status_code in {400, 404, 410}:
            raise FetchError("gone")
        if answer.status_code != 200:
            raise FetchError("network")
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > limit:
                raise FetchError("too_large")
    return bytes(content)
