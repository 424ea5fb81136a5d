"""Content in small pieces: bounded memory, and other threads get their turn between two of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.files import FileRefused

PIECE = 1 << 18


@dataclass(slots=True)
class Allowance:
    """How many bytes may still be unpacked from one file, whatever is nested in it."""

    left: int

    def spend(self, size: int) -> None:
        """Count unpacked bytes; raises FileRefused when it is too much."""
        self.left -= size
        if self.left < 0:
            raise FileRefused("bomb")


def pieces(content: bytes, overlap: int = 0) -> Iterator[bytes]:
    """The content piece by piece, each with the first bytes of the next, for patterns at the seam."""
    for at in range(0, len(content), PIECE):
        yield content[at : at + PIECE + overlap]


def inflated(data: memoryview, allowance: Allowance, *, raw: bool = False) -> Iterator[bytes]:
    """Unpack deflated data until its end or the allowance's; raises zlib.error."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    feed, at = b"", 0
    while not inflate.eof:
        if not feed:
            feed = bytes(data[at : at + PIECE])
            at += PIECE
            if not feed:
                return
        piece = inflate.decompress(feed, PIECE)
        feed = inflate.unconsumed_tail
        allowance.spend(len(piece))
        yield piece
