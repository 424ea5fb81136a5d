"""`founder-bot staff invite` and `token`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.settings import load_settings
from storage.console_records import TokenRecord
from storage.database import Database
from tests.bot.conftest import Installation

Command = Callable[..., int]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def owner(installation: Installation, command: Command, capsys: Capture) -> str:
    assert command("db", "upgrade") == 0
    assert command("staff", "add", "Wang Fang", "--role", "viewer") == 0
    capsys.readouterr()
    return "Wang Fang"


def look(token: str) -> tuple[str | None, TokenRecord | None]:
    """Whose link a token is, and which token of the API."""

    async def read() -> tuple[str | None, TokenRecord | None]:
        database = Database.open(load_settings().database)
        try:
            async with database.unit_of_work(read_only=True) as work:
                person = await work.one_time_links.whose(token)
                found = await work.api_tokens.find(token)
                return person.name if person else None, found[0] if found else None
        finally:
            await database.close()

    return asyncio.run(read())


def test_a_link_is_printed_with_the_public_address(
    owner: str, command: Command, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_CONSOLE_URL", "https://desk.example.org/")
    for who in (owner, "1"):
        assert command("staff", "invite", who) == 0
        text = capsys.readouterr().out
        assert "https://desk.example.org/welcome/" in text
        assert look(text.rpartition("/")[2].strip())[0] == owner


def test_a_token_has_its_scopes_and_an_end(owner: str, command: Command, capsys: Capture) -> None:
    assert command("staff", "token", owner, "--scope", "staff.see", "--called", "report") == 0
    token = capsys.readouterr().out.strip()
    assert token.startswith("fb_")
    found = look(token)[1]
    assert found is not None
    assert (found.name, list(found.scopes)) == ("report", ["staff.see"])
    assert found.expires_at is not None
    assert (found.expires_at - found.created_at).days in {89, 90}


@pytest.mark.parametrize(
    ("scope", "said"),
    [("everything", "everything is no scope"), ("staff.manage", "is viewer, which does not allow")],
)
def test_a_scope_that_cannot_be_given_is_explained(
    owner: str, command: Command, capsys: Capture, scope: str, said: str
) -> None:
    assert command("staff", "token", owner, "--scope", scope) == 1
    assert said in capsys.readouterr().err


def test_nobody_of_that_name_is_said(owner: str, command: Command, capsys: Capture) -> None:
    assert command("staff", "invite", "Nobody") == 1
    assert "There is no Nobody on the staff" in capsys.readouterr().err
