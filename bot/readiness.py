"""Makes an installation ready: database migrated, documents indexed; a matter of milliseconds when it is."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.common import data_folder
from handlers.program import Program, load_program
from knowledge.model import Overlay

if TYPE_CHECKING:
    from bot.settings import Settings
    from knowledge.model import IngestReport

_CODE = Path(__file__).resolve().parent.parent
_STAMP = "setup.json"
_SHOWN_FAILURES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the last set-up saw; as long as nothing of it changes there is nothing to do."""

    database: str = ""
    index: str = ""
    folder: str = ""

    @classmethod
    def read(cls, settings: Settings) -> Stamp:
        """The stamp of this data folder; an empty one when there is none that can be read."""
        with suppress(OSError, ValueError, TypeError):
            return cls(**json.loads((settings.data_dir / _STAMP).read_text(encoding="utf-8")))
        return cls()

    def write(self, settings: Settings) -> None:
        """Keep it for the next start; a folder that takes no file only costs that start some time."""
        with suppress(OSError):
            (settings.data_dir / _STAMP).write_text(json.dumps(asdict(self)), encoding="utf-8")


def prepare(settings: Settings) -> list[str]:
    """Migrate the database and index the documents where needed; what was done, in sentences."""
    program = load_program(settings.program)
    data_folder(settings)
    return prepare_database(settings) + prepare_index(settings, program)


def prepare_database(settings: Settings) -> list[str]:
    """Bring the database to this version's schema unless that is known to be done."""
    stamp, wanted = Stamp.read(settings), _database_print(settings)
    file = _sqlite_file(settings)
    if file is not None and file.exists() and stamp.database == wanted:
        return []
    from storage.migrate import upgrade

    done = upgrade(settings.database)
    Stamp(database=wanted, index=stamp.index, folder=stamp.folder).write(settings)
    return [] if done.before == done.after else [f"The database is at revision {done.after}."]


def prepare_index(settings: Settings, program: Program) -> list[str]:
    """Index the folder that was indexed last, else the program's documents, unless nothing changed."""
    stamp, folder = Stamp.read(settings), indexed_folder(settings)
    local = not settings.chroma_url and (settings.data_dir / "index" / program.slug).is_dir()
    if local and stamp.index == _index_print(settings, folder):
        return []
    return report_lines(index_folder(settings, program, folder))


def indexed_folder(settings: Settings) -> Path:
    """The folder that was indexed last, if it is still there; else the program's own documents."""
    chosen = Stamp.read(settings).folder
    return Path(chosen) if chosen and Path(chosen).is_dir() else settings.documents


async def stored_overlay(settings: Settings) -> Overlay:
    """What staff have written; nothing where no database has been set up yet."""
    from handlers.review.overlay import overlay_of
    from storage.database import Database
    from storage.errors import DatabaseOutdated

    database = Database.open(settings.database)
    try:
        return await overlay_of(database)
    except DatabaseOutdated:
        return Overlay()
    finally:
        await database.close()


def index_folder(settings: Settings, program: Program, folder: Path) -> IngestReport:
    """Index a folder, and what staff have written, with a progress bar; remember the folder.

    Raises from the KnowledgeError tree, or StorageError when what staff have written cannot be read.
    """
    from bot.app import knowledge_config
    from bot.progress import steps

    data_folder(settings)
    seen = _index_print(settings, folder)
    config = knowledge_config(settings, program)
    with steps({"read": "Reading documents", "ingest": "Indexing passages"}) as progress:
        progress("read", 0, 0)
        from knowledge.embeddings import build_embeddings
        from knowledge.ingest import Sources, ingest

        sources = Sources(folder=folder, overlay=asyncio.run(stored_overlay(settings)))
        embeddings = build_embeddings(
            config.embeddings, base_url=config.embeddings_url, key=config.embeddings_key
        )
        report = ingest(config, sources, embeddings, lambda done, total: progress("ingest", done, total))
    chosen = "" if folder == settings.documents else str(folder.resolve())
    Stamp(database=Stamp.read(settings).database, index=seen, folder=chosen).write(settings)
    return report


def report_lines(report: IngestReport) -> list[str]:
    """What an ingest did, in sentences: the counts, then every file that could not be read."""
    lines = [
        f"{report.documents} documents, {report.passages} passages: {report.embedded} embedded, "
        f"{report.kept} unchanged, {report.removed} removed ({report.seconds:.1f} s)."
    ]
    lines += [f"Not read: {failure.path}: {failure.reason}" for failure in report.failures[:_SHOWN_FAILURES]]
    if len(report.failures) > _SHOWN_FAILURES:
        lines.append(f"… and {len(report.failures) - _SHOWN_FAILURES} more files were not read.")
    return lines


def _database_print(settings: Settings) -> str:
    return _digest([settings.database.encode()], (_CODE / "storage" / "migrations").rglob("*.py"))


def _index_print(settings: Settings, folder: Path) -> str:
    """Everything the index depends on: documents, program, embedder, and the code that cuts and embeds."""
    words = (str(folder.resolve()), settings.embeddings, settings.embeddings_url)
    files = [settings.program / "program.toml", *(_CODE / "knowledge").rglob("*.py")]
    return _digest([word.encode() for word in words], [*files, *folder.rglob("*")])


def _digest(words: Iterable[bytes], files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for word in words:
        digest.update(word + b"\0")
    for path in sorted(files):
        if not path.is_file():
            continue
        digest.update(str(path).encode("utf-8", "surrogateescape") + b"\0")
        with suppress(OSError), path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _sqlite_file(settings: Settings) -> Path | None:
    scheme, _, path = settings.database.partition(":///")
    return Path(path) if scheme.startswith("sqlite") and path else None
