"""Bytes into clean text, or a sentence that says why not."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]")
_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Above this share of unreadable bytes the file was never UTF-8; below it, it is UTF-8 that got damaged.
_DAMAGED = 0.2
_COMMON = 0.9


class Unreadable(Exception):
    """A file cannot be taken in; the message is the sentence for the report.

    `code` names the reason for those who say it in another language, `detail` the part of it that varies.
    """

    def __init__(self, reason: str, code: str = "other", detail: str = "") -> None:
        super().__init__(reason)
        self.code, self.detail = code, detail


def decode(data: bytes) -> str:
    """Decode UTF-8 (with or without mark), UTF-16 with mark, or GB 18030, and tidy the result.

    Raises Unreadable for anything else, also for UTF-8 of which a part is damaged.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return tidy(_utf16(data))
    if b"\0" in data:
        raise Unreadable("is not a text file (it holds zero bytes)", "binary")
    try:
        return tidy(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return tidy(_chinese_legacy(data, error))


def tidy(text: str) -> str:
    """Normalize line ends and Unicode form; drop control, zero-width and direction characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _DIRECTION.sub("", _CONTROL.sub("", text))
    return unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))


def _utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unreadable("is marked as UTF-16 but is not; save it as UTF-8", "encoding") from error


def _chinese_legacy(data: bytes, error: UnicodeDecodeError) -> str:
    """Read GB 18030, which would also accept most damaged UTF-8 and turn it into nonsense."""
    failure = Unreadable(f"is not valid UTF-8 (first at byte {error.start}); save it as UTF-8", "encoding")
    bad = data.decode("utf-8", "replace").count("\ufffd")
    if bad < _DAMAGED * sum(byte > 0x7F for byte in data) / 2:
        raise failure from error
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise failure from error
    # Accented Latin letters read as GB 18030 give rare characters, real Chinese gives common ones.
    wide = [char for char in text if ord(char) > 0x7F]
    common = sum(1 for char in wide if char.encode("gb2312", "ignore"))
    if not any(_HAN.match(char) for char in wide) or common < _COMMON * len(wide):
        raise failure from error
    return text
