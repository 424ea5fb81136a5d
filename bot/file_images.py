"""Pictures: which kind, whole, and of a size that can be opened."""

from __future__ import annotations

import struct

from handlers.files import FileRefused

MAX_PIXELS = 120_000_000
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def check_image(content: bytes) -> str | None:
    """The kind of a picture, None when it is none; raises FileRefused for a broken or monstrous one."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        _measure(*_png(content))
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        _measure(*_jpeg(content))
        return "jpg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        if struct.unpack_from("<I", content, 4)[0] + 8 > len(content) + 1:
            raise FileRefused("damaged")
        return "webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "heic"
    return None


def _measure(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise FileRefused("bomb")
    if not width or not height:
        raise FileRefused("damaged")


def _png(content: bytes) -> tuple[int, int]:
    if content[12:16] != b"IHDR" or b"IEND" not in content[-65_536:]:
        raise FileRefused("damaged")
    width, height = struct.unpack_from(">II", content, 16)
    return int(width), int(height)


def _jpeg(content: bytes) -> tuple[int, int]:
    """Walk the segments up to the first frame, which holds the size."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            if content.find(b"\xff\xd9", at) < 0:
                raise FileRefused("damaged")
            return int(width), int(height)
        at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
    raise FileRefused("damaged")
