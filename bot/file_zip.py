"""Office documents of today are zip archives: which kind, no bomb, no macros, nothing hidden inside."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from bot.file_pieces import Allowance, inflated, pieces
from handlers.files import FileRefused

MAX_ENTRIES = 3_000
MAX_DIRECTORY = 1_000_000
MAX_UNPACKED = 64_000_000
MAX_RATIO = 250
_RATIO_FROM = 2_000_000
_MAX_WHOLE = 20_000_000
_OVERLAP = 4_000
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")

_MAIN = {
    b"wordprocessingml.document.main+xml": "docx",
    b"spreadsheetml.sheet.main+xml": "xlsx",
    b"presentationml.presentation.main+xml": "pptx",
    b"presentationml.slideshow.main+xml": "pptx",
}
_ODF = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
_MACRO_NAMES = re.compile(
    r"(?:^|/)(?:vba\w*\.(?:bin|xml)|macrosheets/|dialogsheets/|activex/|basic/|scripts/)", re.I
)
_MACRO_TYPES = re.compile(rb"macroEnabled|vbaProject|macrosheet\+xml|controlproperties|activeX", re.I)
_FIELD = re.compile(rb"DDEAUTO|<w:instrText[^<>]{0,200}>\s{0,20}DDE\b")
_RELATION = re.compile(rb"<Relationship\b[^<>]{0,4000}")
_REMOTE = (b"attachedTemplate", b"oleObject", b"subDocument", b"/frame")
_MAX_RELATIONS = 2_000_000
_EMBEDDED = re.compile(r"(?:^|/)embeddings/[^/]+\.(?:xlsx|docx|pptx)$", re.I)
_FOREIGN = (
    b"MZ",
    b"\x7fELF",
    b"\xd0\xcf\x11\xe0",
    b"PK\x03\x04",
    b"Rar!",
    b"7z\xbc\xaf",
    b"MSCF",
    b"%PDF-",
    b"\x1f\x8b",
)


def check_zip(content: bytes, allowance: Allowance | None = None) -> str:
    """The kind of an Office document; raises FileRefused for any other archive and for a dangerous one."""
    inside = allowance is not None
    allowance = allowance or Allowance(MAX_UNPACKED)
    _check_end(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_directory(entries)
            kind = _kind(content, entries, allowance)
            _check_entries(content, entries, allowance, inside=inside)
    except (zipfile.BadZipFile, struct.error, zlib.error, ValueError, NotImplementedError, UnicodeError):
        raise FileRefused("damaged") from None
    return kind


def _check_end(content: bytes) -> None:
    """Look at the end record before anybody reads a directory that it only claims."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - 66_000))
    if at < 0 or at + _END.size > len(content):
        raise FileRefused("damaged")
    _, _, _, _, count, size, offset, _ = _END.unpack_from(content, at)
    if content[max(0, at - 20) : at].startswith(b"PK\x06\x07") or offset + size != at:
        raise FileRefused("damaged")
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise FileRefused("bomb")


def _check_directory(entries: Sequence[zipfile.ZipInfo]) -> None:
    sizes = [entry.file_size for entry in entries]
    relations = [entry.file_size for entry in entries if _is_relations(entry)]
    if len(entries) > MAX_ENTRIES or sum(sizes) > MAX_UNPACKED or sum(relations) > _MAX_RELATIONS:
        raise FileRefused("bomb")
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename.lower()
        if entry.flag_bits & 0x1:
            raise FileRefused("locked")
        if entry.file_size > _RATIO_FROM and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
            raise FileRefused("bomb")
        if name in seen or name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise FileRefused("damaged")
        seen.add(name)


