"""The comment `<!-- asks: a | b -->`: other ways to ask for a section, searched but never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.chunking import chunk
from knowledge.ingest import ingest
from knowledge.lexical import LexicalIndex, terms
from knowledge.markdown import parse
from knowledge.model import Document, Passage
from knowledge.store import open_current
from tests.knowledge.rules import RULE, RuleEmbeddings, config, fill


def passages(markdown: str) -> list[Passage]:
    document = Document(
        id="yard", title="Heron Yard", language="en", markdown=markdown, path="y.md", version="v"
    )
    return chunk(document)


def test_each_way_to_ask_belongs_to_the_section_it_stands_in() -> None:
    top, berths, crane = passages(
        "Welcome.\n<!-- asks: what is this place -->\n\n"
        "## Berths\n\n<!-- asks: where can I moor | tariff -->\nAsk the office.\n\n## Crane\n\nTwo tons.\n"
    )
    assert top.asks == ("what is this place",)
    assert berths.asks == ("where can I moor", "tariff")
    assert crane.asks == ()


def test_a_founder_never_sees_them() -> None:
    (berths,) = passages("## Berths\n\nAsk the <!-- asks: where can I moor -->\noffice.\n")
    assert "moor" not in berths.embedded_text
    assert "asks" not in berths.embedded_text
    assert "Ask the" in berths.text
    assert "office." in berths.text


def test_they_are_searched_for_their_words() -> None:
    found = passages(
        "## Berths\n\n<!-- asks: parking a yacht -->\nAsk the office.\n\n## Crane\n\nTwo tons.\n"
    )
    assert found[0].searched_text == "Heron Yard > Berths\nAsk the office.\nparking a yacht"
    scores = LexicalIndex([terms(p.searched_text) for p in found]).scores(terms("yacht"))
    assert scores[0] > 0 == scores[1]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("<!--asks:a|b-->", ["a", "b"]),
        ("<!-- asks: a || b | -->", ["a", "b"]),
        ("<!-- asks: how\n     much | is **it** -->", ["how much", "is it"]),
        ("<!-- asks: 多少钱 | 怎么收费 -->", ["多少钱", "怎么收费"]),
        ("<!-- asks: -->", []),
        ("<!-- an editor asks: why -->", []),
        ("<!-- asks: a -->\n\n<!-- asks: b -->", ["a", "b"]),
    ],
)
def test_the_comment_is_read_with_any_spacing_and_other_comments_are_dropped(
    comment: str, expected: list[str]
) -> None:
    (section,) = parse(f"Before.\n{comment}\nAfter.\n")
    assert section.asks == expected
    assert "\n".join(b.text for b in section.blocks).split() == ["Before.", "After."]


def test_a_section_of_nothing_but_ways_to_ask_gives_no_passage() -> None:
    assert passages("## Berths\n\n<!-- asks: where can I moor -->\n") == []


def test_every_part_of_a_long_section_can_be_asked_for_that_way() -> None:
    text = " ".join(f"Pier {i} has room for boats of any length and a tap for water." for i in range(40))
    parts = passages(f"## Berths\n\n<!-- asks: where can I moor -->\n{text}\n")
    assert len(parts) > 1
    assert {p.asks for p in parts} == {("where can I moor",)}


def test_a_changed_way_to_ask_changes_the_hash_but_not_the_id() -> None:
    before, other, none = (
        passages(f"## Berths\n\n{c}\nText.\n")[0] for c in ("<!-- asks: a -->", "<!-- asks: b -->", "")
    )
    assert len({before.content_hash, other.content_hash, none.content_hash}) == 3
    assert before.id == other.id == none.id


def test_a_changed_way_to_ask_makes_a_new_index_without_embedding_anything_anew(tmp_path: Path) -> None:
    here, embeddings = config(tmp_path), RuleEmbeddings()
    folder = fill(tmp_path / "docs", a="## Berths\n\n<!-- asks: old way -->\nText.\n")
    first = ingest(here, folder, embeddings)
    fill(folder, a="## Berths\n\n<!-- asks: new way | 新问法 -->\nText.\n")
    second = ingest(here, folder, embeddings)
    snapshot = open_current(here, RULE)
    assert second.index_version == snapshot.version != first.index_version
    assert (second.embedded, len(embeddings.embedded)) == (0, 1)
    assert snapshot.passages[0].asks == ("new way", "新问法")
    assert snapshot.readings[0].headings.shape == (3, 512)
