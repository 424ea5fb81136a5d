from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from bot.channels.terminal import TerminalChannel
from bot.channels.terminal_lines import PipedLines
from handlers.buttons import button
from handlers.messages import DIGITS_TYPED, Reply


async def test_a_number_is_an_answer_where_numbers_are_asked_for(tmp_path: Path) -> None:
    written = StringIO()
    channel = TerminalChannel(
        Console(file=written), PipedLines(0), folder=tmp_path, clock=lambda: datetime.now(UTC)
    )
    buttons = ((button("Why?", "why"),),)
    await channel.send("me", Reply(text="How many are you?", buttons=buttons, extra={DIGITS_TYPED: "yes"}))
    assert "[#1 Why?]" in written.getvalue()
    assert channel._meaning("1")["kind"] == "text"
    assert channel._meaning("#1")["kind"] == "button"
    await channel.send("me", Reply(text="Which one?", buttons=buttons))
    assert channel._meaning("1")["kind"] == "button"
