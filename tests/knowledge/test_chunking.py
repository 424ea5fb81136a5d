from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import LIMIT, chunk, size
from knowledge.model import Document

GUIDE = """# Residency

Intro with **bold** text and a [form](https://example.org/form).
<!-- an editor's note -->

## Fees

You need:

- one
  - nested
- two

| Room | Seats | Rent |
| --- | --- | --- |
| A | 4 | 20 |

## Fees

### Deposit 押金

```
# not a heading
```
"""


def document(markdown: str, **changes: object) -> Document:
    plain = Document(
        id="zh/residency", title="Residency", language="en", markdown=markdown, path="r.md", version="v1"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_passages_follow_headings_and_carry_their_breadcrumb() -> None:
    passages = chunk(document(GUIDE))
    assert [(p.id, p.section) for p in passages] == [
        ("zh/residency#top", ()),
        ("zh/residency#fees", ("Fees",)),
        ("zh/residency#fees/deposit-押金", ("Fees", "Deposit 押金")),
    ]
    assert [p.position for p in passages] == [0, 1, 2]


def test_markup_and_editors_notes_do_not_reach_the_founder() -> None:
    top, fees, deposit = chunk(document(GUIDE))
    assert top.text == "Intro with bold text and a form (https://example.org/form)."
    assert fees.text == "You need:\n- one\n  - nested\n- two\n\n- A – Seats: 4; Rent: 20"
    assert deposit.text == "# not a heading"


def test_two_sections_of_one_name_have_two_ids() -> None:
    ids = [p.id for p in chunk(document("## Q\n\none\n\n## Q\n\ntwo\n"))]
    assert ids == ["zh/residency#q", "zh/residency#q-2"]


def test_an_edit_of_the_text_keeps_the_id_and_changes_the_hash() -> None:
    before, after = chunk(document("## Fees\n\nTen."))[0], chunk(document("## Fees\n\nTwelve."))[0]
    assert before.id == after.id
    assert before.content_hash != after.content_hash


def test_what_is_shown_beside_the_text_is_part_of_the_hash() -> None:
    plain = document("Ten.")
    for changed in ({"as_of": date(2026, 1, 1)}, {"sample": True}, {"sources": ("https://example.org",)}):
        assert chunk(document("Ten.", **changed))[0].content_hash != chunk(plain)[0].content_hash
    assert chunk(replace(plain, version="v2"))[0].content_hash == chunk(plain)[0].content_hash


def test_the_first_source_is_the_one_that_is_cited() -> None:
    assert (
        chunk(document("x", sources=("https://a.example", "https://b.example")))[0].source
        == "https://a.example"
    )


def test_a_long_section_is_cut_at_sentence_ends_into_even_parts() -> None:
    text = " ".join(f"Sentence number {i} says that the base has room for a team." for i in range(40))
    passages = chunk(document("## Rooms\n\n" + text))
    assert [p.id.rpartition(":")[2] for p in passages[1:]] == [str(n) for n in range(2, len(passages) + 1)]
    assert all(p.text.endswith(".") and size(p.text) <= LIMIT * 1.15 for p in passages)
    assert " ".join(p.text for p in passages) == text
    assert min(len(p.text) for p in passages) > LIMIT / 3


def test_a_long_table_is_cut_between_rows_and_repeats_its_columns() -> None:
    rows = "\n".join(
        f"| Service {i} | It helps founders with matter {i} for as long as they want |" for i in range(40)
    )
    passages = chunk(document("| Service | What it is |\n|---|---|\n" + rows, language="en"))
    assert len(passages) > 1
    for passage in passages:
        head, *lines = passage.text.split("\n")
        assert head == "Service: What it is"
        assert all(line.startswith("- Service ") and line.endswith("want") for line in lines)


def test_a_long_list_is_cut_between_items_and_repeats_what_introduces_it() -> None:
    items = "\n".join(
        f"- Document number {i}, signed by everybody who founded the company" for i in range(40)
    )
    passages = chunk(document("Bring along:\n\n" + items))
    assert len(passages) > 1
    assert all(p.text.startswith("Bring along:\n- Document") for p in passages)


def test_chinese_passages_are_short_enough_for_the_embedder() -> None:
    text = "联合基地为创业团队提供场地、设备和咨询服务。" * 60
    passages = chunk(document(text, language="zh"))
    assert all(len(p.text) <= 400 and p.text.endswith("。") for p in passages)
    assert "".join(p.text for p in passages) == text


def test_text_without_any_boundary_is_cut_all_the_same() -> None:
    for text in ("x" * 5000, "中" * 4000, "word " * 3000, "中" * 8 + "x" * 1300):
        passages = chunk(document(text))
        assert all(size(p.text) <= LIMIT * 1.4 for p in passages)
        assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())


def test_lines_broken_to_fit_a_page_are_joined_and_meant_breaks_are_kept() -> None:
    wrapped = "The base gives founders rooms and advice for as long as they are\nresident.\nTel. 1\nFax 2"
    assert chunk(document(wrapped))[0].text == (
        "The base gives founders rooms and advice for as long as they are resident.\nTel. 1\nFax 2"
    )


def test_an_empty_document_gives_no_passage() -> None:
    assert chunk(document("# Residency\n\n---\n")) == []


def test_an_empty_block_of_code_leaves_the_text_around_it() -> None:
    assert [p.text for p in chunk(document("```\n```\nBerths are free.\n\n```"))] == ["Berths are free."]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="#-|*_`>[]() \nab中。.1:", max_size=200))
def test_any_markdown_gives_distinct_ids_and_filled_passages(markdown: str) -> None:
    passages = chunk(document(markdown))
    assert len({p.id for p in passages}) == len(passages)
    assert all(p.text.strip() for p in passages)
