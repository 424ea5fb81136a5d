"""The bare bot to compare with: webhook, echo, no database; run as python -m benchmarks.echo_bot."""

from __future__ import annotations

import argparse
import asyncio
import logging

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, Update
from telegram.request import HTTPXRequest

AT_ONCE = 16
_WEBHOOK = "http://127.0.0.1:{port}/hook"


class Echo:
    """Answers a message with its own text and a press with an edit, in order within a chat."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turns: dict[int, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, request: Request) -> Response:
        """Say 200 at once and answer afterwards."""
        task = asyncio.create_task(self._answer(Update.de_json(await request.json(), self._bot)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Response()

    async def _answer(self, update: Update) -> None:
        chat, press = update.effective_chat, update.callback_query
        assert chat is not None
        async with self._turns.setdefault(chat.id, asyncio.Lock()), self._slots:
            if press is not None and press.message is not None:
                edit = self._bot.edit_message_text(press.data or "?", chat.id, press.message.message_id)
                await asyncio.gather(self._bot.answer_callback_query(press.id), edit)
            elif update.message is not None:
                await self._bot.send_message(chat.id, update.message.text or "?")


async def serve(token: str, api_url: str, port: int) -> None:
    """Set the webhook and answer until killed."""
    request = HTTPXRequest(connection_pool_size=AT_ONCE, pool_timeout=30.0)
    bot = Bot(token, base_url=f"{api_url}/bot", request=request)
    app = Starlette(routes=[Route("/hook", Echo(bot).receive, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, lifespan="off"))
    async with bot:
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 (uvicorn offers no event)
            await asyncio.sleep(0.02)
        await bot.set_webhook(_WEBHOOK.format(port=port))
        await serving


def main() -> None:
    """Read the options and serve."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--token", required=True)
    parser.add_argument("--api-url", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.token, options.api_url, options.port))


if __name__ == "__main__":
    main()
