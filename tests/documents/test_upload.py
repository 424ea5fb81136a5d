from __future__ import annotations

import io

import pytest
from docx import Document as Word
from reportlab.pdfgen import canvas

from knowledge.documents.upload import read_upload
from knowledge.errors import DocumentsInvalid

LANGUAGES = ("zh", "en")


def test_a_markdown_file_keeps_what_its_front_matter_says() -> None:
    text = (
        "---\nid: en/ferry\ntitle: Ferry\nlanguage: en\nvalid_until: 2026-12-31\n---\n# Ferry\n\nAt seven.\n"
    )
    found = read_upload("anything.md", text.encode(), LANGUAGES)
    assert (found.id, found.title, found.language) == ("en/ferry", "Ferry", "en")
    assert found.valid_until is not None


def test_a_file_without_front_matter_is_named_after_its_language_and_name() -> None:
    text = "The ferry leaves at seven every morning, and at nine on Sundays."
    found = read_upload("C:\\files\\Ferry Times (2026).txt", text.encode(), LANGUAGES)
    assert (found.id, found.title) == ("en/ferry-times-2026", "Ferry Times (2026)")
    chinese = read_upload(
        "../../渡轮.txt", "渡轮每天早上七点开船，周日九点开船，请提前到达。".encode(), LANGUAGES
    )
    assert chinese.id == "zh/渡轮"


def test_word_and_pdf_files_are_read() -> None:
    word, pdf = io.BytesIO(), io.BytesIO()
    made = Word()
    made.add_heading("Ferry", 1)
    made.add_paragraph("The ferry leaves at seven every morning.")
    made.save(word)
    page = canvas.Canvas(pdf)
    page.drawString(72, 700, "The ferry leaves at seven every morning.")
    page.save()
    for name, data in (("ferry.docx", word), ("ferry.PDF", pdf)):
        assert "ferry leaves at seven" in read_upload(name, data.getvalue(), LANGUAGES).markdown


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("virus.exe", b"MZ\x90\x00", "virus.exe is of a kind that is not read"),
        ("picture.png", b"\x89PNG", "picture.png is of a kind that is not read"),
        ("binary.txt", b"a\x00b\x00", "binary.txt is not a text file"),
        ("fake.pdf", b"this is no PDF at all", "fake.pdf "),
        ("fake.docx", b"PK\x03\x04 not a zip", "fake.docx "),
        ("empty.md", b"", "empty.md holds no text"),
        ("old.doc", b"\xd0\xcf\x11\xe0", "save it as .docx"),
        ("noname", b"text", "noname is of a kind that is not read"),
        (".hidden.md", b"---\nid: ../x\n---\nText", "hidden.md has front matter in which id"),
        ("yaml.md", b"---\ntitle: [\n---\nText", "not valid YAML"),
        ("large.txt", b"word " * 6_000_000, "files up to 25 MB are read"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentsInvalid) as refused:
        read_upload(name, data, LANGUAGES)
    assert reason in str(refused.value)


def test_marks_that_programs_put_before_a_name_are_not_part_of_the_title() -> None:
    document = read_upload("C:\\drafts\\~$notes.txt", b"The quarry opens at six.", LANGUAGES)
    assert (document.title, document.id) == ("notes", "en/notes")