def _kind(content: bytes, entries: Sequence[zipfile.ZipInfo], allowance: Allowance) -> str:
    """Which document it is, by its own description."""
    names = {entry.filename: entry for entry in entries}
    if "[Content_Types].xml" in names:
        types = _whole(content, names["[Content_Types].xml"], allowance).replace(b"\0", b"")
        if _MACRO_TYPES.search(types):
            raise FileRefused("macros")
        found = next((kind for sign, kind in _MAIN.items() if sign in types), None)
        if found is None:
            raise FileRefused("kind", kind="Office")
        return found
    if "mimetype" in names:
        found = _ODF.get(_whole(content, names["mimetype"], allowance).strip())
        if found is None:
            raise FileRefused("kind", kind="OpenDocument")
        manifest = names.get("META-INF/manifest.xml")
        if manifest is not None and b"encryption-data" in _whole(content, manifest, allowance):
            raise FileRefused("locked")
        return found
    if "classes.dex" in names or "META-INF/MANIFEST.MF" in names:
        raise FileRefused("program")
    if any(name.endswith(".iwa") for name in names):
        raise FileRefused("kind", kind="Keynote / Pages / Numbers")
    raise FileRefused("archive")


def _check_entries(
    content: bytes, entries: Sequence[zipfile.ZipInfo], allowance: Allowance, *, inside: bool
) -> None:
    """Unpack every entry for real: its size, its sum, and nothing foreign in it."""
    end = 0
    for entry in sorted(entries, key=lambda item: item.header_offset):
        if entry.header_offset < end or (end == 0 and entry.header_offset != 0):
            raise FileRefused("damaged")
        if _MACRO_NAMES.search(entry.filename):
            raise FileRefused("macros")
        start = _data_start(content, entry)
        end = start + entry.compress_size
        if not entry.is_dir():
            _check_entry(content, entry, start, allowance, inside=inside)


def _data_start(content: bytes, entry: zipfile.ZipInfo) -> int:
    """Where the data begins, by the local header, which must tell the same name as the directory."""
    header = _LOCAL.unpack_from(content, entry.header_offset)
    name_size, extra_size = header[-2:]
    at = entry.header_offset + _LOCAL.size
    name = content[at : at + name_size]
    written = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
    if header[0] != b"PK\x03\x04" or name != written:
        raise FileRefused("damaged")
    return int(at + name_size + extra_size)


def _check_entry(
    content: bytes, entry: zipfile.ZipInfo, start: int, allowance: Allowance, *, inside: bool
) -> None:
    relations = _is_relations(entry)
    markup = relations or entry.filename.lower().endswith(".xml")
    size, crc, tail, first = 0, 0, b"", b""
    for piece in _unpacked(content, entry, start, allowance):
        if not size:
            first = piece[:8]
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        if size > entry.file_size:
            raise FileRefused("bomb")
        if markup:
            _look(tail + piece, relations=relations)
            tail = piece[-_OVERLAP:]
    if size != entry.file_size or crc != entry.CRC:
        raise FileRefused("damaged")
    if first.startswith(_FOREIGN):
        if inside or not first.startswith(b"PK\x03\x04") or not _EMBEDDED.search(entry.filename):
            raise FileRefused("embedded")
        check_zip(_whole(content, entry, allowance), allowance)


def _is_relations(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.lower().endswith(".rels")


def _look(text: bytes, *, relations: bool) -> None:
    """Refuse entities, fields that start programs, and relations that load from elsewhere."""
    text = text.replace(b"\0", b"")  # UTF-16 must not hide it
    if b"<!ENTITY" in text or (b"DDE" in text and _FIELD.search(text)):
        raise FileRefused("active")
    if relations and b"External" in text:
        for relation in _RELATION.findall(text):
            if b"External" in relation and any(kind in relation for kind in _REMOTE):
                raise FileRefused("active")


def _whole(content: bytes, entry: zipfile.ZipInfo, allowance: Allowance) -> bytes:
    if entry.file_size > _MAX_WHOLE:
        raise FileRefused("bomb")
    return b"".join(_unpacked(content, entry, _data_start(content, entry), allowance))


def _unpacked(content: bytes, entry: zipfile.ZipInfo, start: int, allowance: Allowance) -> Iterator[bytes]:
    data = content[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        allowance.spend(len(data))
        return pieces(data)
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise FileRefused("damaged")
    return inflated(memoryview(data), allowance, raw=True)
