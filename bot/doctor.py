"""Looks at everything the bot needs, one check after another, and works when all of it is broken."""

from __future__ import annotations

import asyncio
import difflib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.doctor_console import check_console
from bot.doctor_telegram import check_telegram, check_webhook
from bot.finding import Finding, State, fail, ok, skip, warn
from bot.health import STALE, seconds_since_last
from bot.redaction import Redactor
from bot.settings import Settings, SettingsError, load_settings
from handlers.program import Program, ProgramError, load_program
from knowledge.errors import KnowledgeError
from storage.errors import DatabaseFull, DatabaseInvalid, DatabaseOutdated, DatabaseReadOnly, StorageError
from storage.failures import UPGRADE

_LITTLE_SPACE = 500 * 2**20
_STYLES: dict[State, str] = {"ok": "green", "warn": "yellow", "fail": "bold red", "skip": "dim"}


async def show(findings: AsyncIterator[Finding], *, quiet: bool = False) -> bool:
    """Print the findings as they come, redacted; whether one of them failed."""
    console = Console(highlight=False)
    redact = Redactor.from_environment()
    failed = False
    async for finding in findings:
        failed |= finding.state == "fail"
        if quiet and finding.state in ("ok", "skip"):
            continue
        line = Text.assemble(
            (f"{finding.state:<5}", _STYLES[finding.state]),
            (f"{finding.name:<13}", "bold"),
            redact(finding.detail),
        )
        if finding.advice:
            line.append("\n" + " " * 18 + "→ " + redact(finding.advice), style="cyan")
        console.print(line, soft_wrap=True)
    return failed


async def examine() -> AsyncIterator[Finding]:
    """Yield a finding a check; a check that breaks is a finding too."""
    try:
        settings = load_settings()
    except SettingsError as error:
        yield fail("settings", str(error), "correct it in the environment or in .env")
        for name in (
            "program",
            "form",
            "data folder",
            "database",
            "embedder",
            "index",
            "chat model",
            "telegram",
            "webhook",
            "console",
        ):
            yield skip(name, "needs the settings")
        return
    yield check_names()
    program, finding = check_program(settings)
    yield finding
    yield check_form(settings, program)
    yield check_data_folder(settings)
    yield await _guarded("database", check_database(settings))
    yield await _guarded("embedder", check_embedder(settings))
    yield await _guarded("index", check_index(settings, program))
    yield await _guarded("chat model", check_chat_model(settings, program))
    yield await _guarded("telegram", check_telegram(settings))
    yield await _guarded("webhook", check_webhook(settings))
    yield await _guarded("console", check_console(settings))
    yield check_running(settings)


def check_names() -> Finding:
    """Whether every BOT_ variable is a setting; a misspelt one is silently without effect."""
    known = {f"BOT_{name.upper()}" for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *_names_in_env_file()) if name.upper().startswith("BOT_")}
    strange = sorted(given - known)
    if not strange:
        return ok("settings", f"{len(given)} set, the others at their defaults")
    near = difflib.get_close_matches(strange[0], known, n=1)
    advice = f"did you mean {near[0]}?" if near else "docs/settings.md lists the settings"
    return warn("settings", f"{', '.join(strange)} without effect: no such setting", advice)


def check_program(settings: Settings) -> tuple[Program | None, Finding]:
    """Whether program.toml can be used and there are documents."""
    try:
        program = load_program(settings.program)
    except ProgramError as error:
        return None, fail("program", str(error), "correct the file, or BOT_PROGRAM")
    if not settings.documents.is_dir():
        return program, fail("program", f"{settings.documents} does not exist", "put the documents there")
    count = sum(1 for path in settings.documents.rglob("*") if path.is_file())
    name = program.text(program.names, "en")
    return program, ok("program", f"{name} ({program.slug}), {count} files of documents")


def check_form(settings: Settings, program: Program | None) -> Finding:
    """Whether application.toml can be used; a program without one takes no applications."""
    if program is None:
        return skip("form", "needs the program")
    from bot import forms

    try:
        form, problems = forms.check_form(settings.program, settings.documents, program)
    except Exception as error:
        return fail("form", f"unexpected {type(error).__name__}: {error}", "please report this sentence")
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return fail("form", problems[0] + more, "run: founder-bot form check")
    if form is None:
        return skip("form", f"no {forms.FORM_FILE}: the bot answers questions and takes no applications")
    return ok("form", f"{len(form.questions)} questions, {len(form.tracks)} tracks")


