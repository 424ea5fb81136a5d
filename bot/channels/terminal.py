"""A conversation in the terminal: the same way through inbox and database as every network's."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.channels.base import (
    DeliveryRefused,
    Inbox,
    Permit,
    RawUpdate,
    SendResult,
    UnreadableUpdate,
    read_local,
)
from bot.channels.terminal_files import asked_file, describe, dropped_file
from bot.channels.terminal_lines import Lines
from bot.pacer import Pacer
from handlers.messages import DIGITS_TYPED, Attachment, Button, IncomingMessage, Reply
from handlers.texts import LANGUAGES, Texts
from handlers.words import clean

if TYPE_CHECKING:
    from rich.console import Console

CHANNEL = "terminal"
_UNBROKEN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]|https?://")
_QUIT = frozenset({"quit", "exit", "/quit", "/exit", ":q"})


class TerminalChannel:
    """One person at one terminal; the operating system's user name is the chat.

    On a terminal it shows colors, numbered buttons and a sign of thinking; into a pipe it writes plain
    text. Files that the bot sends are saved in `folder`.
    """

    name = CHANNEL

    def __init__(
        self,
        console: Console,
        lines: Lines,
        *,
        folder: Path,
        clock: Callable[[], datetime],
        language: str = "en",
    ) -> None:
        self._console = console
        self._lines = lines
        self._folder = folder
        self._clock = clock
        self._hint = _language_of_system()
        self._language = self._hint if self._hint in LANGUAGES else language
        self._last_update = 0
        self._buttons: list[Button] = []
        self._buttons_under: str | None = None
        self._digits_typed = False
        self._user = _user_name()
        self.pacer = Pacer()

    # --- receiving --------------------------------------------------------------------------------

    def parse(self, payload: str) -> IncomingMessage | None:
        """Turn a stored line into a message; raises UnreadableUpdate."""
        try:
            data: dict[str, Any] = json.loads(payload)
            return IncomingMessage(
                channel=CHANNEL,
                chat=data["chat"],
                sender=data["chat"],
                sender_name=data["chat"],
                received_at=datetime.fromisoformat(data["at"]),
                language_hint=data.get("hint"),
                **_with_attachments(data["message"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableUpdate(f"terminal_{type(error).__name__}") from None

    async def run(self, inbox: Inbox, stop: asyncio.Event) -> None:
        """Take line after line, each answered before the next, until the end of input, quit or `stop`."""
        try:
            if self._console.is_terminal:
                await self._say(inbox, "/start")
                self._console.print(self._texts("terminal.hint"), style="dim")
            while (line := await self._next_line(stop)) is not None:
                if line.strip() and not self._missing(line.strip()):
                    await self._say(inbox, line.strip())
            if self._console.is_terminal:
                self._console.print(self._texts("terminal.bye"), style="dim")
        finally:
            self._lines.close()

    async def _next_line(self, stop: asyncio.Event) -> str | None:
        prompt = f"\n{self._texts('terminal.prompt')}> " if self._console.is_terminal else ""
        reading = asyncio.ensure_future(self._lines.next(prompt))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([reading, stopping], return_when=asyncio.FIRST_COMPLETED)
            line = reading.result() if reading.done() else None
        finally:
            reading.cancel()
            stopping.cancel()
        return None if line is None or line.strip().lower() in _QUIT else line

    def _missing(self, line: str) -> bool:
        """Tell at once when /file names a file that is not there."""
        path = asked_file(line)
        if path is None or path.is_file():
            return False
        self._write(self._texts("terminal.file_missing", path=path))
        return True

    async def _say(self, inbox: Inbox, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(f"> {clean(line)}", markup=False, highlight=False)
        await inbox.accept([self._update(line)])
        with self._thinking():
            await inbox.settled(self._user)

    def _update(self, line: str) -> RawUpdate:
        now = self._clock()
        self._last_update = max(self._last_update + 1, int(now.timestamp() * 1_000_000))
        message = {"external_id": str(self._last_update), **self._meaning(line)}
        data = {"chat": self._user, "at": now.isoformat(), "hint": self._hint, "message": message}
        return RawUpdate(update_id=self._last_update, chat=self._user, payload=json.dumps(data))

    def _meaning(self, line: str) -> dict[str, Any]:
        """Tell a pressed number from a file from a command from a text."""
        number = line.removeprefix("#")
        pressed = number != line or not self._digits_typed
        if pressed and number.isascii() and number.isdigit() and 0 < int(number[:4]) <= len(self._buttons):
            payload = self._buttons[int(number[:4]) - 1].payload
            return {"kind": "button", "button": payload, "button_message": self._buttons_under}
        if (path := asked_file(line) or dropped_file(line)) is not None:
            return {"kind": "file", "unsupported": "document", "attachments": [describe(path)]}
        name, _, rest = line.partition(" ")
        if len(name) > 1 and name.startswith("/"):
            words = {"command": name[1:].lower(), "arguments": rest.strip()}
            return {"kind": "command", "text": line, **words}
        return {"kind": "text", "text": line}

    # --- sending ----------------------------------------------------------------------------------

    async def announce(self, chat: str, reply: Reply, permit: Permit) -> SendResult | None:
        """Write an announcement between the replies; see Broadcaster."""
        return await self.send(chat, reply) if await permit() else None

    async def revise(self, chat: str, ids: Sequence[str], reply: Reply | None) -> bool:
        """What was written stays written."""
        return False

    async def send(self, chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
        """Write a reply; raises DeliveryRefused when a file cannot be saved."""
        message_id = reply.edits or str(self._last_update)
        if reply.language in LANGUAGES:
            self._language = reply.language
        if reply.toast and not reply.text:
            self._write(reply.toast, style="italic")
        if reply.text:
            self._show(reply)
        for file in reply.attachments:
            self._save(file)
        if reply.buttons or (reply.edits is not None and reply.edits == self._buttons_under):
            self._buttons = [item for row in reply.buttons for item in row]
            self._buttons_under = message_id
            self._digits_typed = DIGITS_TYPED in reply.extra
            self._show_buttons()
        return SendResult(external_ids=(message_id,) if reply.text else ())

    async def typing(self, chat: str) -> None:
        """Nothing to do: `run` shows the sign of thinking while it waits."""

    async def fetch(self, reference: str, limit: int) -> bytes:
        """Read a file that was named here, at most `limit` bytes; raises FetchError."""
        return await asyncio.to_thread(read_local, reference, limit)

    def deep_link(self, payload: str) -> str | None:
        """There is no address that leads to a terminal."""
        return None

    def _show(self, reply: Reply) -> None:
        self._write("")
        self._write(reply.text)
        for note in reply.notes:
            self._write(f"※ {note}", style="yellow")
        if reply.sources:
            self._write(self._texts("terminal.sources"), style="bold")
        for source in reply.sources:
            self._write(f"[{source.number}] {source.title} › {source.section}", style="cyan")
            if source.link:
                self._write(source.link, style="dim", indent=4)

    def _show_buttons(self) -> None:
        if not self._buttons:
            return
        sign = "#" if self._digits_typed else ""
        labels = [f"{sign}{number} {item.label}" for number, item in enumerate(self._buttons, start=1)]
        if self._console.is_terminal:
            for label in labels:
                self._write(label, style="green", indent=2)
        else:
            self._write("  ".join(f"[{label}]" for label in labels))

    def _save(self, file: Attachment) -> None:
        if file.content is None:
            return
        path = self._folder / Path(file.name).name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(file.content)
        except OSError as error:
            raise DeliveryRefused(f"file_{type(error).__name__}") from error
        self._write(self._texts("terminal.saved", path=path), style="bold")

    def _write(self, text: str, style: str | None = None, indent: int = 0) -> None:
        # Never markup, and no control characters: documents and questions are foreign text.
        # The terminal breaks Chinese well and other words in two; an address stays whole, to be opened.
        for line in (" " * indent + clean(text)).split("\n"):
            whole = not self._console.is_terminal or _UNBROKEN.search(line) is not None
            self._console.print(
                line, style=style, markup=False, highlight=False, emoji=False, soft_wrap=whole
            )

    def _thinking(self) -> AbstractContextManager[object]:
        if not self._console.is_terminal:
            return nullcontext()
        return self._console.status(self._texts("terminal.thinking"))

    @property
    def _texts(self) -> Texts:
        return Texts(self._language)


def _with_attachments(message: dict[str, Any]) -> dict[str, Any]:
    files = message.get("attachments")
    return (
        message if files is None else {**message, "attachments": tuple(Attachment(**file) for file in files)}
    )


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _language_of_system() -> str | None:
    """Read the language of the locale, None for the bare "C" one."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    code = locale.partition(".")[0].partition("_")[0].lower()
    return code if len(code) == 2 and code.isalpha() else None
