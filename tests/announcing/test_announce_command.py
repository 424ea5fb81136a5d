"""Announcements on the command line: from a file to the report for every person."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.notes import NoteError, NoteReader
from handlers.program import ProgramError, load_program
from storage.announcement_records import RecipientOutcome
from storage.database import Database
from tests.announcing.team import founder
from tests.bot import samples
from tests.conversation.fakes import PROGRAM, rows

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GOOD = """
topic = "calls"
urgent = true
replies = ["参加 / I will come", "不参加 / I cannot come"]
link = "https://example.org/day"
[text]
zh = "路演报名截止日期延长。"
en = "The demo day deadline is extended."
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path) -> Run:
    """Run the command in an installation whose database has no rows."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "BOT_DATA_DIR": str(tmp_path), "BOT_TELEGRAM_TOKEN": ""}
        return subprocess.run(
            [sys.executable, "-m", "bot", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


def note(folder: Path, text: str) -> Path:
    path = folder / "note.toml"
    path.write_text(text, encoding="utf-8")
    return path


def people(url: str, *chats: str, channel: str = "terminal") -> None:
    async def add() -> None:
        database = Database.open(url)
        for chat in chats:
            await founder(database, chat, channel=channel)
        await database.close()

    asyncio.run(add())


def read(path: Path, zone: str = "Asia/Shanghai") -> NoteReader:
    from dataclasses import replace

    return NoteReader(path, replace(PROGRAM, timezone=ZoneInfo(zone)), NOW, lambda content: "f" * 64)


def test_all_mistakes_are_shown_at_once_with_their_key(tmp_path: Path) -> None:
    path = note(
        tmp_path,
        """
        topic = "moon"
        at = 2026-11-01T10:00:00
        until = "someday"
        urgent = "yes"
        link = "no link"
        file = "nothing.png"
        replies = ["a", "b", "c", "d", "e"]
        colour = "red"
        [text]
        zh = ""
        fr = "bonjour"
        [audience]
        statuses = ["happy"]
        moods = ["good"]
        """,
    )

    with pytest.raises(NoteError) as caught:
        read(path).read()

    keys = [line.removeprefix(f"{path}: ").partition(": ")[0] for line in caught.value.problems]
    assert sorted(keys) == sorted(
        [
            "colour", "topic", "at", "until", "urgent", "link", "file", "replies",
            "text.zh", "text.fr", "audience.statuses", "audience.moods",
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[text]\nen = 'unfinished", "note.toml: "),
        ("topic = 'calls'", "text: is missing"),
        ("[text]\nen = 'a'\n[audience]\ntracks = ['nowhere']", "no track “nowhere”"),
        ("until = 2026-12-01\nat = 2026-12-02T10:00:00\n[text]\nen = 'a'", "out of date before"),
        ("at = 2026-12-02\n[text]\nen = 'a'", "Which time of that day"),
        (f"[text]\nen = '{'x' * 4000}'\nzh = '好'", "text.en: That is too long"),
    ],
)
def test_a_note_that_cannot_be_is_refused_by_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(NoteError, match=told):
        read(note(tmp_path, text)).read()


def test_times_without_a_zone_are_the_programs_and_clock_changes_are_refused(tmp_path: Path) -> None:
    made = read(note(tmp_path, "at = 2027-03-27T02:30:00\n[text]\nen = 'a'"), "Europe/Berlin").read()
    assert made.draft.at == datetime(2027, 3, 27, 1, 30, tzinfo=UTC)
    given = read(note(tmp_path, "at = 2027-03-28T02:30:00+02:00\n[text]\nen = 'a'"), "Europe/Berlin").read()
    assert given.draft.at == datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    with pytest.raises(NoteError, match="does not exist in Europe/Berlin"):
        read(note(tmp_path, "at = 2027-03-28T02:30:00\n[text]\nen = 'a'"), "Europe/Berlin").read()


def test_a_file_is_found_beside_the_note_and_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    whole = samples.png()
    (tmp_path / "poster.png").write_bytes(whole)
    made = read(note(tmp_path, "file = 'poster.png'\n[text]\nen = 'a'")).read()
    assert made.draft.file == {
        "sha256": "f" * 64,
        "name": "poster.png",
        "media_type": "image/png",
        "size": len(whole),
    }
    (tmp_path / "poster.png").write_bytes(whole[:-12] + bytes(11_000_000) + whole[-12:])
    with pytest.raises(NoteError, match=r"file: That picture has 11\.0 MB; at most 10 MB"):
        read(note(tmp_path, "file = 'poster.png'\n[text]\nen = 'a'")).read()


def test_it_shows_both_languages_and_the_count_and_sends_nothing_unless_told_to(
    run: Run, sqlite_url: str, tmp_path: Path
) -> None:
    people(sqlite_url, "li", "ann")

    seen = run("announce", "--file", str(note(tmp_path, GOOD)))

    assert seen.returncode == 1
    assert "add --yes" in seen.stderr
    assert "路演报名截止日期延长。\n[🔗 打开链接]\n[参加]  [不参加]" in seen.stdout
    assert "2 founders get it" in seen.stdout
    assert asyncio.run(_rows(sqlite_url, "announcements")) == []


def test_nobody_is_an_error_and_leaves_nothing(run: Run, sqlite_url: str, tmp_path: Path) -> None:
    seen = run("announce", "--yes", "--file", str(note(tmp_path, GOOD)))

    assert seen.returncode == 1
    assert "Nobody would get it" in seen.stderr
    assert asyncio.run(_rows(sqlite_url, "announcements")) == []


def test_from_the_file_to_the_report(run: Run, sqlite_url: str, tmp_path: Path) -> None:
    people(sqlite_url, "li", "=cmd|ann")
    assert "Announcement 1 is confirmed" in run("announce", "-y", "-f", str(note(tmp_path, GOOD))).stdout
    assert run("announcements", "list").stdout.startswith("1\tscheduled\t")
    asyncio.run(_send(sqlite_url))

    shown = run("announcements", "show", "1").stdout
    assert "Sent: 1 of 2" in shown
    assert "Failed: 1: 1 × bad_request" in shown
    assert "Replies: 参加 / I will come 1 · 不参加 / I cannot come 0" in shown

    table = list(csv.DictReader(io.StringIO(run("announcements", "report", "1", "--format", "csv").stdout)))
    found = [(row["\ufefffounder"], row["name"], row["status"], row["reply"]) for row in table]
    assert found[0] == ("1", "Li", "sent", "参加 / I will come")
    assert found[1][1:3] == ("'=Cmd|Ann", "failed")
    lines = run("announcements", "report", "1", "--format", "jsonl").stdout.splitlines()
    assert json.loads(lines[1])["error"] == "bad_request"

    assert run("announcements", "resend", "1", "--failed").stdout == "1 are tried again.\n"
    assert run("announcements", "pause", "1").stdout == "Announcement 1 is paused.\n"
    assert run("announcements", "resume", "1").returncode == 0
    assert run("announcements", "cancel", "1").stdout == "Announcement 1 is cancelled.\n"
    assert run("announcements", "cancel", "1").stderr == "Error: Announcement 1 is over already\n"
    assert run("announcements", "delete", "1", "--yes").returncode == 0
    assert run("announcements", "show", "9").stderr == "Error: There is no announcement 9\n"
    log = [line.split("\t")[2] for line in run("staff", "log").stdout.splitlines()]
    assert log[::-1] == [
        f"announcement.{action}" for action in ("confirm", "resend", "pause", "resume", "cancel", "delete")
    ]


async def _send(url: str) -> None:
    """Send as the bot would: one has it and pressed a button, the other's sending failed."""
    database = Database.open(url)
    async with database.unit_of_work() as work:
        record = await work.announcements.get(1)
        assert record is not None
        assert await work.announcements.start(1)
        from storage.announcement_records import Audience

        await work.recipients.expand(1, Audience(), record.topic, ("terminal",))
        lines = await work.recipients.claim(1, "terminal", "w", 10)
        await work.recipients.mark_sending([line.id for line in lines], "w")
        await work.recipients.record(
            [
                RecipientOutcome(id=lines[0].id, status="sent", at=NOW, external_id="m1"),
                RecipientOutcome(id=lines[1].id, status="failed", at=NOW, error_code="bad_request"),
            ]
        )
        await work.announcements.finish(1)
        await work.announcements.reply(1, lines[0].founder_id, "r1")
    await database.close()


