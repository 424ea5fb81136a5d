"""The emulator itself: an HTTP server that looks like the Bot API, and the hand that steers it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from aiohttp import BodyPartReader, web

from tests.telegram_api.methods import Methods
from tests.telegram_api.people import People
from tests.telegram_api.state import TOKEN, ApiError, Call, Config, Fault, Json, Sent, State
from tests.telegram_api.webhook import Courier


class TelegramApi(People):
    """A strict Bot API server on 127.0.0.1 for one bot; use it as an async context manager.

    `url` is the root to give to the bot. The acts of people (`say`, `press`, `paste`, ...) are methods;
    what the bot did is in `messages()`, `calls()` and `state`.
    """

    def __init__(self, token: str = TOKEN, config: Config | None = None, port: int = 0) -> None:
        super().__init__(State(token, config))
        self.token = token
        self.config = self.state.config
        self.methods = Methods(self.state)
        self.courier = Courier(self.state)
        self.port = port
        self._runner: web.AppRunner | None = None
        self._courier: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> TelegramApi:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on the port, a free one when it was 0."""
        from tests.telegram_api.control import add_control_routes

        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        add_control_routes(app, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=512)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._courier = asyncio.create_task(self.courier.run())

    async def stop(self) -> None:
        """Close every connection at once."""
        if self._courier:
            self._courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._courier
        if self._runner:
            await self._runner.cleanup()

    # --- what the bot did -------------------------------------------------------------------------

    def messages(self, chat: int | None = None) -> list[Sent]:
        """The bot's messages in a chat (or in all), oldest first, deleted ones left out."""
        return [s for s in self.state.sent if (chat is None or s.chat == chat) and not s.deleted]

    def texts(self, chat: int) -> list[str]:
        return [s.text for s in self.messages(chat)]

    def calls(self, method: str | None = None) -> list[Call]:
        """Every request of the bot with its status, or those of one method."""
        return [c for c in self.state.calls if method is None or c.method.lower() == method.lower()]

    async def wait_for_messages(self, chat: int, count: int = 1, seconds: float = 30.0) -> list[Sent]:
        """Wait until the bot has sent this many messages to the chat; fail with what is there."""
        if not await self.state.wait_for(lambda: len(self.messages(chat)) >= count, seconds):
            raise AssertionError(
                f"{len(self.messages(chat))} of {count} messages in {seconds} s: {self.texts(chat)}"
            )
        return self.messages(chat)

    async def wait_until_read(self, seconds: float = 30.0) -> None:
        """Wait until the bot has acknowledged every update."""
        if not await self.state.wait_for(lambda: not self.state.updates, seconds):
            raise AssertionError(f"{len(self.state.updates)} updates are still waiting")

    def fail(self, method: str | None = None, **fault: Any) -> Fault:
        """Let the next `times` calls of a method go wrong; see Fault."""
        self.state.faults.append(Fault(method=method, **fault))
        return self.state.faults[-1]

    def heal(self) -> None:
        """Take back every fault."""
        self.state.faults.clear()

    def configure(self, **changes: Any) -> Config:
        """Change knobs while running."""
        for name, value in changes.items():
            getattr(self.config, name)
            setattr(self.config, name, value)
        return replace(self.config)

    # --- HTTP -------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        token, name = request.match_info["token"], request.match_info["method"]
        if token != self.token:
            known_shape = token.partition(":")[0].isdigit() and len(token.partition(":")[2]) > 5
            return _answer(ApiError(401, "Unauthorized") if known_shape else ApiError(404, "Not Found"))
        params = await _parameters(request)
        call = Call(method=name, params=params, at=time.time())
        self.state.calls.append(call)
        await asyncio.sleep(self.config.latency / 2)
        fault = self.state.take_fault(name, _chat_id(params))
        if fault and (early := await self._before(request, fault)) is not None:
            call.status = early.status
            return early
        before = len(self.state.sent)
        response = await self._run(call)
        await self.state.notify()
        if fault and fault.kind == "drop_after":
            call.lost = True
            return _drop(request)
        await asyncio.sleep(self.config.latency / 2)
        if fault and fault.kind == "hold":
            call.lost = True
            await asyncio.sleep(fault.seconds)
        return await self._write(request, response, self.state.sent[before:])

    async def _before(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        if fault.kind == "status":
            names = {
                401: "Unauthorized",
                403: "Forbidden: bot was blocked by the user",
                409: "Conflict: fault",
            }
            text = names.get(fault.status, HTTPStatus(fault.status).phrase)
            return _answer(ApiError(fault.status, text, fault.retry_after))
        if fault.kind == "garbage":
            body = "<html><head><title>502 Bad Gateway</title></head></html>"
            return web.Response(status=fault.status, text=body, content_type="text/html")
        if fault.kind == "drop_before":
            return _drop(request)
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
            if request.transport is None or request.transport.is_closing():
                return web.Response(status=500)  # whoever asked is gone, and so is the question
        return None

    async def _run(self, call: Call) -> web.Response:
        try:
            result = await self.methods.find(call.method)(call.params)
        except ApiError as error:
            call.status = error.status
            return _answer(error)
        call.status = 200
        return web.json_response({"ok": True, "result": result})

    async def _write(
        self, request: web.Request, response: web.Response, new: list[Sent]
    ) -> web.StreamResponse:
        connected = request.transport is not None and not request.transport.is_closing()
        try:
            await response.prepare(request)
            await response.write_eof()
        except (ConnectionError, RuntimeError):
            connected = False
        number = json.loads(response.body)["result"] if new and response.status == 200 else None
        for sent in new:
            if isinstance(number, dict) and number.get("message_id") == sent.message_id:
                sent.connected = connected
        return response

    async def _download(self, request: web.Request) -> web.StreamResponse:
        fault = self.state.take_fault("download", None)
        if fault and (early := await self._before(request, fault)) is not None:
            return early
        if request.match_info["token"] != self.token:
            return _answer(ApiError(401, "Unauthorized"))
        content = self.state.files.get(request.match_info["path"])
        if content is None:
            return _answer(ApiError(404, "Not Found"))
        return web.Response(body=content, content_type="application/octet-stream")


def _answer(error: ApiError) -> web.Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
    return web.json_response(error.body(), status=error.status, headers=headers)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()  # type: ignore[attr-defined]
    return web.Response(status=500)


def _chat_id(params: Json) -> int | None:
    try:
        return int(params["chat_id"])
    except (KeyError, TypeError, ValueError):
        return None


async def _parameters(request: web.Request) -> Json:
    params: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json() if request.can_read_body else {}
        return params | body
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                content = bytes(await part.read())
                media_type = part.headers.get("Content-Type", "application/octet-stream")
                params[part.name] = (
                    (part.filename, media_type, content) if part.filename else content.decode()
                )
        return params
    return params | dict(await request.post())
