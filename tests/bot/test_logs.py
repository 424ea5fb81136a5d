from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path

import httpx
import pytest

from bot.logs import configure
from bot.service import report_lost_error
from knowledge.errors import IndexMissing

TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz_12345"
PASSWORD = "s3cr3t/pass word"


def configured_log() -> logging.Logger:
    configure("INFO", [TOKEN, PASSWORD])
    return logging.getLogger("bot.test")


def written(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_secret_in_a_message_its_arguments_or_an_error_is_not_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = configured_log()
    log.info(f"calling https://api.telegram.org/bot{TOKEN}/getMe")
    log.info("password %s", PASSWORD)
    log.info("in a URL: %s", "s3cr3t%2Fpass%20word")
    try:
        raise OSError(f"cannot reach bot{TOKEN}")
    except OSError:
        log.exception("failed")
    text = written(capsys)
    assert TOKEN not in text
    assert "s3cr3t" not in text
    assert text.count("***") == 4


def test_a_traceback_that_is_asked_for_is_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure("DEBUG", [TOKEN], full=True)
    try:
        raise ValueError(TOKEN)
    except ValueError:
        logging.getLogger("bot.test").exception("failed")
    text = written(capsys)
    assert "Traceback" in text
    assert TOKEN not in text


def test_a_token_and_a_database_password_are_hidden_even_when_nobody_named_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("INFO")
    logging.getLogger("bot.test").info("%s and postgresql://bot:hunter2@db/bot", TOKEN)
    text = written(capsys)
    assert TOKEN not in text
    assert "hunter2" not in text
    assert "postgresql://bot:***@db/bot" in text


async def test_httpx_does_not_write_the_address_that_holds_the_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured_log()
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(f"https://api.telegram.org/bot{TOKEN}/getMe")
    assert written(capsys) == ""
    logging.getLogger("httpx").warning("HTTP Request: GET https://api.telegram.org/bot%s/getMe", TOKEN)
    text = written(capsys)
    assert "HTTP Request" in text
    assert TOKEN not in text


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "telegram.ext", "chromadb", "uvicorn.access"])
def test_libraries_keep_quiet_about_what_goes_well(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    configured_log()
    logging.getLogger(name).info("all is well")
    assert written(capsys) == ""


def test_what_the_telegram_library_read_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configured_log()
    logging.getLogger("telegram.Bot").critical(
        "Error while parsing updates! Received data was %r", "my secret plan"
    )
    text = written(capsys)
    assert "Error while parsing updates!" in text
    assert "secret plan" not in text


def test_an_error_of_another_library_is_told_without_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    log = configured_log()
    try:
        int("what a founder wrote")
    except ValueError:
        log.exception("turn failed message=%d", 7)
    text = written(capsys)
    assert "turn failed message=7 error=ValueError (test_logs.py:" in text
    assert "founder wrote" not in text


def test_an_own_error_is_told_with_its_sentence_and_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    log = configured_log()
    try:
        try:
            raise FileNotFoundError(2, "No such file", "index")
        except FileNotFoundError as error:
            raise IndexMissing("Nothing has been indexed yet.") from error
    except IndexMissing:
        log.exception("no index")
    text = written(capsys)
    assert "IndexMissing: Nothing has been indexed yet." in text
    assert "from FileNotFoundError" in text


def test_foreign_text_cannot_start_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    log = configured_log()
    log.warning("name=%s", "a\n2026-01-01T00:00:00Z ERROR bot forged\u2028\x1b[31m")
    assert written(capsys).count("\n") == 1


def test_a_level_keeps_back_what_is_less_severe(capsys: pytest.CaptureFixture[str]) -> None:
    configure("WARNING")
    chatty = logging.getLogger("bm25s")
    chatty.setLevel(logging.DEBUG)
    chatty.debug("noise")
    logging.getLogger("bot.test").info("fine")
    logging.getLogger("bot.test").warning("careful")
    assert "careful" in (text := written(capsys))
    assert "fine" not in text
    assert "noise" not in text


def test_logs_go_to_a_file_where_the_screen_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "logs" / "chat.log"
    configure("INFO", file=file)
    logging.getLogger("bot.test").info("hello")
    assert "INFO  bot.test hello" in file.read_text(encoding="utf-8")
    assert written(capsys) == ""


async def test_an_error_that_nobody_awaited_is_told_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured_log()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report_lost_error)

    async def fail() -> None:
        raise ValueError("what a founder wrote")

    task = loop.create_task(fail())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
    text = written(capsys)
    assert "Task exception was never retrieved error=ValueError (test_logs.py:" in text
    assert "founder wrote" not in text
