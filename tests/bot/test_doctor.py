from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.doctor import check_chat_model, check_names
from bot.doctor_console import check_console
from bot.doctor_telegram import check_telegram, check_webhook
from bot.settings import Settings
from handlers.program import load_program
from storage.database import Database
from tests.bot.conftest import Installation
from tests.telegram.conftest import free_port

TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz_12345"


class BotApi:
    """Answers every method with what the test put there, and notes what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "getMe": {"ok": True, "result": {"username": "harbor_bot"}},
            "getWebhookInfo": {"ok": True, "result": {"url": "", "pending_update_count": 0}},
        }
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = api.answers[self.path.rpartition("/")[2]]
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def api() -> Iterator[BotApi]:
    api = BotApi()
    thread = threading.Thread(target=api.server.serve_forever)
    thread.start()
    yield api
    api.server.shutdown()
    thread.join()
    api.server.server_close()


def settings(api: BotApi | None = None, **values: Any) -> Settings:
    url = api.url if api else "http://127.0.0.1:1"
    return Settings(telegram_token=TOKEN, telegram_api_url=url, **values)


def webhook(**values: Any) -> dict[str, Any]:
    return {
        "telegram_webhook_url": "https://bot.example/telegram",
        "telegram_webhook_secret": "secret",
        "telegram_webhook_listen": "127.0.0.1:0",
        **values,
    }


def test_a_healthy_installation_passes(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("setup") == 0
    capsys.readouterr()
    assert command("doctor") == 0
    states = dict(line.split()[1::-1] for line in capsys.readouterr().out.splitlines() if "→" not in line)
    assert states["settings"] == states["program"] == states["data"] == "ok"
    assert states["database"] == states["embedder"] == states["index"] == states["running"] == "ok"
    assert states["telegram"] == "warn"
    assert states["webhook"] == "skip"
    assert states["console"] in {"warn", "fail"}  # the port may be somebody's; nobody can sign in yet


def test_an_installation_that_was_never_set_up_is_told_what_to_do(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("doctor", "--quiet") == 1
    out = capsys.readouterr().out
    assert "founder-bot setup" in out
    assert "founder-bot db upgrade" in out
    assert "founder-bot ingest" in out
    assert "ok " not in out


def test_wrong_settings_do_not_keep_the_doctor_from_working(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_CHROMA_URL", "chroma:8000")
    assert command("doctor") == 1
    out = capsys.readouterr().out
    assert "BOT_CHROMA_URL: must be an http" in out
    assert out.count("needs the settings") == 10


def test_a_broken_database_and_program_are_findings_beside_the_others(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    installation.data.mkdir()
    (installation.data / "founder-bot.db").write_bytes(b"this is no database at all, but long enough" * 50)
    (installation.program / "program.toml").write_text("[program]\n", encoding="utf-8")
    assert command("doctor") == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("fail database") for line in lines)
    assert any(line.startswith("fail program") and "program.toml" in line for line in lines)
    assert any(line.startswith("skip index") for line in lines)
    assert any(line.startswith("ok   embedder") for line in lines)


@pytest.mark.parametrize("url", ["mysql://bot:hunter22@host/bot", "somewhere"])
def test_a_database_url_that_cannot_be_used_is_one_finding_that_names_the_setting(
    installation: Installation,
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
) -> None:
    monkeypatch.setenv("BOT_DATABASE_URL", url)
    assert command("doctor", "--quiet") == 1
    out = capsys.readouterr().out
    assert "fail database     BOT_DATABASE_URL" in out
    assert "→ correct BOT_DATABASE_URL" in out
    assert "unexpected" not in out
    assert "hunter22" not in out


async def test_a_chat_model_that_cannot_be_set_up_or_does_not_answer_is_found(
    installation: Installation,
) -> None:
    program = load_program(installation.program)
    assert (await check_chat_model(Settings(), program)).state == "skip"
    wrong = await check_chat_model(Settings(chat_model="nobody"), program)
    assert (wrong.state, "BOT_CHAT_MODEL=nobody" in wrong.detail) == ("fail", True)
    away = Settings(chat_model="openai:small", chat_url="http://127.0.0.1:1/v1")
    silent = await check_chat_model(away, program)
    assert (silent.state, "openai:small gave no answer" in silent.detail) == ("warn", True)
    assert "quote the documents" in silent.advice


def test_a_database_of_a_newer_version_is_told_apart(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("db", "upgrade") == 0
    with sqlite3.connect(installation.data / "founder-bot.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert command("doctor") == 1
    assert "newer founder-bot" in capsys.readouterr().out


def test_a_misspelt_setting_is_found_in_the_environment_and_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("BOT_TELEGRAM_TOKN", "x")
    finding = check_names()
    assert finding.state == "warn"
    assert finding.advice == "did you mean BOT_TELEGRAM_TOKEN?"
    monkeypatch.delenv("BOT_TELEGRAM_TOKN")
    assert check_names().state == "ok"
    (tmp_path / ".env").write_text("# BOT_X=1\nBOT_PROGRAMM=there\n", encoding="utf-8")
    assert check_names().advice == "did you mean BOT_PROGRAM?"


def test_secrets_are_never_shown(
    installation: Installation,
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_TELEGRAM_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("BOT_DATABASE_URL", "postgresql://bot:hunter22@127.0.0.1:1/bot")
    assert command("--debug", "doctor") == 1
    everything = "".join(capsys.readouterr())
    assert TOKEN not in everything
    assert "hunter22" not in everything


async def test_a_good_token_is_shown_with_its_bot(api: BotApi) -> None:
    finding = await check_telegram(settings(api))
    assert (finding.state, finding.detail) == ("ok", "the token belongs to @harbor_bot")


async def test_a_refused_token_fails(api: BotApi) -> None:
    api.answers["getMe"] = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    finding = await check_telegram(settings(api))
    assert finding.state == "fail"
    assert "BOT_TELEGRAM_TOKEN" in finding.advice


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"\xff"])
async def test_something_else_at_the_address_is_not_taken_for_telegram(api: BotApi, answer: bytes) -> None:
    api.answers["getMe"] = answer
    finding = await check_telegram(settings(api))
    assert finding.state == "fail"
    assert "does not answer like a Bot API server" in finding.detail


async def test_a_server_that_is_away_is_named_without_the_token() -> None:
    finding = await check_telegram(settings())
    assert finding.state == "fail"
    assert "127.0.0.1 cannot be reached" in finding.detail
    assert TOKEN not in repr(finding)


async def test_polling_needs_no_webhook(api: BotApi) -> None:
    assert (await check_webhook(settings(api))).detail == "polling; 0 updates wait"


async def test_a_webhook_that_fails_says_what_telegram_says(api: BotApi) -> None:
    info = {
        "url": "https://bot.example/telegram",
        "pending_update_count": 7,
        "last_error_message": "Timed out",
    }
    api.answers["getWebhookInfo"] = {"ok": True, "result": info}
    finding = await check_webhook(settings(api, **webhook()))
    assert finding.state == "warn"
    assert "Timed out (7 updates wait)" in finding.detail


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"telegram_webhook_secret": "not allowed!"}, "only letters, digits"),
        ({"telegram_webhook_url": "http://bot.example"}, "only https"),
        ({"telegram_webhook_url": "https://bot.example:8080"}, "port 8080"),
    ],
)
async def test_a_webhook_that_telegram_would_refuse_fails(values: dict[str, Any], detail: str) -> None:
    settings = Settings(telegram_token=TOKEN, **webhook(**values))
    finding = await check_webhook(settings)
    assert finding.state == "fail"
    assert detail in finding.detail


async def test_a_console_that_is_off_taken_or_without_https_is_told(api: BotApi) -> None:
    assert (await check_console(settings(console_listen="off"))).state == "skip"
    taken = await check_console(settings(console_listen=f"127.0.0.1:{api.server.server_port}"))
    assert (taken.state, "cannot listen" in taken.detail) == ("fail", True)
    listen = f"127.0.0.1:{free_port()}"
    plain = await check_console(settings(console_listen=listen, console_url="http://desk.example.org"))
    assert (plain.state, "not https" in plain.detail) == ("warn", True)


async def test_a_console_nobody_can_sign_in_to_is_told(sqlite_url: str) -> None:
    values: dict[str, Any] = {"console_listen": f"127.0.0.1:{free_port()}", "database_url": sqlite_url}
    alone = await check_console(settings(**values))
    assert (alone.state, "founder-bot staff invite" in alone.advice) == ("warn", True)
    database = Database.open(sqlite_url)
    async with database.unit_of_work() as work:
        person = await work.staff.add("Wang Fang", "owner")
        await work.accounts.set_password(person.id, "wang fang", "hash")
    await database.close()
    assert (await check_console(settings(**values))).state == "ok"
