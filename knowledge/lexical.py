"""The lexical leg of retrieval: terms of any script, and BM25 over them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.language import to_simplified

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿]+")
_STEM = 5
# Words that ask or bind: no pair reaches over them, or "怎么申请" would find "怎么申诉" by "么申".
_BINDING = re.compile(
    "(为什么|什么时候|什么|怎么样|怎么|怎样|如何|多少|多久|多长|哪些|哪个|哪里|是否|能否|能不能|可不可以|可以|请问|"
    "我们|你们|他们|有没有|啥时候|啥|咋样|咋|吗|呢|吧|啊|呀|嘛|呗)"
)


def terms(text: str) -> list[str]:
    """Return the index terms of `text`: words, five-letter stems and pairs of Chinese characters.

    Chinese is folded to simplified characters and cut into overlapping pairs (one character alone
    stays alone), but not across words that ask: over XQuAD that beats a dictionary's words, needs no
    dictionary, and a name it never saw is found. Longer words also give their first five letters, which
    serves as a stemmer for every alphabet at once (McNamee & Mayfield 2004, "Character n-gram
    tokenization").
    """
    found: list[str] = []
    for match in _WORD.finditer(to_simplified(text).lower()):
        word, end = match.group(), 0
        for han in _HAN.finditer(word):
            _add_word(found, word[end : han.start()])
            end = han.end()
            for run in filter(None, _BINDING.split(han.group())):
                found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        _add_word(found, word[end:])
    return found


def _add_word(found: list[str], word: str) -> None:
    if word:
        found.append(word)
        if len(word) > _STEM and word.isalpha():
            found.append(word[:_STEM] + "*")


class LexicalIndex:
    """BM25 (Lucene's form, k1 0.9, b 0.4) over the terms of n passages, with their rarity."""

    def __init__(self, passages: Sequence[Sequence[str]]) -> None:
        import bm25s

        self._size = len(passages)
        self._terms = [frozenset(p) for p in passages]
        frequency: dict[str, int] = {}
        for passage in self._terms:
            for term in passage:
                frequency[term] = frequency.get(term, 0) + 1
        self._rarity = {t: float(np.log1p((self._size - f + 0.5) / (f + 0.5))) for t, f in frequency.items()}
        self._unknown = float(np.log1p((self._size + 0.5) / 0.5))
        self._bm25: Any = None
        if frequency:
            self._bm25 = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
            self._bm25.index([list(p) for p in passages], show_progress=False)

    def scores(self, question: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every passage for the question's terms, float32 of shape (n,)."""
        known = [t for t in dict.fromkeys(question) if t in self._rarity]
        if not known or self._bm25 is None:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)

    def rarity(self, term: str) -> float:
        """Inverse document frequency of a term; the greatest there is for a term no passage holds."""
        return self._rarity.get(term, self._unknown)

    def cover(self, question: Sequence[str], held: frozenset[str]) -> float:
        """Share (0-1) of the question's rarity that the terms in `held` carry."""
        weights = {t: self.rarity(t) for t in question}
        total = sum(weights.values())
        return sum(w for t, w in weights.items() if t in held) / total if total else 0.0

    def novel(self, question: Sequence[str]) -> float:
        """Share (0-1) of the question's rarity in terms that no passage holds."""
        weights = {t: self.rarity(t) for t in question}
        total = sum(weights.values())
        return sum(w for t, w in weights.items() if t not in self._rarity) / total if total else 0.0

    def terms_of(self, row: int) -> frozenset[str]:
        """The distinct terms of one passage."""
        return self._terms[row]
