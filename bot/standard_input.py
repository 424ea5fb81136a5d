"""Lines of standard input for a program that must go on working while it waits for the next one."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator

_BLOCK = 65536


async def lines(descriptor: int = 0) -> AsyncIterator[str]:
    """Yield each line that holds anything but blanks; broken UTF-8 becomes replacement marks.

    A daemon thread reads the bare descriptor: it works for files, pipes and terminals alike, never holds
    up the end of the process, and takes no lock that the interpreter needs on its way out.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def read() -> None:
        rest = b""
        try:
            while block := os.read(descriptor, _BLOCK):
                *whole, rest = (rest + block).split(b"\n")
                for line in whole:
                    loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, rest)
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except (OSError, RuntimeError):  # the descriptor or the loop is gone: nobody listens any more
            return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await queue.get()) is not None:
        text = line.decode("utf-8", "replace").strip("\ufeff \t\r\n\v\f")
        if text:
            yield text