async def _rows(url: str, table: str) -> list[object]:
    database = Database.open(url)
    found = await rows(database, table)
    await database.close()
    return list(found)


def test_founders_are_tagged_listed_and_addressed_by_their_tag(
    run: Run, sqlite_url: str, tmp_path: Path
) -> None:
    people(sqlite_url, "li", "ann")

    assert run("founders", "tag", "batch 2027", "1").stdout == "1 founders have the tag batch 2027 now.\n"
    assert "Nobody is called @nobody" in run("founders", "tag", "batch 2027", "2", "@nobody").stderr
    assert run("founders", "tags").stdout == "batch 2027\t1\n"
    assert run("founders", "list", "--tag", "batch 2027").stdout == "1\tLi\tbatch 2027\n"
    tagged = GOOD + '\n[audience]\ntags = ["batch 2027"]\n'
    assert "1 founders get it" in run("announce", "-f", str(note(tmp_path, tagged))).stdout
    named = GOOD + "\n[audience]\nfounders = [2, '@nobody']\n"
    assert "nobody is called @nobody" in run("announce", "-f", str(note(tmp_path, named))).stderr
    assert run("founders", "untag", "batch 2027", "1").returncode == 0
    assert run("founders", "tags").stdout == ""


PROGRAM_TOML = """
[program]
languages = ["zh", "en"]
name.en = "Base"
contact.en = "Write."
intro.en = "Hello."
"""


@pytest.mark.parametrize(
    ("topics", "told"),
    [
        ('[[topic]]\nname.zh = "活动"', "needs an id"),
        ('[[topic]]\nid = "All Events"\nname.zh = "活动"\nname.en = "Events"', "All Events"),
        ('[[topic]]\nid = "events"\nname.zh = "活动"', "'events' has no name.en"),
        (2 * '[[topic]]\nid = "events"\nname.zh = "活动"\nname.en = "Events"\n', "is there twice"),
    ],
)
def test_topics_of_a_program_are_checked_when_it_is_loaded(tmp_path: Path, topics: str, told: str) -> None:
    (tmp_path / "program.toml").write_text(f"{PROGRAM_TOML}\n{topics}", encoding="utf-8")
    with pytest.raises(ProgramError, match=told):
        load_program(tmp_path)


def test_the_sample_program_has_topics_in_both_languages() -> None:
    program = load_program(Path(__file__).parents[2] / "programs" / "joint-base")
    assert [topic.id for topic in program.topics] == ["events", "calls", "offers", "base"]
    assert all(set(topic.names) == {"zh", "en"} for topic in program.topics)
