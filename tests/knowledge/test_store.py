from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from knowledge import chroma
from knowledge.chroma import Contents
from knowledge.chunking import chunk
from knowledge.config import KnowledgeConfig
from knowledge.errors import IndexBusy, IndexMismatch, IndexMissing, IndexUnavailable
from knowledge.ingest import ingest
from knowledge.model import Document
from knowledge.reader import pack
from knowledge.sentences import split_sentences
from knowledge.store import GenerationGone, Manifest, Store, build_store, current_version, open_current
from tests.knowledge.rules import RULE, RuleEmbeddings, config, fill
from tests.spent import spent

SCRIPT = """
import sys
from pathlib import Path
from knowledge.store import build_store, open_current
from tests.knowledge.rules import RULE, config
here = config(Path(sys.argv[1]), chroma_url=sys.argv[2] if len(sys.argv) > 2 else "")
"""
READER = (
    SCRIPT
    + """
seen = []
import select
open_current(here, RULE)
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    snapshot = open_current(here, RULE)
    rounds = {p.text.split()[-1] for p in snapshot.passages}
    assert len(rounds) == 1, f"a mixture of generations: {rounds}"
    assert len(snapshot.passages) == len(snapshot.vectors) == 30, len(snapshot.passages)
    seen.append(rounds.pop())
print(len(seen), len(set(seen)))
"""
)


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"},
    )


def contents(mark: str, count: int = 30) -> Contents:
    """Passages that all end in `mark`, so that a mixture of two generations shows."""
    documents = [
        Document(
            id=f"d{i:02}",
            title="T",
            language="en",
            markdown=f"Passage {i} of {mark}",
            path=f"{i}.md",
            version=mark,
        )
        for i in range(count)
    ]
    passages = tuple(p for document in documents for p in chunk(document))
    vectors = np.eye(count, 64, dtype=np.float32)
    rows = [np.ones((2 + len(split_sentences(p.text, "en")), 512), dtype=np.float32) for p in passages]
    return Contents(passages=passages, vectors=vectors, packed=tuple(pack(r) for r in rows))


def publish(store: Store, mark: str, count: int = 30) -> Manifest:
    held = contents(mark, count)
    manifest = Manifest.for_new(held, RULE)
    store.publish(manifest, held)
    return manifest


@pytest.fixture(scope="module")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server on a free port, ended by its process id."""
    folder = tmp_path_factory.mktemp("chroma-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--path", str(folder)],
        cwd=folder,
        env={**os.environ, "RUST_LOG": "error"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(params=["folder", "server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> KnowledgeConfig:
    """The same tests for both places an index can be in."""
    if request.param == "folder":
        return config(tmp_path)
    program = f"p-{tmp_path.name[-24:].lower().replace('_', '-').strip('-')}"
    return config(tmp_path, program=program, chroma_url=request.getfixturevalue("chroma_server"))


def test_before_the_first_ingest_the_command_to_run_is_named(settings: KnowledgeConfig) -> None:
    assert current_version(settings) is None
    with pytest.raises(IndexMissing, match="founder-bot ingest"):
        open_current(settings, RULE)


def test_a_published_generation_is_read_back_row_by_row(settings: KnowledgeConfig) -> None:
    manifest = publish(build_store(settings), "first")
    snapshot = open_current(settings, RULE)
    assert snapshot.version == manifest.generation == current_version(settings)
    assert snapshot.passages == contents("first").passages
    assert np.allclose(snapshot.vectors, contents("first").vectors, atol=1e-6)
    assert len(snapshot.readings) == 30


def test_an_index_of_another_embedder_is_refused_with_the_command(settings: KnowledgeConfig) -> None:
    publish(build_store(settings), "first")
    with pytest.raises(IndexMismatch, match=r"openai:rule.*openai:other.*founder-bot ingest"):
        open_current(settings, "openai:other")


def test_the_current_and_the_previous_generation_are_kept(settings: KnowledgeConfig) -> None:
    store = build_store(settings)
    manifests = [publish(store, f"round{i}", 3) for i in range(4)]
    assert store.load(manifests[2]).passages[0].text.endswith("round2")
    assert open_current(settings, RULE).passages[0].text.endswith("round3")
    for gone in manifests[:2]:
        with pytest.raises(GenerationGone):
            store.load(gone)


def test_a_second_ingest_is_refused_while_one_is_running(settings: KnowledgeConfig, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    with build_store(settings).ingesting(), pytest.raises(IndexBusy, match="Another ingest"):
        ingest(settings, folder, RuleEmbeddings())
    assert ingest(settings, folder, RuleEmbeddings()).passages == 1


def test_a_whole_ingest_works_on_both(settings: KnowledgeConfig, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n", b="# B\n\nTwo.\n")
    ingest(settings, folder, RuleEmbeddings())
    fill(folder, b="# B\n\nThree.\n")
    report = ingest(settings, folder, RuleEmbeddings())
    assert (report.embedded, report.kept) == (1, 1)
    assert {p.text for p in open_current(settings, RULE).passages} == {"One.", "Three."}


def test_a_reader_in_another_process_never_meets_an_error_or_a_mixture(settings: KnowledgeConfig) -> None:
    store = build_store(settings)
    publish(store, "round0")
    program = READER.replace("here = config(", f"here = config(program={settings.program!r}, data_dir=")
    reader = start(program, str(settings.data_dir), settings.chroma_url)
    assert reader.stdout is not None
    assert reader.stdout.readline().strip() == "ready", reader.communicate()[1]
    for number in range(1, 25):
        publish(store, f"round{number}")
        time.sleep(0.05)
    output, errors = reader.communicate("stop\n", timeout=60)
    assert reader.returncode == 0, errors
    loads, rounds = map(int, output.split())
    assert loads >= 3
    assert rounds >= 2


def test_an_ingest_killed_while_it_writes_leaves_the_old_index_and_no_lock(tmp_path: Path) -> None:
    here = config(tmp_path)
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    first = ingest(here, folder, RuleEmbeddings())
    writer = start(
        SCRIPT
        + """
