"""Who is staff: codes that work once, roles, and founders who learn nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.staff_account import LIFETIME
from handlers.texts import Texts
from storage.database import Database
from tests.announcing.team import employ, founder, join
from tests.conversation.fakes import Bot, Clock, rows

EN, ZH = Texts("en"), Texts("zh")


@pytest.fixture
async def desk(both: Database, clock: Clock) -> AsyncIterator[Bot]:
    async with Bot(both, clock=clock) as running:
        yield running


async def says(bot: Bot, text: str, chat: str = "ann", hint: str = "en") -> str:
    """Send a command as a network hands it over; returns everything that is answered."""
    name, _, arguments = text.removeprefix("/").partition(" ")
    replies = await bot.send(
        chat, kind="command", command=name, arguments=arguments, text=text, language_hint=hint
    )
    return "\n".join(reply.text for reply in replies)


async def test_a_code_makes_the_chat_that_of_a_member_of_staff(desk: Bot) -> None:
    _, code = await employ(desk.database, "Jie")

    seen = await says(desk, f"/staff {code}")

    assert seen.startswith(EN("team.linked"))
    assert "Jie, editor" in seen
    assert "/announce" in seen
    assert "Jie" in await says(desk, "/staff")
    linked = [row["action"] for row in await rows(desk.database, "audit_log")]
    assert linked == ["staff.link"]


async def test_a_link_does_the_same_and_speaks_chinese_to_who_does(desk: Bot) -> None:
    _, code = await employ(desk.database, "Jie", "viewer")

    seen = await says(desk, f"/start staff_{code}", hint="zh")

    assert seen.startswith(ZH("team.linked"))
    assert "查看者" in seen
    assert "/announce " not in seen
    assert "/announcements" in seen


async def test_a_code_works_once_and_the_second_who_has_it_is_told(desk: Bot) -> None:
    _, code = await employ(desk.database, "Jie")
    await says(desk, f"/staff {code}")

    assert await says(desk, f"/staff {code}", "bob") == EN("team.code.used")
    assert await says(desk, "/staff", "bob") == EN("unsupported.command")


async def test_a_code_expires(desk: Bot, clock: Clock) -> None:
    _, code = await employ(desk.database, "Jie")
    clock.pass_by(seconds=LIFETIME.total_seconds() + 1)

    assert await says(desk, f"/staff {code}") == EN("team.code.expired")
    assert await says(desk, "/staff") == EN("unsupported.command")


async def test_a_new_code_ends_the_old_one(desk: Bot) -> None:
    member, old = await employ(desk.database, "Jie")
    async with desk.database.unit_of_work() as work:
        new = await work.codes.issue("link_staff", None, None, LIFETIME, staff_id=member.id)

    assert await says(desk, f"/staff {old}") == EN("team.code.expired")
    assert (await says(desk, f"/staff {new}")).startswith(EN("team.linked"))


@pytest.mark.parametrize("hint", ["en", "zh"])
@pytest.mark.parametrize(
    "typed", ["/staff", "/staff BCDFGHJK", "/announce", "/announcements", "/announce hi"]
)
async def test_a_founder_who_tries_a_staff_command_sees_what_any_unknown_command_gives(
    desk: Bot, typed: str, hint: str
) -> None:
    await employ(desk.database, "Jie")
    unknown = await says(desk, "/nosuchthing", hint=hint)

    assert await says(desk, typed, hint=hint) == unknown


async def test_the_bare_code_behind_start_is_taken_too(desk: Bot) -> None:
    _, code = await employ(desk.database, "Jie")

    assert (await says(desk, f"/start {code.lower()}")).startswith(EN("team.linked"))
    assert code.lower() not in str(await rows(desk.database, "messages"))
    assert await says(desk, "/start BCDFGHJK", "bob") == await says(desk, "/start", "bob")


async def test_a_wrong_code_in_a_link_is_an_ordinary_welcome(desk: Bot) -> None:
    assert await says(desk, "/start staff_BCDFGHJK") == await says(desk, "/start")


async def test_guessing_ends_after_five_tries_and_still_tells_nothing(desk: Bot) -> None:
    _, code = await employ(desk.database, "Jie")
    for number in range(5):
        await says(desk, f"/staff BCDFGHJ{number}")

    assert await says(desk, f"/staff {code}") == EN("unsupported.command")


async def test_a_disabled_member_is_a_founder_again_at_once(desk: Bot) -> None:
    chat = await join(desk, "Jie")
    async with desk.database.unit_of_work() as work:
        (member,) = await work.staff.named("Jie")
        assert await work.staff.disable(member.id)

    assert await says(desk, "/staff", chat) == EN("unsupported.command")


async def test_codes_are_not_kept_in_the_log_of_messages(desk: Bot) -> None:
    _, code = await employ(desk.database, "Jie")
    await says(desk, f"/staff {code}")
    await says(desk, f"/start staff_{code}", "bob")

    assert code not in str(await rows(desk.database, "messages"))


async def test_help_names_the_commands_of_staff_to_staff_only(desk: Bot) -> None:
    chat = await join(desk, "Jie")

    assert "/announce" in await says(desk, "/help", chat)
    assert "/announce" not in await says(desk, "/help", "ann")


async def test_a_second_account_takes_the_place_of_the_first(desk: Bot) -> None:
    chat = await join(desk, "Jie")
    async with desk.database.unit_of_work() as work:
        (member,) = await work.staff.named("Jie")
        code = await work.codes.issue("link_staff", None, None, LIFETIME, staff_id=member.id)

    await says(desk, f"/staff {code}", "phone")

    assert await says(desk, "/staff", chat) == EN("unsupported.command")
    assert "Jie" in await says(desk, "/staff", "phone")


async def test_an_account_that_is_linked_to_another_takes_the_role_along(both: Database) -> None:
    old, new = await founder(both, "old"), await founder(both, "new")
    async with both.unit_of_work() as work:
        member = await work.staff.add("Jie", "editor")
        await work.staff.link(member.id, old)
        assert await work.founders.merge(old, new)
        found = await work.staff.by_founder(new)
    assert found is not None
    assert found.name == "Jie"


def founder_bot(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does."""
    environment = {**os.environ, "BOT_DATA_DIR": str(folder), "BOT_TELEGRAM_TOKEN": ""}
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


