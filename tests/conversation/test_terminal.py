from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from bot.channels.base import DeliveryRefused, UnreadableUpdate
from bot.channels.terminal import TerminalChannel
from bot.channels.terminal_lines import PipedLines
from handlers.messages import Attachment, Button, Reply, Source
from handlers.texts import Texts
from storage.database import Database
from tests.conversation.fakes import Bot, Clock, rows

EN = Texts("en")


class ScriptedLines:
    """Somebody who types these lines and then presses Ctrl-D."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        self.closed = False

    async def next(self, prompt: str) -> str | None:
        await asyncio.sleep(0)
        return self.lines.pop(0) if self.lines else None

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def _channel(folder: Path, *lines: str, terminal: bool = False) -> tuple[TerminalChannel, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    return TerminalChannel(console, ScriptedLines(lines), folder=folder, clock=Clock()), out


async def _talk(
    store: Database, clock: Clock, folder: Path, *lines: str, terminal: bool = False
) -> tuple[Bot, str]:
    channel, out = _channel(folder, *lines, terminal=terminal)
    bot = Bot(store, clock=clock, channel=channel)  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        await bot.dispatcher.serve(asyncio.Event())
    return bot, out.getvalue()


async def test_piped_questions_are_answered_in_order_and_the_program_ends(
    both: Database, clock: Clock, folder: Path
) -> None:
    bot, out = await _talk(both, clock, folder, "How much is the rent?", "", "When can I apply?")
    assert bot.knowledge.questions == ["How much is the rent?", "When can I apply?"]
    lines = [line for line in out.splitlines() if line]
    assert lines[:4] == [
        "> How much is the rent?",
        "Answer to: How much is the rent? [1]",
        "Sources",
        "[1] Rent › Prices",
    ]
    assert lines[4].strip() == "https://example.org/rent"
    assert out.index("Answer to: How much") < out.index("> When can I apply?")
    assert {row["status"] for row in await rows(both, "outbox")} == {"sent"}
    assert {row["channel"] for row in await rows(both, "conversations")} == {"terminal"}


async def test_a_number_presses_the_button_with_that_number(
    store: Database, clock: Clock, folder: Path
) -> None:
    _, out = await _talk(store, clock, folder, "How much is the rent?", "2", "2")
    assert EN("feedback.why") in out
    assert [(row["rating"], row["reason"]) for row in await rows(store, "feedback")] == [
        ("not_helpful", "outdated")
    ]


async def test_a_number_without_a_button_is_a_question(store: Database, clock: Clock, folder: Path) -> None:
    bot, _ = await _talk(store, clock, folder, "2027")
    assert bot.knowledge.questions == ["2027"]


async def test_a_press_that_replaces_its_message_takes_its_buttons_away(
    store: Database, clock: Clock, folder: Path
) -> None:
    bot, out = await _talk(store, clock, folder, "/forget", "2", "2")
    assert EN("privacy.not_forgotten") in out
    assert bot.knowledge.questions == ["2"]


async def test_my_data_is_saved_as_a_file_only_its_owner_can_read(
    store: Database, clock: Clock, folder: Path
) -> None:
    await _talk(store, clock, folder, "How much is the rent?", "/mydata")
    (name,) = os.listdir(folder)
    path = folder / name
    assert "How much is the rent?" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    json.loads(path.read_text(encoding="utf-8"))


async def test_a_terminal_welcomes_shows_numbers_and_says_goodbye(
    store: Database, clock: Clock, folder: Path
) -> None:
    _, out = await _talk(store, clock, folder, "How much is the rent?", "quit", "never", terminal=True)
    assert "I answer about the base." in out
    assert EN("terminal.hint") in out
    assert "  1 👍 Helpful" in out
    assert EN("terminal.bye") in out
    assert "never" not in out


async def test_a_narrow_terminal_breaks_lines_between_words_and_leaves_addresses_whole(folder: Path) -> None:
    channel, out = _channel(folder, terminal=True)
    channel._console.width = 30
    address = "https://example.org/" + "a" * 40
    text = "The first residency lasts twelve months.\n首次入驻期限为12个月，可以延期一次，延期时长为6个月。"
    await channel.send("chat", Reply(text=text))
    await channel.send("chat", Reply(text=address))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert "The first residency lasts" in lines
    assert address in lines


async def test_markup_and_escapes_in_a_reply_are_shown_as_text(folder: Path) -> None:
    channel, out = _channel(folder)
    reply = Reply(
        text="[bold]<b>x</b> :smile: \x1b[31mred",
        sources=(Source(number=1, title="[red]t", section="s\x07"),),
        buttons=((Button(label="[b]l", payload="v1:x"),),),
    )
    await channel.send("ann", reply)
    shown = out.getvalue()
    assert "[bold]<b>x</b> :smile: [31mred" in shown
    assert "[1] [red]t › s" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


async def test_a_file_cannot_escape_its_folder_and_an_unwritable_folder_is_told(
    folder: Path, tmp_path: Path
) -> None:
    channel, _ = _channel(folder)
    file = Attachment(name="../../evil.json", media_type="application/json", content=b"{}")
    await channel.send("ann", Reply(text="x", attachments=(file,)))
    assert (folder / "evil.json").exists()
    blocked, _ = _channel(tmp_path / "a-file")
    (tmp_path / "a-file").write_text("")
    with pytest.raises(DeliveryRefused):
        await blocked.send("ann", Reply(text="x", attachments=(file,)))


@pytest.mark.parametrize("payload", ["", "[]", "{}", '{"chat": "a", "at": "x", "message": {}}', "null"])
def test_a_stored_line_that_makes_no_sense_is_unreadable(folder: Path, payload: str) -> None:
    channel, _ = _channel(folder)
    with pytest.raises(UnreadableUpdate):
        channel.parse(payload)


async def test_the_order_of_lines_survives_a_clock_that_stands_still(folder: Path) -> None:
    channel, _ = _channel(folder)
    channel._clock = lambda: datetime(2026, 1, 1, tzinfo=UTC)
    first, second = channel._update("a"), channel._update("b")
    assert second.update_id == first.update_id + 1


async def test_a_stop_interrupts_the_wait_for_a_line(store: Database, clock: Clock, folder: Path) -> None:
    waiting = asyncio.Event()

    class Silent(ScriptedLines):
        async def next(self, prompt: str) -> str | None:
            waiting.set()
            await asyncio.sleep(60)
            return None

    console = Console(file=io.StringIO())
    lines = Silent([])
    bot = Bot(store, clock=clock, channel=TerminalChannel(console, lines, folder=folder, clock=clock))  # type: ignore[arg-type]
    stop = asyncio.Event()
    serving = asyncio.create_task(bot.dispatcher.serve(stop))
    async with asyncio.timeout(10):
        await waiting.wait()
        stop.set()
        await serving
    assert lines.closed


async def test_piped_lines_are_read_whatever_their_ends_and_bytes() -> None:
    reading, writing = os.pipe()
    os.write(writing, "租金？\r\nsecond\n".encode() + b"\xff last without end")
    os.close(writing)
    lines = PipedLines(reading)
    found = []
    while (line := await lines.next("")) is not None:
        found.append(line)
    os.close(reading)
    assert found == ["租金？", "second", "\ufffd last without end"]
