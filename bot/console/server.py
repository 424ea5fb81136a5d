"""Serves the console in the process and loop of the bot."""

from __future__ import annotations

import asyncio
import socket

from bot.console.app import console_app
from bot.console.config import Console, ConsoleSetupError
from bot.console.sweeping import keep_sweeping
from bot.web_server import WebServer, listen

_GRACE_SECONDS = 3


class ConsoleServer:
    """Listens for browsers between `start` and `stop`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._task: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._server = WebServer(console_app(console), grace=_GRACE_SECONDS)

    async def start(self) -> None:
        """Bind the address; ConsoleSetupError when it is taken or wrong."""
        listener = bind(self._console.config.listen)
        self._sweeping = asyncio.create_task(keep_sweeping(self._console))
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))

    async def failed(self) -> None:
        """Return only when the server ended by itself, with its error."""
        assert self._task is not None
        await self._task

    async def stop(self) -> None:
        """Finish the requests that run, then close."""
        self._server.should_exit = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


def bind(address: str) -> socket.socket:
    """Take an address; raises ConsoleSetupError that names the setting."""
    try:
        return listen(address)
    except OSError as error:
        raise ConsoleSetupError(
            f"BOT_CONSOLE_LISTEN: cannot listen on {address} ({error.strerror or error}); "
            "choose another port, or off for no console"
        ) from None
