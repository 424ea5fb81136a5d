"""The words by which stored messages are found, with those apart that masking hides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from handlers.review.masking import MARKS, Masker
from knowledge.words import words_of
from storage.review_records import ANYTHING_HIDDEN, HIDDEN


def search_words(text: str, names: Sequence[str] = ()) -> frozenset[str]:
    """Return what a message is found by; words that only stand where masking hides them begin with a point.

    So one index serves those who may see personal data and those who may not: these do not find it, and
    cannot find it out by searching. `names` are those of the founder.
    """
    masked = _masker(tuple(names))(text)
    if masked == text:
        return words_of(text)
    for mark in MARKS:
        masked = masked.replace(mark, " ")
    shown = words_of(masked)
    return shown | {HIDDEN + word for word in words_of(text) - shown} | {ANYTHING_HIDDEN}


@lru_cache(maxsize=1024)
def _masker(names: tuple[str, ...]) -> Masker:
    return Masker(names)
