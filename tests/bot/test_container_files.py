"""The container files, held to what they promise as far as that goes without Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from tests.bot.conftest import DOCUMENT

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SETTINGS = {f"BOT_{name.upper()}" for name in Settings.model_fields}


@dataclass(frozen=True)
class Step:
    stage: int
    word: str
    rest: str


def read_dockerfile() -> Iterator[Step]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    stage = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        yield Step(stage, word, " ".join(rest.split()))


STEPS = list(read_dockerfile())


def steps(word: str, stage: int | None = None) -> list[str]:
    return [step.rest for step in STEPS if step.word == word and stage in (None, step.stage)]


def copied_from_the_repository() -> list[str]:
    return [source for rest in steps("COPY") if "--from" not in rest for source in rest.split()[:-1]]


def test_the_image_is_built_in_two_stages_from_the_python_the_lock_is_for() -> None:
    assert [rest.split()[0] for rest in steps("FROM")] == ["python:3.11-slim"] * 2


def test_the_bot_does_not_run_as_root_and_owns_its_data() -> None:
    assert steps("USER", stage=2) == ["bot"]
    assert any("useradd" in rest and rest.endswith(" bot") for rest in steps("RUN", stage=2))
    assert "--from=build --chown=bot:bot /app/data /app/data" in steps("COPY", stage=2)
    order = [step.word for step in STEPS if step.stage == 2]
    assert order.index("USER") < order.index("VOLUME")
    assert "COPY" not in order[order.index("USER") :]


def test_docker_can_ask_for_its_health_and_stop_it_cleanly() -> None:
    command = json.loads(steps("HEALTHCHECK", stage=2)[0].partition(" CMD ")[2])
    assert command == ["founder-bot", "doctor", "--health"]
    assert steps("STOPSIGNAL", stage=2) == ["SIGTERM"]
    shell = json.loads(steps("CMD", stage=2)[0])
    # Without exec the shell would get the signal, and the bot would be killed after the grace period.
    assert shell == ["sh", "-c", "founder-bot setup && exec founder-bot run"]


def test_packages_come_from_the_hashed_lock() -> None:
    installs = [rest for rest in steps("RUN", stage=1) if "pip install" in rest or "pip sync" in rest]
    assert len(installs) == 3
    assert all("--require-hashes" in rest or "--no-deps" in rest for rest in installs)


@pytest.mark.parametrize("source", copied_from_the_repository())
def test_what_is_copied_exists_and_is_let_through(source: str) -> None:
    assert (ROOT / source).exists()
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert f"!{source}" in let_through


def test_no_secret_and_no_data_can_get_into_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    assert not {line for line in lines if ".env" in line or "data" in line}


def test_every_setting_in_the_container_files_exists() -> None:
    given = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
    given |= set(re.findall(r"\b(BOT_[A-Z_]+)=", " ".join(steps("ENV") + steps("RUN"))))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    given |= set(re.findall(r"^#? ?(BOT_[A-Z_]+)=", example, re.MULTILINE))
    assert {name for name in given if name.startswith("BOT_")} <= SETTINGS
    assert {"BOT_DATABASE_URL", "BOT_CHROMA_URL", "BOT_TELEGRAM_TOKEN"} <= given


def test_the_bot_waits_for_healthy_services_and_everything_is_kept_in_volumes() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"bot", "postgres", "chroma"}
    assert services["bot"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "chroma": {"condition": "service_healthy"},
    }
    for name in services["bot"]["depends_on"]:
        assert services[name]["healthcheck"]["test"]
    used = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert used == set(COMPOSE["volumes"])
    assert services["chroma"]["environment"] == {"RUST_LOG": "error"}


def test_no_password_is_written_down() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    passwords = re.findall(
        r"(?:PASSWORD: |://bot:)(\S+?)[@\s]", text.replace(":?set POSTGRES_PASSWORD in .env", "")
    )
    assert passwords == ["${POSTGRES_PASSWORD}"] * 2


def run(line: str, app: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [word.replace("/app/.venv/bin/python", sys.executable) for word in shlex.split(line)]
    if words[0].endswith("founder-bot"):
        words = [sys.executable, "-m", "bot", *words[1:]]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return subprocess.run(
        words, cwd=app, env={**clean, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_steps_of_the_build_leave_an_index_that_the_first_start_finds_ready(tmp_path: Path) -> None:
    app = tmp_path / "app"
    for source in copied_from_the_repository():
        target = app / source
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, target)
    # One document in place of all: the step is the same and takes seconds.
    documents = app / "programs" / "joint-base" / "documents"
    shutil.rmtree(documents)
    documents.mkdir()
    (documents / "berths.md").write_text(DOCUMENT, encoding="utf-8")
    environment = {"BOT_DATA_DIR": str(app / "data"), "PYTHONPATH": str(app)}

    for line in steps("RUN", stage=1):
        compiling = line.partition(" && ")[2]
        if "compileall" in compiling:
            assert run(compiling, app).returncode == 0
        if "founder-bot setup" in line:
            warmed = run(line.partition(" ")[2], app, **environment)
            assert warmed.returncode == 0, warmed.stderr
            assert "1 documents, 2 passages" in warmed.stdout

    first = run("founder-bot setup", app, **environment)
    assert first.stdout == "founder-bot is ready; nothing has changed.\n"
    answer = run("founder-bot ask --json 'How long is a berth let?'", app, **environment)
    assert json.loads(answer.stdout)["answered"] is True
    health = json.loads(steps("HEALTHCHECK")[0].partition(" CMD ")[2])
    assert run(shlex.join(health), app, **environment).returncode == 1
