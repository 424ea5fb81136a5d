"""Generations as collections of a Chroma server, with a small collection whose metadata is the pointer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from knowledge import chroma
from knowledge.chroma import Contents
from knowledge.errors import IndexUnavailable, KnowledgeError
from knowledge.store import GenerationGone, Manifest, previous_generation
from knowledge.store_folder import hold_lock

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_T = TypeVar("_T")
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
# A collection that no pointer names may be an ingest still at work on another machine.
_ABANDONED = timedelta(days=1)


class ServerStore:
    """Keeps `<program>.gen-…` and `<program>.current` on a server; one client, opened when first needed."""

    def __init__(self, url: str, program: str, data_dir: Path) -> None:
        self._url = url
        self._program = program
        self._lock_folder = data_dir / "index" / program
        self._client: ClientAPI | None = None
        self._opening = threading.Lock()

    def current(self) -> Manifest | None:
        """Read the pointer's metadata."""
        facts = self._call(self._pointer)
        return Manifest.from_json(facts.get("manifest", "")) if facts else None

    def load(self, manifest: Manifest) -> Contents:
        """Read the generation's collection."""
        from chromadb.errors import NotFoundError

        def work(client: ClientAPI) -> Contents:
            try:
                return chroma.read(client, self._name(manifest.generation), manifest.passages)
            except NotFoundError as error:
                raise GenerationGone from error

        return self._call(work)

    @contextmanager
    def ingesting(self) -> Iterator[None]:
        """Hold this machine's lock; on two machines the last to publish wins, and both are whole."""
        with hold_lock(self._lock_folder):
            yield

    def publish(self, manifest: Manifest, contents: Contents) -> None:
        """Fill a new collection, then change the pointer's metadata in one request."""
        name = self._name(manifest.generation)

        def work(client: ClientAPI) -> None:
            last = previous_generation(self)
            outdated = self._pointer(client).get("previous", "")
            try:
                chroma.write(client, name, contents)
                self._switch(client, manifest, last)
            except BaseException:
                self._drop(client, name)
                raise
            self._remove_old(client, {manifest.generation, last}, outdated)

        self._call(work)

    def _name(self, suffix: str) -> str:
        return f"{self._program}.{suffix}"

    def _pointer(self, client: ClientAPI) -> dict[str, str]:
        """Return the pointer's "manifest" and the "previous" generation; empty before the first ingest."""
        from chromadb.errors import NotFoundError

        try:
            found = client.get_collection(self._name("current"), embedding_function=chroma.no_model())
        except NotFoundError:
            return {}
        return {key: str(value) for key, value in (found.metadata or {}).items()}

    def _switch(self, client: ClientAPI, manifest: Manifest, previous: str) -> None:
        from chromadb.errors import NotFoundError

        name = self._name("current")
        facts = {"manifest": manifest.to_json(), "previous": previous}
        try:
            client.get_collection(name, embedding_function=chroma.no_model()).modify(metadata=facts)
        except NotFoundError:
            chroma.create(client, name, **facts)

    def _remove_old(self, client: ClientAPI, keep: set[str], outdated: str) -> None:
        """Remove the generation that no reader starts on any more, and abandoned ones."""
        oldest = f"gen-{datetime.now(UTC) - _ABANDONED:%Y%m%dt%H%M%S}"
        for collection in client.list_collections():
            program, _, generation = collection.name.partition(".")
            is_ours = program == self._program and generation.startswith("gen-") and generation not in keep
            if is_ours and (generation == outdated or generation < oldest):
                self._drop(client, collection.name)

    @staticmethod
    def _drop(client: ClientAPI, name: str) -> None:
        from chromadb.errors import NotFoundError

        try:
            client.delete_collection(name)
        except NotFoundError:
            return

    def _call(self, work: Callable[[ClientAPI], _T]) -> _T:
        try:
            return work(self._connected())
        except (KnowledgeError, GenerationGone):
            raise
        # The client passes on errors of httpx, of its own and ValueError; the operator's remedy is one.
        except Exception as error:
            with self._opening:
                self._client = None
            kind = type(error).__name__
            raise IndexUnavailable(
                f"The Chroma server at {self._shown()} (BOT_CHROMA_URL) did not answer: {kind}"
            ) from error

    def _connected(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        with self._opening:
            if self._client is None:
                parts = urlsplit(self._url)
                host = parts.hostname or ""
                port = parts.port or (443 if parts.scheme == "https" else 8000)
                # The client waits for ever for a connection; this does not.
                socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
                self._client = chromadb.HttpClient(
                    host=host,
                    port=port,
                    ssl=parts.scheme == "https",
                    settings=Settings(anonymized_telemetry=False),
                )
                session = getattr(getattr(self._client, "_server", None), "_session", None)
                if session is not None:
                    session.timeout = _ANSWER_SECONDS
            return self._client

    def _shown(self) -> str:
        """The address without a password."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
