from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main, sentence
from bot.settings import SettingsError, load_settings
from tests.bot.conftest import Installation
from tests.spent import spent_by_children

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ("chromadb", "langchain", "langchain_core", "numpy", "sqlalchemy", "telegram", "pydantic", "alembic")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from bot.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "Commands" in done.stdout
    assert done.stderr.strip() == "[]"


def test_help_costs_less_than_half_a_second() -> None:
    def help_() -> None:
        subprocess.run([sys.executable, "-m", "bot", "--help"], capture_output=True, cwd=ROOT, check=True)

    assert min(spent_by_children(help_) for _ in range(5)) < 0.5


@pytest.mark.parametrize(
    "words", [["nonsense"], ["ask"], ["ask", "a", "b"], ["export", "messages", "--format", "xml"]]
)
def test_wrong_usage_ends_with_2(words: list[str], command: Callable[..., int]) -> None:
    assert command(*words) == 2


def test_a_wrong_setting_is_explained_by_name_without_a_traceback(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_LOG_LEVEL", "LOUD")
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", "no-token-at-all")
    assert command("setup") == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: BOT_TELEGRAM_TOKEN: must look like")
    assert "BOT_LOG_LEVEL" in error
    assert "no-token-at-all" not in error
    assert "Traceback" not in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BOT_TELEGRAM_RATE", "fast", "must be a whole number"),
        ("BOT_TELEGRAM_RATE", "0", "must be greater than or equal to 1"),
        ("BOT_ANSWER_THRESHOLD", "high", "must be a valid number"),
        ("BOT_LOG_LEVEL", "LOUD", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("BOT_CONSOLE_LISTEN", "8080", "must be host:port, e.g. 127.0.0.1:8080, or off"),
    ],
)
def test_a_wrong_value_is_explained_in_the_words_of_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"{name}: {message}"


def test_the_console_is_turned_off_however_off_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_CONSOLE_LISTEN", "OFF")
    assert load_settings().console_listen == ""


def test_what_a_terminal_of_another_encoding_cannot_show_ends_no_command(installation: Installation) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "bot", "form", "check", "--program", "项目"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ??/program.toml does not exist")
    sample = Path(__file__).parents[2] / "programs" / "joint-base"
    words = [*words[:3], "form", "preview", "--language", "zh", "--program", str(sample)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_is_not_there_is_one_sentence(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_PROGRAM", "/nowhere")
    assert command("ask", "Who can apply?") == 1
    assert capsys.readouterr().err == (
        "Error: /nowhere/program.toml does not exist; BOT_PROGRAM must name a program folder\n"
    )


@pytest.mark.parametrize("words", [["--debug", "setup"], ["setup", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_is_written(
    words: list[str],
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOT_PROGRAM", "/nowhere")
    assert command(*words) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_traceback_holds_no_secret(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "123456789:secret-part-of-the-token-000"
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", token)
    monkeypatch.setenv("BOT_PROGRAM", f"/nowhere/{token}")
    assert command("--debug", "setup") == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "secret-part" not in error


def test_an_interrupted_command_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(settings: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.readiness.prepare", interrupt)
    with pytest.raises(SystemExit) as end:
        main(["setup"])
    assert end.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_error_nobody_foresaw_says_how_to_learn_more() -> None:
    assert sentence(ZeroDivisionError("division by zero")) == (
        "Unexpected ZeroDivisionError: division by zero. Add --debug to see where it happened."
    )


def test_an_error_of_the_system_names_the_file() -> None:
    assert sentence(PermissionError(13, "Permission denied", "/data/x")) == "/data/x: Permission denied"


def test_a_data_folder_that_cannot_be_made_is_named(
    command: Callable[..., int],
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    in_the_way = installation.program / "program.toml"
    monkeypatch.setenv("BOT_DATA_DIR", str(in_the_way / "data"))
    assert command("setup") == 1
    assert f"The data folder {in_the_way / 'data'} cannot be made" in capsys.readouterr().err


def test_python_m_bot_is_the_same_command() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert done.stdout == "founder-bot 0.1.0\n"
