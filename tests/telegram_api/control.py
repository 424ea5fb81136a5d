"""The same hand over HTTP, for bots and tests in other processes: POST /control/<act> with JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.telegram_api.state import Json

if TYPE_CHECKING:
    from tests.telegram_api.server import TelegramApi

ACTS = (
    "join",
    "crowd",
    "group",
    "say",
    "paste",
    "send",
    "send_file",
    "edit",
    "channel_post",
    "press",
    "block",
    "unblock",
    "malformed",
    "fail",
    "heal",
    "configure",
)


def add_control_routes(app: web.Application, api: TelegramApi) -> None:
    """Offer every act of People, faults and the log; `GET /control/log?chat=7` has the messages."""

    async def act(request: web.Request) -> web.Response:
        name = request.match_info["act"]
        params: Json = await request.json() if request.can_read_body else {}
        try:
            result = await _perform(api, name, params)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return web.json_response({"ok": False, "error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response({"ok": True, "result": result}, dumps=_dumps)

    async def log(request: web.Request) -> web.Response:
        chat = request.query.get("chat")
        found = [s.as_json() for s in api.messages(int(chat) if chat else None)]
        return web.json_response({"ok": True, "result": found})

    async def calls(request: web.Request) -> web.Response:
        found = [asdict(c) for c in api.calls(request.query.get("method"))]
        return web.json_response({"ok": True, "result": found}, dumps=_dumps)

    async def state(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": _summary(api)}, dumps=_dumps)

    app.router.add_post("/control/{act}", act)
    app.router.add_get("/control/log", log)
    app.router.add_get("/control/calls", calls)
    app.router.add_get("/control/state", state)


async def _perform(api: TelegramApi, name: str, params: Json) -> Any:
    if name == "raw":
        return await api.state.push_raw(params)
    if name not in ACTS:
        raise LookupError(f"no act {name!r}; there are {', '.join(ACTS)}, raw")
    if name == "send_file":
        params["content"] = base64.b64decode(params["content"])
    function: Callable[..., Awaitable[Any] | Any] = getattr(api, name)
    result = function(**params)
    if hasattr(result, "__await__"):
        return await result
    return asdict(result) if hasattr(result, "__dataclass_fields__") else result


def _summary(api: TelegramApi) -> Json:
    state = api.state
    return {
        "waiting": len(state.updates),
        "messages": len(state.sent),
        "unread_presses": [key for key, query in state.callbacks.items() if not query.answers],
        "webhook": state.webhook.url if state.webhook else None,
        "delivery_attempts": len(api.courier.attempts),
        "blocked": sorted(state.blocked),
        "commands": state.commands,
    }


def _dumps(value: Any) -> str:
    return json.dumps(value, default=lambda v: f"<{len(v)} bytes>" if isinstance(v, bytes) else str(v))