async def test_staff_are_added_listed_and_disabled_on_the_command_line(
    sqlite_url: str, tmp_path: Path
) -> None:
    assert founder_bot(tmp_path, "staff", "add", "Chen Jie", "--role", "boss").stderr == (
        "Error: boss is not a role: use owner, editor, reviewer, viewer\n"
    )
    added = founder_bot(tmp_path, "staff", "add", "Chen Jie", "--role", "editor")
    assert "Chen Jie is staff number 1, editor." in added.stdout
    assert "/staff " in added.stdout
    assert "there already" in founder_bot(tmp_path, "staff", "add", "Chen Jie", "--role", "owner").stderr
    assert founder_bot(tmp_path, "staff", "list").stdout == "1\tChen Jie\teditor\tnot linked\n"
    assert founder_bot(tmp_path, "staff", "role", "1", "--role", "owner").stdout == "Chen Jie is owner now.\n"
    database = Database.open(sqlite_url)
    async with database.unit_of_work() as work:
        await work.sessions.begin(1, "password", timedelta(days=1), place=("Test", "127.0.0.1"))
        token = await work.api_tokens.issue(1, "report", ["staff.see"], None)
        link = await work.one_time_links.issue(1, timedelta(days=1))
    assert founder_bot(tmp_path, "staff", "disable", "Chen Jie").returncode == 0
    async with database.unit_of_work(read_only=True) as work:
        assert await work.sessions.counts(timedelta(days=1)) == {}
        assert await work.api_tokens.find(token) is None
        assert await work.one_time_links.whose(link) is None
    assert (await rows(database, "api_tokens"))[0]["revoked_at"] is not None
    await database.close()
    assert "There is no Chen Jie" in founder_bot(tmp_path, "staff", "code", "Chen Jie").stderr
    actions = founder_bot(tmp_path, "staff", "log").stdout
    assert [line.split("\t")[2] for line in actions.splitlines()] == [
        "staff.disable",
        "staff.role",
        "staff.add",
    ]
