"""The webhook: checks the secret, stores, and only then says 200; Telegram repeats everything else."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import time
import zlib
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import Inbox, RawUpdate
from bot.channels.telegram_client import TelegramConfig, TelegramSetupError
from bot.channels.telegram_parse import raw_update
from bot.logs import describe
from bot.web_server import WebServer, listen

logger = logging.getLogger(__name__)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
MAX_BODY = 1024 * 1024
_MAX_BATCH = 200
_GRACE_SECONDS = 5
_WARN_EVERY = 60.0


class Batcher:
    """Gathers the updates of concurrent calls into one commit: while one batch is written, the next fills."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiting: asyncio.Queue[tuple[RawUpdate, asyncio.Future[None]]] = asyncio.Queue()

    async def store(self, update: RawUpdate) -> None:
        """Return when the update is committed; raise what the inbox raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((update, done))
        await done

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < _MAX_BATCH:
                batch.append(self._waiting.get_nowait())
            try:
                await self._inbox.accept([update for update, _ in batch])
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for _, done in batch:
                if not done.done():
                    done.set_result(None)


def webhook_app(batcher: Batcher, path: str, secret: str) -> Starlette:
    """Build the one-route application that Telegram calls."""
    expected = secret.encode()
    next_warning = 0.0

    async def receive(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not expected or not hmac.compare_digest(given, expected):
            nonlocal next_warning
            if time.monotonic() >= next_warning:
                # Anybody on the internet may knock: say it, but never let them fill the log.
                next_warning = time.monotonic() + _WARN_EVERY
                logger.warning("refused a webhook call without the right BOT_TELEGRAM_WEBHOOK_SECRET")
            return Response(status_code=403)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        try:
            await batcher.store(_update(body))
        except Exception as error:
            logger.warning("could not store an update, Telegram will send it again: %s", describe(error))
            return Response(status_code=503, headers={"Retry-After": "1"})
        return Response(status_code=200)

    return Starlette(routes=[Route(path or "/", receive, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    """Read the body, or give up as soon as it is longer than any update."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _update(body: bytes) -> RawUpdate:
    """Wrap a body; one that is no update at all is kept too, under an id below all of Telegram's."""
    try:
        found = raw_update(json.loads(body))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        text = body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        return RawUpdate(update_id=-1 - zlib.crc32(body), chat="", payload=text)
    return found


class WebhookServer:
    """Listens for Telegram between `start` and `stop`."""

    def __init__(self, config: TelegramConfig, inbox: Inbox) -> None:
        self._config = config
        self._batcher = Batcher(inbox)
        self._tasks: list[asyncio.Task[None]] = []
        path = urlsplit(config.webhook_url).path
        app = webhook_app(self._batcher, path, config.webhook_secret)
        self._server = WebServer(app, grace=_GRACE_SECONDS)

    async def start(self) -> None:
        """Bind the address; TelegramSetupError when it is taken or wrong."""
        listener = _bind(self._config.webhook_listen)
        self._tasks = [
            asyncio.create_task(self._batcher.run()),
            asyncio.create_task(self._server.serve(sockets=[listener])),
        ]

    async def failed(self) -> None:
        """Return only when a part of the server ended by itself, with its error."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Finish the calls that are being stored, then close."""
        self._server.should_exit = True
        batching, *serving = self._tasks
        await asyncio.gather(*serving, return_exceptions=True)
        batching.cancel()
        await asyncio.gather(batching, return_exceptions=True)


def _bind(address: str) -> socket.socket:
    try:
        return listen(address)
    except OSError as error:
        raise TelegramSetupError(
            f"BOT_TELEGRAM_WEBHOOK_LISTEN: cannot listen on {address} ({error.strerror or error})"
        ) from None