store = build_store(here)
from knowledge import chroma
import knowledge.store_folder, time
inner = chroma.write
def slow(*arguments):
    inner(*arguments)
    print("written", flush=True)
    time.sleep(60)
chroma.write = slow
from knowledge.ingest import ingest
from tests.knowledge.rules import RuleEmbeddings, fill
ingest(here, fill(Path(sys.argv[1]) / "docs", b="# B\\n\\nTwo.\\n"), RuleEmbeddings())
""",
        str(tmp_path),
    )
    assert writer.stdout is not None
    assert writer.stdout.readline().strip() == "written"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert open_current(here, RULE).version == first.index_version
    second = ingest(here, folder, RuleEmbeddings())
    assert second.passages == 2
    left = {path.name for path in (tmp_path / "index" / "base").glob("gen-*")}
    assert left == {first.index_version, second.index_version}


def test_a_damaged_index_says_what_to_do_and_an_ingest_repairs_it(tmp_path: Path) -> None:
    here = config(tmp_path)
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    report = ingest(here, folder, RuleEmbeddings())
    (tmp_path / "index" / "base" / report.index_version / "chroma.sqlite3").write_bytes(b"not a database")
    with pytest.raises(IndexUnavailable, match="founder-bot ingest"):
        open_current(here, RULE)
    assert ingest(here, folder, RuleEmbeddings()).embedded == 1
    assert len(open_current(here, RULE).passages) == 1


@pytest.mark.parametrize(
    "pointer", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"generation": "../../etc", "format": 1}']
)
def test_a_pointer_of_another_version_says_what_to_do_and_an_ingest_replaces_it(
    tmp_path: Path, pointer: bytes
) -> None:
    here = config(tmp_path)
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    ingest(here, folder, RuleEmbeddings())
    (tmp_path / "index" / "base" / "current.json").write_bytes(pointer)
    with pytest.raises(IndexMismatch, match="founder-bot ingest"):
        open_current(here, RULE)
    ingest(here, folder, RuleEmbeddings())
    assert len(open_current(here, RULE).passages) == 1


def test_a_server_that_is_down_is_named_before_anything_is_embedded(tmp_path: Path) -> None:
    here = config(tmp_path, chroma_url="http://127.0.0.1:9")
    embeddings = RuleEmbeddings()
    for attempt in (
        lambda: current_version(here),
        lambda: open_current(here, RULE),
        lambda: ingest(here, fill(tmp_path / "docs", a="# A\n\nOne.\n"), embeddings),
    ):
        with pytest.raises(IndexUnavailable, match=r"127\.0\.0\.1:9 \(BOT_CHROMA_URL\)"):
            attempt()
    assert embeddings.embedded == []


def test_a_password_in_the_server_address_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        current_version(config(tmp_path, chroma_url="http://user:secret@127.0.0.1:9"))
    assert "secret" not in str(caught.value)


def test_chroma_never_embeds_by_itself(tmp_path: Path) -> None:
    with chroma.open_folder(tmp_path / "c") as client:
        chroma.write(client, "passages", contents("first", 3))
        collection = client.get_collection("passages", embedding_function=chroma.no_model())
        with pytest.raises(RuntimeError, match="must not embed by itself"):
            collection.add(ids=["x"], documents=["text without a vector"])
        assert collection.configuration["hnsw"]["space"] == "cosine"
        assert collection.configuration["embedding_function"].name() == "founder_bot_no_model"


def test_a_program_whose_slug_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="slug"):
        current_version(config(tmp_path, program="../other"))


def test_the_key_of_a_server_is_not_in_the_repr_of_the_settings(tmp_path: Path) -> None:
    assert "k-secret" not in repr(config(tmp_path, embeddings_key="k-secret", chat_key="k-secret"))


def test_asking_for_the_version_is_cheap(settings: KnowledgeConfig) -> None:
    publish(build_store(settings), "first", 3)
    current_version(settings)
    assert spent(lambda: current_version(settings), 20) < 0.05
