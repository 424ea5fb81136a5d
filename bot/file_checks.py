"""What a file is by its content, and whether it may be kept; pure, bounded in time and memory."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

import puremagic

from bot.file_images import check_image
from bot.file_pdf import check_pdf
from bot.file_pieces import PIECE, pieces
from bot.file_zip import check_zip
from handlers.files import FileRefused

MAX_BYTES = 20_000_000
"""What Telegram lets a bot download; larger material travels as a link."""

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
}
"""The kinds that are kept, by the ending their name gets."""

_SAME = {
    "jpeg": "jpg",
    "jpe": "jpg",
    "jfif": "jpg",
    "heif": "heic",
    "text": "txt",
    "log": "txt",
    "markdown": "md",
}
_TEXTS = frozenset({"txt", "md", "csv"})
_IMAGES = frozenset({"png", "jpg", "webp", "heic"})
_PROGRAM_ENDINGS = """
    apk app bat bin class cmd com command cpl desktop dex dll dmg elf exe gadget hta inf iso jar js jse lnk
    msi msp msu php pif pl ps1 psm1 py pyc rb reg scf scr sh so svgz sys url vb vbe vbs vhd wsf wsh xll
"""
_PROGRAMS = frozenset(_PROGRAM_ENDINGS.split())
_PROGRAM_SIGNS = (
    b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"dex\n", b"\x00asm", b"#!", b"L\x00\x00\x00\x01\x14\x02\x00", b"ITSF",
)  # fmt: skip
_ARCHIVE_SIGNS = (
    b"Rar!\x1a", b"7z\xbc\xaf'\x1c", b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"MSCF", b"(\xb5/\xfd",
    b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x9d", b"xar!",
)  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WEB = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|iframe|svg|\?xml|\?php|object|embed)\b", re.I)
_WEB_ANYWHERE = re.compile(rb"<(?:script|iframe|svg|html)[\s>]", re.I)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_OVERLAP = 64
_MAX_NAME_BYTES = 160
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.I)


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept: its cleaned name with the right ending, and its media type."""

    name: str
    media_type: str


def check_file(content: bytes, name: str) -> Checked:
    """Tell what a file is and whether it may be kept; raises FileRefused."""
    if not content:
        raise FileRefused("empty")
    if len(content) > MAX_BYTES:
        raise too_large()
    cleaned = clean_name(name)
    _, ending = _split(cleaned)
    kind = _kind(content, ending)
    return Checked(_with_ending(cleaned, kind), MEDIA_TYPES[kind])


def too_large(limit: int = MAX_BYTES) -> FileRefused:
    """The refusal of a file above the limit, in whole megabytes."""
    return FileRefused("too_large", limit=limit // 1_000_000)


def clean_name(name: str) -> str:
    """A name without folders, control and direction signs, of bearable length; "" when nothing is left."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(
        sign for sign in name if unicodedata.category(sign) not in {"Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    name = re.sub(r"\s+", " ", _UNSAFE.sub("_", name)).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, ending = _split(name)
    while len(name.encode()) > _MAX_NAME_BYTES:
        stem = stem[:-1]
        name = f"{stem.rstrip(' .')}.{ending}" if ending else stem
    return name


def _split(name: str) -> tuple[str, str]:
    """The stem and the lower-case ending of a name; no ending when it does not look like one."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,10}", ending):
        return name, ""
    return stem, ending.lower()


def _with_ending(name: str, kind: str) -> str:
    stem, ending = _split(name)
    if _SAME.get(ending, ending) == kind:
        return name if stem else f"file.{ending}"
    if ending in MEDIA_TYPES or ending in _SAME:
        name = stem
    return f"{name or 'file'}.{kind}"


def _kind(content: bytes, ending: str) -> str:
    named = _SAME.get(ending, ending)
    kind = _by_signature(content) or _as_text(content, named)
    if kind is None:
        raise FileRefused("kind", kind=_guess(content) or ending or "?")
    differs = named in MEDIA_TYPES and named != kind
    if differs and not {named, kind} <= _IMAGES and not {named, kind} <= _TEXTS:
        raise FileRefused("lies", named=named.upper(), really=kind.upper())
    if named in _PROGRAMS:
        raise FileRefused("program")
    return kind


def _by_signature(content: bytes) -> str | None:
    """The kind of binary files, checked inside; None for what may be text."""
    head = content[:1024]
    if head.startswith(_PROGRAM_SIGNS):
        raise FileRefused("program")
    if head.startswith(_ARCHIVE_SIGNS) or content[257:262] == b"ustar":
        raise FileRefused("archive")
    if head.startswith(_OLE):
        # A locked docx is an OLE container with these two streams; everything else is Office before 2007.
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise FileRefused("locked" if locked else "old_office")
    if head.startswith(b"{\\rt"):
        raise FileRefused("kind", kind="RTF")
    if head.startswith(b"PK\x03\x04"):
        return check_zip(content)
    if kind := check_image(content):
        _refuse_tail(content)
        return kind
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if start.startswith(b"%PDF-"):
        check_pdf(content)
        _refuse_tail(content)
        return "pdf"
    if b"%PDF-" in head:
        raise FileRefused("mixed")
    return None


def _refuse_tail(content: bytes) -> None:
    """Refuse an archive hung behind an image or a PDF: it opens as the one and as the other."""
    if b"PK\x05\x06" in content[-66_000:]:
        raise FileRefused("mixed")


def _as_text(content: bytes, named: str) -> str | None:
    """Which kind of text it is; None when it is no text at all."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ("utf-16",) if wide else ("utf-8-sig", "gb18030")
    if not wide and any(_CONTROLS.search(piece) for piece in pieces(content, _OVERLAP)):
        return None
    if not any(_decodes(content, encoding) for encoding in encodings):
        return None
    if wide and _CONTROLS.search(content[:PIECE].decode("utf-16", "ignore").encode()):
        return None
    plain = content[:PIECE].decode("utf-16", "ignore").encode() if wide else content
    if _WEB.match(plain[:4096].removeprefix(codecs.BOM_UTF8).lstrip()):
        raise FileRefused("web")
    if any(_WEB_ANYWHERE.search(piece) for piece in pieces(plain, _OVERLAP)):
        raise FileRefused("web")
    if named in _PROGRAMS:
        raise FileRefused("program")
    if named in {"html", "htm", "xhtml", "svg", "mht", "mhtml", "xml"}:
        raise FileRefused("web")
    return named if named in _TEXTS else "txt"


def _decodes(content: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for at in range(0, len(content), PIECE):
            decoder.decode(content[at : at + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess(content: bytes) -> str:
    """What the first bytes look like, for the sentence of refusal only."""
    try:
        return puremagic.from_string(content[:4096]).lstrip(".").upper()
    except (puremagic.PureError, ValueError, IndexError):
        return ""
