from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import docx
import openpyxl
import pytest
from reportlab.pdfgen.canvas import Canvas

from knowledge.documents import read_folder
from knowledge.documents.converter import Converter
from knowledge.documents.text import Unreadable
from knowledge.errors import DocumentsInvalid
from knowledge.model import Document


def read_one(folder: Path) -> Document:
    documents, failures = read_folder(folder)
    assert failures == []
    assert len(documents) == 1
    return documents[0]


def reason(folder: Path, name: str) -> str:
    documents, failures = read_folder(folder)
    assert name not in [document.path for document in documents]
    return {failure.path: failure.reason for failure in failures}[name]


def write_pdf(path: Path, *lines: str) -> None:
    canvas = Canvas(str(path))
    for number, line in enumerate(lines):
        canvas.drawString(72, 780 - 20 * number, line)
    canvas.save()


def test_front_matter_describes_the_document(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\nid: residency-en\ntitle: Living at the base\nlanguage: en-GB\ntwin: residency-zh\n"
        "sources:\n  - https://example.org/r\nas_of: 2026-03-31\nsample: true\n---\n# Residency\n\nText.\n"
    )
    document = read_one(tmp_path)
    assert (document.id, document.title, document.language) == ("residency-en", "Living at the base", "en")
    assert (document.twin, document.sources) == ("residency-zh", ("https://example.org/r",))
    assert (document.as_of, document.sample) == (date(2026, 3, 31), True)
    assert document.markdown == "# Residency\n\nText.\n"


def test_without_front_matter_path_heading_and_text_say_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "fees.md").write_text("# 费用\n\n基地不收取任何股权。\n", encoding="utf-8")
    document = read_one(tmp_path)
    assert (document.id, document.title, document.language) == ("zh/fees", "费用", "zh")


def test_a_document_of_several_equal_headings_is_named_after_its_file(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# Rent\n\nLow.\n\n# Fees\n\nNone.\n")
    assert read_one(tmp_path).title == "guide"


def test_rules_around_ordinary_text_are_not_front_matter(tmp_path: Path) -> None:
    text = "---\nPlease note: offices close at six.\n---\n# Hours\n\nFrom nine to six.\n"
    (tmp_path / "hours.md").write_text(text)
    assert read_one(tmp_path).markdown == text


def test_front_matter_that_never_ends_is_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nid: x\n\nThe base has rooms.\n")
    document = read_one(tmp_path)
    assert document.id == "a"
    assert "The base has rooms." in document.markdown


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("title: [unclosed", "has front matter that is not valid YAML"),
        ("id: ../../etc/passwd", "has front matter in which id is not"),
        ("id: zh/../../passwd", "has front matter in which id is not"),
        pytest.param("title: " + "x" * 17_000, "has front matter of more than 16 KB", id="long"),
        ("title: {a: 1}", "has front matter in which title is not a text"),
        ("language: Chinese!", "has front matter in which language is not"),
        ("sources: ['javascript:alert(1)']", "has front matter in which sources is not"),
        ("as_of: soon", "has front matter in which as_of is not a date"),
        ("sample: perhaps", "has front matter in which sample is not true or false"),
        ("title: &a x\ntwin: *a", "has front matter with YAML aliases"),
        ("title: !!python/object:os.system x", "has front matter that is not valid YAML"),
        ("as_of: !!timestamp soon", "has front matter that is not valid YAML"),
        ("sample: !!bool perhaps", "has front matter that is not valid YAML"),
        ("title: !!int ''", "has front matter that is not valid YAML"),
    ],
)
def test_front_matter_of_no_use_is_reported_by_its_key(tmp_path: Path, block: str, expected: str) -> None:
    (tmp_path / "a.md").write_text(f"---\n{block}\n---\nText.\n")
    assert reason(tmp_path, "a.md").startswith(expected)


