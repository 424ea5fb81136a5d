"""Lines that are typed or piped, read in a thread so that the conversation goes on meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

R = TypeVar("R")
_HISTORY_LENGTH = 500
_CHUNK = 65_536


class Lines(Protocol):
    """Where questions come from."""

    async def next(self, prompt: str) -> str | None:
        """Return the next line without its end; None when there are no more."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class TypedLines:
    """Lines typed at a terminal, with editing and the history of earlier conversations."""

    def __init__(self, history: Path | None = None) -> None:
        self._history = history
        self._settings = _terminal_settings()
        with contextlib.suppress(ImportError, OSError):
            import readline

            readline.set_history_length(_HISTORY_LENGTH)
            if history is not None and history.exists():
                readline.read_history_file(history)

    async def next(self, prompt: str) -> str | None:
        """Ask for a line; Ctrl-D ends."""
        return await _in_daemon_thread(lambda: _typed(prompt))

    def close(self) -> None:
        """Save the history, and undo what an interrupted read did to the terminal."""
        with contextlib.suppress(ImportError, OSError):
            import readline

            if self._history is not None:
                readline.write_history_file(self._history)
                self._history.chmod(0o600)
        if self._settings is not None:
            import termios

            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._settings)


class PipedLines:
    """Lines of a pipe or a file; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._ended = False

    async def next(self, prompt: str) -> str | None:
        """Read up to the next line end; the last line needs none."""
        while b"\n" not in self._rest and not self._ended:
            # Not through sys.stdin: Python cannot exit while a thread holds the lock of its buffer.
            chunk = await _in_daemon_thread(lambda: os.read(self._descriptor, _CHUNK))
            self._ended = not chunk
            self._rest += chunk
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    def close(self) -> None:
        """Nothing was changed."""


def _typed(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None


def _terminal_settings() -> list[Any] | None:
    try:
        import termios
    except ImportError:
        return None
    with contextlib.suppress(termios.error, OSError, ValueError):
        return list(termios.tcgetattr(sys.stdin.fileno()))
    return None


async def _in_daemon_thread(work: Callable[[], R]) -> R:
    """Run blocking work in a thread that does not keep the process alive, as an executor's would."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[R] = loop.create_future()

    def finish(result: R | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, problem = None, None
        try:
            result = work()
        except Exception as error:
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(finish, result, problem)

    threading.Thread(target=run, daemon=True, name="terminal-lines").start()
    return await done
