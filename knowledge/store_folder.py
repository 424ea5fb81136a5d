"""Generations as Chroma folders below the data folder, for one machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge import chroma
from knowledge.chroma import Contents
from knowledge.errors import IndexBusy, IndexUnavailable
from knowledge.store import GenerationGone, Manifest, previous_generation

_POINTER = "current.json"
_COLLECTION = "passages"


class FolderStore:
    """Keeps `<folder>/gen-…/` and `<folder>/current.json`; a published generation is never written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> Manifest | None:
        """Read the pointer file."""
        try:
            return Manifest.from_json((self._folder / _POINTER).read_text(encoding="utf-8", errors="replace"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error

    def load(self, manifest: Manifest) -> Contents:
        """Read a private copy, because Chroma opens a folder for writing even to read it."""
        with tempfile.TemporaryDirectory(prefix="founder-bot-index-") as scratch:
            copy = Path(scratch) / "copy"
            try:
                _copy(self._folder / manifest.generation, copy)
            except FileNotFoundError as error:
                raise GenerationGone from error
            except OSError as error:
                raise self._unavailable("read", error) from error
            try:
                with chroma.open_folder(copy) as client:
                    return chroma.read(client, _COLLECTION, manifest.passages)
            except IndexUnavailable:
                raise
            # Chroma's errors differ by version and by what is broken; the remedy is one.
            except Exception as error:
                kind = type(error).__name__
                raise IndexUnavailable(
                    f"The index in {self._folder} is damaged ({kind}); run: founder-bot ingest"
                ) from error

    @contextmanager
    def ingesting(self) -> Iterator[None]:
        """Hold the lock file; the system releases it when the process ends, however it ends."""
        with hold_lock(self._folder):
            yield

    def publish(self, manifest: Manifest, contents: Contents) -> None:
        """Write beside, then replace the pointer file in one step."""
        target = self._folder / manifest.generation
        before = previous_generation(self)
        try:
            target.mkdir(parents=True)
            with chroma.open_folder(target) as client:
                chroma.write(client, _COLLECTION, contents)
            self._switch(manifest)
        except Exception as error:
            shutil.rmtree(target, ignore_errors=True)
            raise self._unavailable("written", error) from error
        keep = {manifest.generation, before}
        for old in self._folder.glob("gen-*"):
            if old.name not in keep:
                shutil.rmtree(old, ignore_errors=True)

    def _switch(self, manifest: Manifest) -> None:
        draft = self._folder / f"{_POINTER}.{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            file.write(manifest.to_json())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / _POINTER)
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _unavailable(self, action: str, error: Exception) -> IndexUnavailable:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return IndexUnavailable(
            f"The index folder {self._folder} (BOT_DATA_DIR) cannot be {action}: {reason}"
        )


def _copy(source: Path, target: Path) -> None:
    """Copy files without their permissions: those of a read-only folder would stop Chroma in the copy too."""
    target.mkdir()
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name)
        else:
            shutil.copyfile(entry, target / entry.name)


@contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Hold `<folder>/ingest.lock`; raises IndexBusy at once when another process or thread has it.

    Raises IndexUnavailable where the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "ingest.lock", timeout=0, thread_local=False)
        lock.acquire()
    except Timeout as error:
        raise IndexBusy("Another ingest is running for this program; wait until it is done") from error
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise IndexUnavailable(
            f"The index folder {folder} (BOT_DATA_DIR) cannot be written: {reason}"
        ) from error
    try:
        yield
    finally:
        lock.release()