def check_data_folder(settings: Settings) -> Finding:
    """Whether the data folder takes files, and has room for some time."""
    name, folder = "data folder", settings.data_dir
    if not folder.exists():
        return fail(name, f"{folder} does not exist", "run: founder-bot setup")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return fail(
            name, f"{folder} cannot be written: {error.strerror}", "change its owner, or BOT_DATA_DIR"
        )
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        return warn(name, f"only {free >> 20} MB free in {folder}", "make room: a full disk stops the bot")
    return ok(name, f"{folder.resolve()}, {free >> 30} GB free")


async def check_database(settings: Settings) -> Finding:
    """Whether the database can be reached and written and has this version's tables."""
    from storage.database import Database

    try:
        database = Database.open(settings.database)
    except DatabaseInvalid as error:
        return fail("database", str(error), "correct BOT_DATABASE_URL")
    try:
        status = await database.require_ready()
    except DatabaseOutdated as error:
        older = UPGRADE in str(error)
        advice = "run: founder-bot db upgrade" if older else "install that version, or restore a backup"
        return fail("database", str(error), advice)
    except DatabaseInvalid as error:
        return fail("database", str(error), "restore a backup, or correct BOT_DATABASE_URL")
    except (DatabaseReadOnly, DatabaseFull) as error:
        return fail("database", str(error), "make it writable, or choose another place")
    except StorageError as error:
        return fail("database", str(error), "check BOT_DATABASE_URL and that the server runs")
    finally:
        await database.close()
    return ok(
        "database", f"{status.dialect} {status.server_version} at {status.where}, revision {status.revision}"
    )


async def check_embedder(settings: Settings) -> Finding:
    """Whether the embedder turns a question into numbers, and how fast."""
    from knowledge.embeddings import build_embeddings

    def embed() -> tuple[int, float]:
        key = settings.embeddings_key.get_secret_value()
        embeddings = build_embeddings(settings.embeddings, base_url=settings.embeddings_url, key=key)
        embeddings.embed_query("a")
        started = time.perf_counter()
        size = len(embeddings.embed_query("How can a start-up apply?"))
        return size, (time.perf_counter() - started) * 1000

    try:
        size, milliseconds = await asyncio.to_thread(embed)
    except KnowledgeError as error:
        return fail("embedder", str(error), "check BOT_EMBEDDINGS, BOT_EMBEDDINGS_URL and BOT_EMBEDDINGS_KEY")
    return ok("embedder", f"{settings.embeddings}: {size} numbers a text, {milliseconds:.0f} ms a question")


async def check_index(settings: Settings, program: Program | None) -> Finding:
    """Whether the documents are indexed, by the embedder that is set."""
    if program is None:
        return skip("index", "needs the program")
    from bot.app import knowledge_config
    from knowledge.embeddings import embedder_id
    from knowledge.store import open_current

    config = knowledge_config(settings, program)
    try:
        snapshot = await asyncio.to_thread(open_current, config, embedder_id(config.embeddings))
    except KnowledgeError as error:
        place = "check BOT_CHROMA_URL, or run: " if settings.chroma_url else "run: "
        return fail("index", str(error), f"{place}founder-bot ingest")
    return ok("index", f"{len(snapshot.passages)} passages, {snapshot.version}")


async def check_chat_model(settings: Settings, program: Program | None) -> Finding:
    """Whether the model that writes answers can be set up, and answers; no founder's word is sent."""
    name = "chat model"
    if not settings.chat_model:
        return skip(name, "none: answers quote the documents")
    if program is None:
        return skip(name, "needs the program")
    from bot.app import knowledge_config
    from knowledge.writer import build_writer

    try:
        writer = await asyncio.to_thread(build_writer, knowledge_config(settings, program))
    except KnowledgeError as error:
        return fail(name, str(error), "correct BOT_CHAT_MODEL")
    if writer is None or (problem := await writer.problem()) == "":
        return ok(name, f"{settings.chat_model} answers")
    advice = "check BOT_CHAT_URL and BOT_CHAT_KEY; until then answers quote the documents"
    return warn(name, f"{settings.chat_model} gave no answer ({problem})", advice)


def check_running(settings: Settings) -> Finding:
    """Whether a bot runs on this machine; none is no fault."""
    age = seconds_since_last(settings.data_dir)
    if age is None:
        return ok("running", "no `run` on this machine at present")
    if age > STALE:
        return warn("running", f"the last sign of life is {age:.0f} s old", "restart founder-bot run")
    return ok("running", "founder-bot run is alive")


async def _guarded(name: str, check: Awaitable[Finding]) -> Finding:
    try:
        return await check
    except Exception as error:
        return fail(name, f"unexpected {type(error).__name__}: {error}", "please report this sentence")


def _names_in_env_file() -> list[str]:
    try:
        lines = Path(".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [line.split("=", 1)[0].removeprefix("export ").strip() for line in lines if "=" in line]