def test_the_later_of_two_documents_with_one_id_is_reported_and_the_first_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nid: same\n---\nFirst.\n")
    (tmp_path / "b.md").write_text("---\nid: same\n---\nSecond.\n")
    documents, failures = read_folder(tmp_path)
    assert [document.path for document in documents] == ["a.md"]
    assert [(f.path, f.reason) for f in failures] == [("b.md", "has the id 'same', which a.md has already")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_is_read_in_the_encodings_that_office_programs_write(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("联合基地不收费。\r\n".encode(encoding))
    assert read_one(tmp_path).markdown == "联合基地不收费。\n"


@pytest.mark.parametrize(
    "data",
    [
        "联合基地为创业团队提供场地。".encode()[:-1] + b" and more",
        "Café für alle".encode("latin-1"),
        b"text\xff\xfe\xfa",
        b"PK\0\0\0",
    ],
)
def test_broken_text_is_reported_and_not_turned_into_nonsense(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.md").write_bytes(data)
    assert "is not" in reason(tmp_path, "a.md")


def test_control_and_direction_characters_are_taken_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("No\u202e fee\u200b\x07s.", encoding="utf-8")
    assert read_one(tmp_path).markdown == "No fees."


def test_pdf_word_and_html_are_converted(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "The base takes no equity.")
    word = docx.Document()
    word.add_heading("Residency guide", 0)
    word.add_heading("Rooms", 1)
    word.add_paragraph("Rooms are shared.")
    word.save(str(tmp_path / "b.docx"))
    (tmp_path / "c.html").write_text(
        "<html><head><title>T</title><script>alert(1)</script></head><body><h1>Fees</h1><p>No <b>fee</b>.</p>"
    )
    documents, failures = read_folder(tmp_path)
    assert failures == []
    assert [(d.id, d.title) for d in documents] == [("a", "a"), ("b", "Residency guide"), ("c", "Fees")]
    assert "The base takes no equity." in documents[0].markdown
    assert "# Rooms\n\nRooms are shared." in documents[1].markdown
    assert "No **fee**." in documents[2].markdown
    assert "alert" not in documents[2].markdown


def test_a_table_of_questions_becomes_one_section_a_row(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text(
        '类别;问题;答案\n费用;收费吗?;"不收费。\n# 真的"\n;没有答案的;\n', encoding="utf-8"
    )
    book = openpyxl.Workbook()
    book.active.append(["FAQ of the base"])
    book.active.append(["Question", "Answer"])
    book.active.append(["Is there a fee?", "No."])
    book.create_sheet("Rooms").append(["Room", "Seats"])
    book["Rooms"].append(["A | B", 4])
    book.save(tmp_path / "table.xlsx")
    documents, failures = read_folder(tmp_path)
    assert failures == []
    assert documents[0].markdown == "## 收费吗?\n\n不收费。\n真的\n"
    assert (documents[0].title, documents[0].language) == ("faq", "zh")
    assert documents[1].markdown == (
        "## Is there a fee?\n\nNo.\n\n## Rooms\n\n| Room | Seats |\n| --- | --- |\n| A \\| B | 4 |\n"
    )


def test_corrupt_files_and_a_scan_are_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.docx", "c.xlsx"):
        (tmp_path / name).write_bytes(b"%PDF-1.4 nonsense" + os.urandom(2000))
    write_pdf(tmp_path / "scan.pdf", "")
    (tmp_path / "good.md").write_text("Good.")
    documents, failures = read_folder(tmp_path)
    assert [document.path for document in documents] == ["good.md"]
    *corrupt, scan = failures
    assert [one.path for one in corrupt] == ["a.pdf", "b.docx", "c.xlsx"]
    assert all(one.reason.startswith("cannot be converted") for one in corrupt)
    assert (scan.path, scan.reason) == ("scan.pdf", "holds no text; a scan needs text recognition first")


def test_a_table_whose_quotation_never_ends_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('question,answer\nWhere?,"' + "x" * 10_000_001)
    (tmp_path / "good.md").write_text("Good.")
    documents, [failure] = read_folder(tmp_path)
    assert [document.path for document in documents] == ["good.md"]
    assert failure.reason.startswith("is not a table of separated values")


def test_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "big.pdf").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    started = time.process_time()
    assert reason(tmp_path, "big.pdf") == "is 200 MB; files up to 25 MB are read"
    assert time.process_time() - started < 1


def test_a_conversion_that_hangs_is_ended_and_the_next_file_is_converted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hangs.pdf")
    write_pdf(tmp_path / "good.pdf", "The base has rooms.")
    with Converter(seconds=0.5) as converter:
        with pytest.raises(Unreadable, match="took longer than"):
            converter.convert(tmp_path / "hangs.pdf")
        converter._seconds = 60
        assert "rooms" in converter.convert(tmp_path / "good.pdf")["markdown"]


def test_a_converter_that_dies_costs_one_file(tmp_path: Path) -> None:
    write_pdf(tmp_path / "good.pdf", "The base has rooms.")
    with Converter() as converter:
        converter.convert(tmp_path / "good.pdf")
        assert converter._process is not None
        converter._process.kill()
        converter._process.wait()
        assert "rooms" in converter.convert(tmp_path / "good.pdf")["markdown"]


def test_links_out_of_the_folder_and_special_files_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (tmp_path / "secret.md").write_text("Secret.")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    os.mkfifo(folder / "pipe.md")
    (folder / "old.doc").write_text("x")
    assert reason(folder, "link.md") == "is a link out of the folder"
    assert reason(folder, "pipe.md") == "is not a regular file"
    assert reason(folder, "old.doc") == "is of a kind that is not read (.doc); save it as .docx"


def test_hidden_files_and_pictures_are_passed_over_in_silence(tmp_path: Path) -> None:
    for name in (".hidden.md", "logo.png", "~$open.docx"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "note.md").write_text("x")
    assert read_folder(tmp_path) == ([], [])


def test_an_empty_file_and_a_name_that_is_not_text_are_reported(tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("---\nid: x\n---\n \n")
    assert reason(tmp_path, "empty.md") == "holds no text"
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md"))).write_text("Text.")
    documents, _ = read_folder(tmp_path)
    assert [document.id for document in documents] == ["\ufffd"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentsInvalid, match="does not exist"):
        read_folder(tmp_path / "nowhere")


def test_a_change_of_front_matter_is_a_new_version(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: A\n---\nText.\n")
    before = read_one(tmp_path).version
    (tmp_path / "a.md").write_text("---\ntitle: B\n---\nText.\n")
    assert read_one(tmp_path).version != before
