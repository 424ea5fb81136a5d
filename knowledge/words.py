"""The words by which stored messages are found: segmented as in retrieval, for an index of a database."""

from __future__ import annotations

import re
from functools import lru_cache

from knowledge.language import to_simplified

_HAN = "㐀-䶿一-鿿豈-﫿"
_PIECE = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[.,]\d+)*")
_HAN_PIECE = re.compile(f"[{_HAN}]")
_LONGEST = 40
_MOST = 4000
_ENDINGS = ("ations", "ation", "ing", "ies", "ed", "es", "s")
_SHORTEST_STEM = 4


@lru_cache(maxsize=256)
def words_of(text: str) -> frozenset[str]:
    """Return what a text is found by: its words, and of Chinese all pairs and the last character of a run.

    Chinese is folded to simplified characters. With the last characters in the index every single character
    is the beginning of some word, so that one character can be looked for, too. Long numbers and words are
    cut to 40 characters, and a text gives about 4,000 words at most. What the bot says often is remembered.
    """
    found: set[str] = set()
    for piece in _pieces(text):
        if _HAN_PIECE.match(piece):
            found.update(piece[i : i + 2] for i in range(len(piece)))
        else:
            found.add(piece[:_LONGEST])
        if len(found) > _MOST:
            break
    return frozenset(found)


def exact_words(text: str) -> frozenset[str]:
    """Return words that every text has that holds this one in full words."""
    found: set[str] = set()
    for piece in _pieces(text):
        if _HAN_PIECE.match(piece):
            found.update(piece[i : i + 2] for i in range(len(piece) - 1))
        else:
            found.add(piece[:_LONGEST])
    return frozenset(found)


def beginnings(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Split what is looked for into whole words (pairs of Chinese) and beginnings of words.

    An ending that English puts on a word is left out, so that "applications" also finds "applicant"; one
    Chinese character alone begins a pair.
    """
    whole: set[str] = set()
    begun: set[str] = set()
    for piece in _pieces(text):
        if not _HAN_PIECE.match(piece):
            begun.add(_stem(piece[:_LONGEST]))
        elif len(piece) == 1:
            begun.add(piece)
        else:
            whole.update(piece[i : i + 2] for i in range(len(piece) - 1))
    return frozenset(whole), frozenset(begun)


def folded(text: str) -> str:
    """Return a text as it is compared: simplified characters, small letters."""
    return to_simplified(text).lower()


def _pieces(text: str) -> list[str]:
    return _PIECE.findall(folded(text))


def _stem(word: str) -> str:
    if word.isascii() and word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word.removesuffix(ending)
    return word
