"""A small installation of its own for each test: settings by environment, a program, a data folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main

PROGRAM = """
[program]
slug = "harbor"
timezone = "Europe/Berlin"
languages = ["en", "de"]
name.en = "Harbor Lab"
name.de = "Hafenlabor"
contact.en = "Write to the harbor office."
contact.de = "Schreiben Sie dem Hafenbüro."
intro.en = "A program for boats."
intro.de = "Ein Programm für Boote."
examples.en = ["How long is a berth let?"]
examples.de = ["Wie lange wird ein Liegeplatz vermietet?"]
"""

DOCUMENT = """---
id: berths
title: Berths
language: en
sources: [https://harbor.example/berths]
---

# Berths

## How long is a berth let?

A berth in the harbor is let for eleven months, and a tenant may renew it once.

## Who may use the crane?

Every tenant may use the crane on weekdays between eight and six o'clock.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where this test's installation keeps its things."""

    program: Path
    data: Path

    @property
    def documents(self) -> Path:
        return self.program / "documents"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No BOT_ variable and no .env of the developer reaches a test."""
    for name in [name for name in os.environ if name.upper().startswith("BOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Commands take over the root logger; give it back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A program with one document and an empty data folder, chosen by the environment."""
    here = Installation(program=tmp_path / "harbor", data=tmp_path / "data")
    here.documents.mkdir(parents=True)
    (here.program / "program.toml").write_text(PROGRAM, encoding="utf-8")
    (here.documents / "berths.md").write_text(DOCUMENT, encoding="utf-8")
    monkeypatch.setenv("BOT_PROGRAM", str(here.program))
    monkeypatch.setenv("BOT_DATA_DIR", str(here.data))
    return here


@pytest.fixture
def command() -> Callable[..., int]:
    """Runs one command of founder-bot in this process and returns its exit code."""

    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        return int(end.value.code or 0)

    return run
