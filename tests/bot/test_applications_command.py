from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.files import FOLDER, Shelf
from handlers.replies import reply_from_dict
from storage.application_records import ApplicationRecord, StoredAnswer
from storage.database import Database
from tests.bot import samples
from tests.bot.conftest import Installation
from tests.bot.desks import HARBOR
from tests.conversation.fakes import decoded, rows
from tests.storage.builders import a_person

Command = Callable[..., int]
NUMBER = "2027-0001"


@pytest.fixture
async def applied(database_url: str, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """One submitted application, whose founder has a chat."""
    shutil.copy(HARBOR, installation.program / "application.toml")
    monkeypatch.setenv("BOT_DATABASE_URL", database_url)
    database = Database.open(database_url)
    person = await a_person(database)
    async with database.unit_of_work() as work:
        record = await work.applications.start(person.founder.id, language="zh", form_version="v1")
        answers = {"company_name": StoredAnswer("蓝鲸\x1b[31m船艇"), "team_size": StoredAnswer(7, "七个人")}
        await work.applications.save(record.id, answers, [], member_id=None, message_id=None, track="trial")
        given = await work.applications.next_number(2027)
        await work.applications.submit(
            record.id, number=given, snapshot={"answers": {}}, late=False, message_id=None
        )
    await database.close()
    return database_url


async def record(url: str) -> ApplicationRecord:
    database = Database.open(url)
    async with database.unit_of_work(read_only=True) as work:
        found = await work.applications.by_number(NUMBER)
    await database.close()
    assert found is not None
    return found


async def waiting(url: str) -> list[str]:
    """What the founder will be told, by the texts in the outbox."""
    database = Database.open(url)
    payloads = [row["payload"] for row in await rows(database, "outbox")]
    found = [reply_from_dict(decoded(x)).text for x in payloads]
    await database.close()
    return found


def run(command: Command, *words: str) -> int:
    return command("applications", *words)


async def off_loop(command: Command, *words: str) -> int:
    """Run a command, which has a loop of its own, beside the test's."""
    return await asyncio.to_thread(run, command, *words)


def test_a_list_names_number_status_track_language_and_local_time(
    applied: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "list") == 0
    number, status, track, language, at = capsys.readouterr().out.strip().split("\t")
    assert (number, status, track, language, len(at)) == (NUMBER, "submitted", "trial", "zh", 16)
    assert run(command, "list", "--status", "accepted") == 0
    none = capsys.readouterr()
    assert (none.out, none.err) == ("", "There are no applications.\n")


def test_one_is_shown_with_answers_and_history_and_no_control_characters(
    applied: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "show", NUMBER) == 0
    shown = capsys.readouterr().out
    assert "team_size: 7" in shown
    assert "team_size.wording: 七个人" in shown
    assert "submitted" in shown
    assert "\x1b" not in shown


async def test_a_new_status_is_stored_and_told_in_the_founders_language(
    applied: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await off_loop(command, "set-status", NUMBER, "accepted", "--note", "周一见") == 0
    assert "The founder is told" in capsys.readouterr().out
    assert (await record(applied)).status == "accepted"
    (told,) = await waiting(applied)
    assert NUMBER in told
    assert "周一见" in told


async def test_a_status_that_changes_nothing_is_told_to_nobody(
    applied: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await off_loop(command, "set-status", NUMBER, "in_review") == 0
    assert await off_loop(command, "set-status", NUMBER, "in_review") == 1
    assert "is in_review already" in capsys.readouterr().err
    assert await off_loop(command, "set-status", NUMBER, "draft") == 1
    assert "use in_review, accepted, declined" in capsys.readouterr().err
    assert len(await waiting(applied)) == 1


async def test_a_question_reaches_the_founder_with_a_button_and_is_shown_to_staff(
    applied: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await off_loop(command, "ask", NUMBER, "你们有原型吗?") == 0
    (told,) = await waiting(applied)
    assert "你们有原型吗?" in told
    assert await off_loop(command, "show", NUMBER) == 0
    assert "你们有原型吗?\n→ (no answer yet)" in capsys.readouterr().out
    assert await off_loop(command, "ask", NUMBER, "  ") == 1


def test_what_is_not_there_is_said(
    applied: str, command: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words in (("show", "2027-0099"), ("set-status", "x", "accepted"), ("ask", "x", "y")):
        assert run(command, *words) == 1
        assert "There is no application" in capsys.readouterr().err
    assert run(command, "file", "../../etc/passwd", "--output", str(tmp_path / "x")) == 1
    assert not (tmp_path / "x").exists()


def test_a_file_comes_out_as_it_went_in(installation: Installation, command: Command, tmp_path: Path) -> None:
    sha256 = Shelf(installation.data / FOLDER).put(samples.pdf("deck"))
    target = tmp_path / "deck.pdf"
    assert run(command, "file", sha256, "--output", str(target)) == 0
    assert target.read_bytes() == Shelf(installation.data / FOLDER).get(sha256)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
