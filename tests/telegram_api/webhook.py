"""Delivery to a webhook: in order within a chat, again and again until it is answered with 2xx."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from tests.telegram_api.state import Json, State, Webhook


def chat_of(update: Json) -> Any:
    """Return what keeps updates of one conversation together."""
    for content in update.values():
        if isinstance(content, dict):
            message = content.get("message", content)
            if isinstance(message, dict) and isinstance(message.get("chat"), dict):
                return message["chat"].get("id")
    return None


class Courier:
    """Takes updates off the queue while a webhook is set; one delivery at a time in each chat.

    With `webhook_connections` 1 (the default) it is one delivery at a time for the whole bot.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.attempts: list[tuple[int, int]] = []
        self._busy: dict[Any, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        state = self.state
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            try:
                while True:
                    async with state.changed:
                        await state.changed.wait_for(lambda: self._next() is not None)
                    update = self._next()
                    if update is not None and state.webhook is not None:
                        task = asyncio.create_task(self._deliver(session, state.webhook, update))
                        self._busy[self._key(update)] = task
            finally:
                for task in self._busy.values():
                    task.cancel()
                await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _key(self, update: Json) -> Any:
        return chat_of(update) if self.state.config.webhook_connections > 1 else "bot"

    def _next(self) -> Json | None:
        hook = self.state.webhook
        if hook is None or len(self._busy) >= min(self.state.config.webhook_connections, hook.connections):
            return None
        return next((u for u in self.state.updates if self._key(u) not in self._busy), None)

    async def _deliver(self, session: aiohttp.ClientSession, hook: Webhook, update: Json) -> None:
        delay = self.state.config.webhook_retry
        try:
            while self.state.webhook is hook and update in self.state.updates:
                if await self._attempt(session, hook, update):
                    self.state.updates.remove(update)
                    self.state.delivered_at[update["update_id"]] = time.time()
                    return
                await asyncio.sleep(delay)
                delay = min(delay * 2, max(1.0, self.state.config.webhook_retry))
        finally:
            self._busy.pop(self._key(update), None)
            await self.state.notify()

    async def _attempt(self, session: aiohttp.ClientSession, hook: Webhook, update: Json) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        timeout = aiohttp.ClientTimeout(total=self.state.config.webhook_timeout)
        status, problem = 0, ""
        try:
            async with session.post(hook.url, json=update, headers=headers, timeout=timeout) as answer:
                status = answer.status
                await answer.read()
            problem = f"Wrong response from the webhook: {status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = f"Connection failed: {type(error).__name__}"
        self.attempts.append((update["update_id"], status))
        if 200 <= status < 300:
            return True
        hook.last_error, hook.last_error_at = problem, int(time.time())
        return False
