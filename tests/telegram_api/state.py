"""What the emulator remembers of one bot: people, waiting updates, messages, files, faults."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
TOKEN = "123456789:EMULATOR-TOKEN-not-a-secret-00000000"
BOT = {"id": 123456789, "is_bot": True, "first_name": "Founder bot", "username": "founder_test_bot"}
FaultKind = Literal["status", "garbage", "hang", "drop_before", "hold", "drop_after"]


class ApiError(Exception):
    """An answer other than ok: true."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.retry_after = status, description, retry_after

    def body(self) -> Json:
        answer: Json = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer


def bad_request(description: str) -> ApiError:
    """Name what is wrong with a call the way Telegram does."""
    return ApiError(400, f"Bad Request: {description}")


@dataclass(kw_only=True)
class Fault:
    """Something that goes wrong with the next `times` matching calls, or with each `every`-th of them.

    For some `seconds` a call that "hangs" is not looked at, and the answer to one on "hold" kept back.
    """

    kind: FaultKind = "status"
    method: str | None = None
    chat: int | None = None
    status: int = 502
    retry_after: int | None = None
    seconds: float = 0.0
    times: int = 1
    every: int = 1
    seen: int = 0

    def matches(self, method: str, chat: int | None) -> bool:
        return (
            self.times > 0
            and (self.method is None or self.method.lower() == method.lower())
            and (self.chat is None or self.chat == chat)
        )


@dataclass(kw_only=True)
class Sent:
    """One message the emulator accepted from the bot, as the person in the chat sees it now."""

    message_id: int
    chat: int
    text: str
    entities: list[Json]
    markup: Json | None
    at: float
    document: Json | None = None
    photo: bool = False
    connected: bool | None = None
    edits: int = 0
    deleted: bool = False

    def buttons(self) -> list[Json]:
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(kw_only=True)
class Call:
    """One request of the bot, whatever became of it."""

    method: str
    params: Json
    at: float
    status: int = 0
    lost: bool = False


@dataclass(kw_only=True)
class CallbackQuery:
    """A pressed button, waiting for its one answer."""

    chat: int
    at: float
    answers: list[Json] = field(default_factory=list)


@dataclass(kw_only=True)
class Webhook:
    """Where updates go, and how the last deliveries went."""

    url: str
    secret: str = ""
    connections: int = 40
    last_error: str | None = None
    last_error_at: int | None = None


@dataclass(kw_only=True)
class Config:
    """The knobs of a run; `rate` messages a second for the bot, None for no limit.

    With `local_files` it behaves like a server in local mode: getFile tells a path below that folder.
    """

    latency: float = 0.0
    rate: int | None = 30
    chat_rate: int | None = None
    webhook_connections: int = 1
    webhook_retry: float = 0.05
    webhook_timeout: float = 10.0
    callback_ttl: float = 900.0
    deletable: float = 48 * 3600.0
    long_poll_max: float = 50.0
    local_files: Path | None = None


class State:
    """All of it, without any network: the methods and the control side share one."""

    def __init__(self, token: str = TOKEN, config: Config | None = None) -> None:
        self.token = token
        self.config = config or Config()
        self.users: dict[int, Json] = {}
        self.chats: dict[int, Json] = {}
        self.blocked: set[int] = set()
        self.updates: deque[Json] = deque()
        self.allowed_updates: list[str] | None = None
        self.webhook: Webhook | None = None
        self.sent: list[Sent] = []
        self.by_id: dict[tuple[int, int], Sent] = {}
        self.theirs: set[tuple[int, int]] = set()
        self.calls: list[Call] = []
        self.callbacks: dict[str, CallbackQuery] = {}
        self.commands: dict[str, list[Json]] = {}
        self.files: dict[str, bytes] = {}
        self.documents: dict[str, Json] = {}
        self.faults: list[Fault] = []
        self.delivered_at: dict[int, float] = {}
        self.changed = asyncio.Condition()
        self._update_ids = itertools.count(1000)
        self._message_ids: dict[int, itertools.count[int]] = {}
        self._file_ids = itertools.count(1)
        self._windows: dict[int | None, deque[float]] = {}

    def next_message_id(self, chat: int) -> int:
        """Count as Telegram does: private chats and small groups together, each larger group for itself."""
        own = self.chats[chat]["type"] in {"supergroup", "channel"}
        return next(self._message_ids.setdefault(chat if own else 0, itertools.count(1)))

    def keep_file(self, content: bytes, name: str) -> tuple[str, str]:
        """Store bytes under a new file id; return the id and its path for downloads."""
        number = next(self._file_ids)
        path = f"documents/{number}_{name}"
        self.files[path] = content
        return f"FILE{number:06d}", path

    async def push(self, kind: str, content: Json, update_id: int | None = None) -> int:
        """Queue an update for the bot, unless it asked not to get this kind."""
        number = next(self._update_ids) if update_id is None else update_id
        if self.allowed_updates and kind not in self.allowed_updates:
            return number
        await self.push_raw({"update_id": number, kind: content})
        return number

    async def push_raw(self, update: Json) -> int:
        """Queue any JSON object; an update id is added when it has none."""
        if "update_id" not in update:
            update["update_id"] = next(self._update_ids)
        self.updates.append(update)
        await self.notify()
        return int(update["update_id"])

    async def notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def acknowledge(self, offset: int) -> None:
        """Forget updates below the offset; a negative one keeps that many of the newest."""
        if offset < 0:
            while len(self.updates) > -offset:
                self.updates.popleft()
        now = time.time()
        while offset > 0 and self.updates and self.updates[0]["update_id"] < offset:
            self.delivered_at[self.updates.popleft()["update_id"]] = now

    def check_rate(self, chat: int) -> None:
        """Refuse a message above the rate of the bot or of the chat; refused ones do not count."""
        limits: list[tuple[int | None, int | None]] = [
            (None, self.config.rate),
            (chat, self.config.chat_rate),
        ]
        now = time.monotonic()
        for key, limit in limits:
            window = self._windows.setdefault(key, deque())
            while window and window[0] <= now - 1.0:
                window.popleft()
            if limit is not None and len(window) >= limit:
                raise ApiError(429, "Too Many Requests: retry after 1", retry_after=1)
        for key, _ in limits:
            self._windows[key].append(now)

    def take_fault(self, method: str, chat: int | None) -> Fault | None:
        """Return the first fault that applies to this call and count it down."""
        for fault in self.faults:
            if fault.matches(method, chat):
                fault.seen += 1
                if fault.seen % fault.every == 0:
                    fault.times -= 1
                    return fault
        return None

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds after some change; False when the time is over."""

        async def waiting() -> None:
            async with self.changed:
                await self.changed.wait_for(condition)

        try:
            await asyncio.wait_for(waiting(), seconds)
        except TimeoutError:
            return condition()
        return True
