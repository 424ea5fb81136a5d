from __future__ import annotations

import asyncio
import contextlib
import io
import os
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from bot.channels.base import FetchError
from bot.channels.terminal_files import asked_file, dropped_file
from bot.chores import sweep
from bot.file_checks import MAX_BYTES, MEDIA_TYPES, check_file, clean_name
from bot.files import FOLDER, FileStore, Shelf
from handlers.files import FileRefused, StoredFile
from handlers.messages import Attachment
from handlers.texts import LANGUAGES, Texts, placeholders
from storage.database import Database
from tests.bot import samples
from tests.storage.builders import a_person

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD = [
    ("plan.pdf", samples.pdf(), "plan.pdf", "pdf"),
    ("计划书.PDF", samples.pdf(), "计划书.PDF", "pdf"),
    ("plan", samples.pdf(), "plan.pdf", "pdf"),
    ("plan.docx", samples.word(), "plan.docx", "docx"),
    ("numbers.xlsx", samples.excel(), "numbers.xlsx", "xlsx"),
    ("logo.png", samples.png(), "logo.png", "png"),
    ("photo.jpeg", samples.jpg(), "photo.jpeg", "jpg"),
    ("photo.jpg", samples.png(), "photo.png", "png"),
    ("photo", samples.jpg(), "photo.jpg", "jpg"),
    ("note.txt", "你好".encode(), "note.txt", "txt"),
    ("note.txt", "你好,世界".encode("gb18030"), "note.txt", "txt"),
    ("note.txt", "你好".encode("utf-16"), "note.txt", "txt"),
    ("table.csv", b"a,b\n1,2\n", "table.csv", "csv"),
    ("read.md", b"# Title\n", "read.md", "md"),
    ("notes", b"just words", "notes.txt", "txt"),
    ("deck.pptx", samples.office(b"presentationml.presentation.main+xml"), "deck.pptx", "pptx"),
    ("chart.docx", samples.office(word__embeddings__a_dot_xlsx=samples.excel()), "chart.docx", "docx"),
    ("x.odt", samples.archive(mimetype=b"application/vnd.oasis.opendocument.text"), "x.odt", "odt"),
]
BAD = [
    ("empty.pdf", b"", "empty"),
    ("big.pdf", b"%PDF-" + bytes(MAX_BYTES), "too_large"),
    ("plan.pdf", b"MZ\x90\x00" + bytes(60), "program"),
    ("plan.pdf", b"\x7fELF\x02", "program"),
    ("run", b"#!/bin/sh\nrm -rf /\n", "program"),
    ("macro.vbs", b'MsgBox "hi"', "program"),
    ("deck.pdf.exe", b"just words", "program"),
    ("annex\u202efdp.exe", b"just words", "program"),
    ("plan.exe", samples.pdf(), "program"),
    ("app.apk", samples.archive(classes_dot_dex=b"dex"), "program"),
    ("all.zip", samples.archive(a_dot_pdf=samples.pdf()), "archive"),
    ("all.rar", b"Rar!\x1a\x07\x00", "archive"),
    ("all.gz", b"\x1f\x8b\x08\x00", "archive"),
    ("old.doc", OLE + bytes(600), "old_office"),
    ("plan.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "locked"),
    ("plan.docm", samples.office(b"application/vnd.ms-word.document.macroEnabled.main+xml"), "macros"),
    ("plan.docx", samples.office(word__vbaProject_dot_bin=b"x"), "macros"),
    ("x.xlsx", samples.office(xl__macrosheets__a_dot_xml=b"x"), "macros"),
    ("plan.docx", samples.office(word__embeddings__oleObject1_dot_bin=OLE), "embedded"),
    ("plan.docx", samples.office(word__media__a_dot_png=b"MZ\x90"), "embedded"),
    ("plan.docx", samples.office(word__a_dot_xml=b"<!DOCTYPE a [<!ENTITY b 'c'>]>"), "active"),
    ("plan.docx", samples.office(word__a_dot_xml='<!ENTITY b "c">'.encode("utf-16")), "active"),
    (
        "plan.docx",
        samples.office(word__a_dot_rels=b'<Relationship Type="x/attachedTemplate" TargetMode="External"/>'),
        "active",
    ),
    ("plan.docx", samples.office(word__a_dot_xml=b"0" * 30_000_000), "bomb"),
    ("plan.docx", samples.office(**{f"a{n}_dot_xml": b"0" * 1_900_000 for n in range(40)}), "bomb"),
    ("plan.docx", samples.office(**{f"a{n}": b"" for n in range(3_100)}), "bomb"),
    ("plan.docx", samples.word()[:-40], "damaged"),
    ("plan.pdf", samples.pdf()[:200], "damaged"),
    ("plan.pdf", samples.pdf_with(b"<< /S /JavaScript /JS (app.alert(1)) >>"), "active"),
    ("plan.pdf", samples.pdf_with(b"<< /S /J#61vaScript /JS (app.alert(1)) >>"), "active"),
    ("plan.pdf", samples.pdf_with(b"<< /S /Launch /F (cmd.exe) >>"), "active"),
    ("plan.pdf", samples.pdf_packing(b"<< /S /JavaScript /JS (app.alert(1)) >>"), "active"),
    ("plan.pdf", samples.pdf_packing(b"<< /S /#4aavaScript /JS (app.alert(1)) >>"), "active"),
    ("plan.pdf", samples.pdf_packing(b"x", b"/Filter [/ASCII85Decode /FlateDecode]"), "active"),
    ("plan.pdf", samples.pdf_packing(b"0" * 60_000_000), "bomb"),
    ("plan.pdf", samples.pdf_with(b"<< /Type /EmbeddedFile >>"), "embedded"),
    ("plan.pdf", samples.pdf_with(b"<< /Encrypt 5 0 R >>"), "locked"),
    ("plan.pdf", samples.pdf() + samples.archive(a=b"b"), "mixed"),
    ("logo.png", samples.png() + samples.archive(a=b"b"), "mixed"),
    ("logo.png", samples.pdf(), "lies"),
    ("plan.pdf", samples.png(), "lies"),
    ("plan.pdf", b"just words", "lies"),
    ("plan.docx", samples.excel(), "lies"),
    ("huge.png", samples.png(60_000, 60_000), "bomb"),
    ("cut.png", samples.png()[:40], "damaged"),
    ("page.html", b"<!DOCTYPE html><html></html>", "web"),
    ("page.txt", b"\xef\xbb\xbf  <svg onload=alert(1)>", "web"),
    ("note.md", b"# hi\n<script>alert(1)</script>", "web"),
    ("note.txt", '<html>"x"</html>'.encode("utf-16"), "web"),
    ("page.svg", b"words", "web"),
    ("letter.rtf", b"{\\rtf1 words}", "kind"),
    ("data.bin", bytes(range(256)), "kind"),
    ("talk.mp3", b"ID3\x03" + bytes(40), "kind"),
]


@pytest.mark.parametrize(("name", "content", "kept", "kind"), GOOD, ids=lambda value: str(value)[:24])
def test_a_document_is_kept_under_a_name_that_tells_what_it_is(
    name: str, content: bytes, kept: str, kind: str
) -> None:
    checked = check_file(content, name)
    assert (checked.name, checked.media_type) == (kept, MEDIA_TYPES[kind])


@pytest.mark.parametrize(
    ("name", "content", "code"), BAD, ids=[f"{n}-{code}-{i}" for i, (n, _, code) in enumerate(BAD)]
)
def test_what_lies_or_bites_is_refused_quickly_with_a_sentence(name: str, content: bytes, code: str) -> None:
    started = time.process_time()
    with pytest.raises(FileRefused) as refused:
        check_file(content, name)
    assert time.process_time() - started < 1.0
    assert refused.value.code == code
    for language in LANGUAGES:
        sentence = Texts(language)(refused.value.key, **refused.value.values)
        assert not placeholders(sentence)


def test_an_entry_that_unpacks_to_more_than_it_says_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", samples.WORD)
        archive.writestr("word/a.xml", b"0" * 1_000_000)
    content = bytearray(file.getvalue())
    true_size, lie = (1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert content.count(true_size) == 2
    with pytest.raises(FileRefused) as refused:
        check_file(bytes(content.replace(true_size, lie)), "plan.docx")
    assert refused.value.code == "bomb"


def test_an_entry_with_two_names_is_refused() -> None:
    content = samples.office(word__harmless_dot_xml=b"x")
    end = content.rindex(b"word/harmless.xml")
    with pytest.raises(FileRefused) as refused:
        check_file(content[:end] + b"word/unharmed.xml" + content[end + 17 :], "plan.docx")
    assert refused.value.code == "damaged"


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("plan\u202efdp.pdf", "planfdp.pdf"),
        ("a\x00b\nc.pdf", "a_b_c.pdf"),
        ("  . plan .pdf", "plan .pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("", ""),
        ("商业计划书(最终版).pdf", "商业计划书(最终版).pdf"),
    ],
)
def test_names_lose_folders_and_tricks(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


def test_a_very_long_name_keeps_its_ending() -> None:
    name = clean_name("计" * 500 + ".pdf")
    assert len(name.encode()) <= 160
    assert name.endswith("计.pdf")


FLOODS = {
    "slashes": b"/" * 19_000_000,
    "cut escapes": b"/#4" * 6_000_000,
    "escapes": b"/a#41" * 3_000_000,
    "streams": b"stream\n" * 2_500_000,
    "packed": b"/First /ObjStm /Fl stream\n" * 500_000,
    "small streams": (b"/First stream\n" + zlib.compress(b"<" * 2000)) * 90_000,
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_take_about_a_second_at_most(name: str) -> None:
    started = time.process_time()
    with contextlib.suppress(FileRefused):
        check_file(b"%PDF-1.7\n" + FLOODS[name] + b"endobj startxref", "plan.pdf")
    assert time.process_time() - started < 1.5


class Source:
    """A channel with one file, which may fail first."""

    name = "telegram"

    def __init__(self, content: bytes, *failures: str) -> None:
        self.content, self.failures = content, list(failures)

    async def fetch(self, reference: str, limit: int) -> bytes:
        if self.failures:
            raise FetchError(self.failures.pop(0))
        return self.content


def attachment(name: str = "plan.pdf", size: int | None = None) -> Attachment:
    return Attachment(name=name, media_type="application/pdf", size=size, reference="F1")


async def test_a_file_is_kept_once_under_its_hash_and_read_back(tmp_path: Path) -> None:
    content = samples.pdf()
    store = FileStore(tmp_path, [Source(content)])
    first, second = await asyncio.gather(
        store.fetch("telegram", attachment()), store.fetch("telegram", attachment("again.pdf"))
    )
    assert first == StoredFile(
        sha256=first.sha256, name="plan.pdf", media_type="application/pdf", size=len(content)
    )
    assert second.sha256 == first.sha256
    assert await store.read(first.sha256) == content
    files = [path for path in (tmp_path / FOLDER).rglob("*") if path.is_file()]
    assert [path.name for path in files] == [first.sha256]
    assert files[0].stat().st_mode & 0o077 == 0


async def test_trouble_is_tried_again_and_then_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.files._PAUSE", 0.0)
    assert await FileStore(tmp_path, [Source(samples.pdf(), "network", "network")]).fetch(
        "telegram", attachment()
    )
    for failures, code in (
        (["network"] * 3, "not_fetched"),
        (["gone"], "gone"),
        (["too_large"], "too_large"),
    ):
        with pytest.raises(FileRefused) as refused:
            await FileStore(tmp_path, [Source(b"", *failures)]).fetch("telegram", attachment())
        assert refused.value.code == code
    with pytest.raises(FileRefused, match="too_large"):
        await FileStore(tmp_path, [Source(b"")]).fetch("telegram", attachment(size=30_000_000))
    with pytest.raises(FileRefused, match="gone"):
        await FileStore(tmp_path, []).fetch("telegram", attachment())


async def test_reading_needs_a_hash_that_is_there(tmp_path: Path) -> None:
    store = FileStore(tmp_path, [])
    for wrong in ("../../etc/passwd", "", "a" * 64):
        with pytest.raises(LookupError):
            await store.read(wrong)


async def test_the_loop_goes_on_while_a_large_file_is_looked_at(tmp_path: Path) -> None:
    store = FileStore(tmp_path, [Source(b"%PDF-1.7\n" + os.urandom(19_000_000) + b"endobj startxref")])
    fetching = asyncio.create_task(store.fetch("telegram", attachment()))
    # What the loop's own thread works between two looks: waiting for a processor does not count.
    longest, last = 0.0, time.thread_time()
    while not fetching.done():
        await asyncio.sleep(0.002)
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    await fetching
    assert longest < 0.1


async def test_the_sweep_removes_what_is_old_and_not_referred_to(tmp_path: Path, database: Database) -> None:
    person = await a_person(database)
    store, shelf = FileStore(tmp_path, []), Shelf(tmp_path / FOLDER)
    hashes = {name: shelf.put(name.encode()) for name in ("used", "loose", "young")}
    async with database.unit_of_work() as work:
        application = await work.applications.start(person.founder.id, language="en", form_version="v")
        for name, sha256 in hashes.items():
            await work.files.note(
                person.founder.id, sha256=sha256, name=name, media_type="text/plain", size=4
            )
        from storage.application_records import StoredAnswer

        answer = StoredAnswer({"sha256": hashes["used"], "name": "used.txt", "media_type": "x", "size": 4})
        await work.applications.save(application.id, {"deck": answer}, [], member_id=None, message_id=None)
    (tmp_path / FOLDER / "ab").mkdir(exist_ok=True)
    partial = tmp_path / FOLDER / "ab" / ".partial-x"
    partial.write_bytes(b"half")
    for path in (shelf.path(hashes["used"]), shelf.path(hashes["loose"]), partial):
        os.utime(path, (1, 1))
    assert await sweep(database, store) == 1
    assert not partial.exists()
    assert [shelf.path(hashes[name]).exists() for name in ("used", "loose", "young")] == [True, False, True]
    async with database.unit_of_work(read_only=True) as work:
        assert {item.name for item in await work.files.of(person.founder.id)} == {"used", "young"}


def test_a_file_in_the_terminal_is_asked_for_or_dragged_in(tmp_path: Path) -> None:
    file = tmp_path / "my plan.pdf"
    file.write_bytes(samples.pdf())
    quoted = str(file).replace(" ", "\\ ")
    for line in (f"/file {file}", f"/file '{file}'", f"/file {quoted}"):
        assert asked_file(line) == file
    for line in (f"'{file}'", quoted, f"file://{str(file).replace(' ', '%20')}"):
        assert dropped_file(line) == file
    assert asked_file("/file nowhere.pdf") == Path("nowhere.pdf")
    for line in ("/file", "/start", "/apply now", "How long? it's /tmp", "'"):
        assert (asked_file(line), dropped_file(line)) == (None, None)
