"""PDFs: whole, without a password, and without anything that runs or is carried along.

A PDF hides names in two ways that matter: letters written as #4A, and objects packed into compressed
object streams. Both are undone; what cannot be unpacked in the plain way is refused.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from bot.file_pieces import PIECE, Allowance, inflated, pieces
from handlers.files import FileRefused

_OVERLAP = 128
_MAX_UNPACKED = 48_000_000
_MAX_STREAMS = 50_000
_MAX_SPELLED = 100_000

_ACTIVE = (b"/JavaScript", b"/Launch", b"/RichMedia", b"/ImportData", b"/SubmitForm")
_CARRIED = (b"/EmbeddedFile", b"/GoToE")
_LOCKED = (b"/Encrypt",)
_OTHER_FILTERS = (b"/ASCIIHexDecode", b"/ASCII85Decode", b"/LZWDecode", b"/RunLengthDecode", b"/DecodeParms")
_SCRIPTED_FORM = re.compile(rb"/XFA\s{0,9}(?:\[|\d{1,9}\s)")
_SPELLED = re.compile(rb"/[A-Za-z0-9]{0,14}#[0-9A-Fa-f]{2}[A-Za-z0-9#]{0,60}")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def check_pdf(content: bytes) -> None:
    """Raise FileRefused unless this PDF is whole and harmless as far as can be told."""
    if b"startxref" not in content or b"endobj" not in content:
        raise FileRefused("damaged")
    spelled = Allowance(_MAX_SPELLED)
    for piece in pieces(content, _OVERLAP):
        _look(piece, spelled)
    unpacked = Allowance(_MAX_UNPACKED)
    for data, packed in _object_streams(content, spelled):
        _unpack(data, packed, unpacked, spelled)


def _look(piece: bytes, spelled: Allowance) -> None:
    plain = _plain(piece, spelled)
    if _any(plain, _ACTIVE) or (b"/XFA" in plain and _SCRIPTED_FORM.search(plain)):
        raise FileRefused("active")
    if _any(plain, _CARRIED):
        raise FileRefused("embedded")
    if _any(plain, _LOCKED):
        raise FileRefused("locked")


def _plain(piece: bytes, spelled: Allowance) -> bytes:
    """The piece, followed by its names with #xx as they are meant."""
    if b"#" not in piece:
        return piece
    names = []
    for name in _SPELLED.findall(piece):
        spelled.spend(1)
        names.append(_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), name))
    return b" ".join([piece, *names]) if names else piece


def _any(piece: bytes, names: tuple[bytes, ...]) -> bool:
    return any(name in piece for name in names)


def _object_streams(content: bytes, spelled: Allowance) -> Iterator[tuple[memoryview, bool]]:
    """What follows each dictionary that may belong to an object stream, and whether it surely does."""
    before, at, count = 0, 0, Allowance(_MAX_STREAMS)
    view = memoryview(content)
    while (at := content.find(b"stream", at)) >= 0:
        start, at = at, at + 6
        line = content[at : at + 2]
        if content[start - 3 : start] == b"end" or not line.startswith((b"\n", b"\r")):
            continue
        count.spend(1)
        head = _plain(content[max(before, start - PIECE) : start], spelled)
        before = at
        packed = b"/ObjStm" in head
        if not packed and b"/First" not in head:
            continue
        if packed and _any(head, _OTHER_FILTERS):
            raise FileRefused("active")
        if packed and b"/Fl" not in head:
            continue  # not compressed: looked at already as it stands
        yield view[at + (2 if line == b"\r\n" else 1) :], packed


def _unpack(data: memoryview, packed: bool, unpacked: Allowance, spelled: Allowance) -> None:
    """Look at every piece of an object stream."""
    tail = None
    if not packed and (data[0] & 15 != 8 or int.from_bytes(data[:2], "big") % 31):
        return  # not compressed with zlib, so no object stream
    try:
        for piece in inflated(data, unpacked):
            _look((tail or b"") + piece, spelled)
            tail = piece[-_OVERLAP:]
    except zlib.error:
        if packed and tail is None:
            raise FileRefused("damaged") from None
