"""Words typed wrong, put right where the documents hold the one that was meant.

"whats the conditon for residencey" shares no word with a section on conditions for residency. Only words of
six letters and more of an alphabet are looked at. One that the sentence encoder's vocabulary holds whole, or
but for a common ending, is meant as it stands ("patents" is not "parents"), and so is a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.sentences import CJK

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST, _LONG = 6, 8
_ROOT = 4
_ENDINGS = frozenset(
    ("s", "es", "ed", "d", "ing", "er", "r", "ers", "ly", "al", "e", "en", "n", "t", "te", "ten", "em")
)


class Spelling:
    """The words of some texts, and which of them a mistyped one stands for."""

    def __init__(self, texts: Iterable[str], pieces: Callable[[str], Sequence[str]]) -> None:
        """`pieces` cuts a word into the pieces of a vocabulary; what is in it is one piece."""
        self._count = Counter(word.lower() for text in texts for word in _WORD.findall(text))
        self._words = [word for word in self._count if len(word) >= _SHORTEST - 1]
        self._pieces = pieces

    def corrected(self, question: str) -> str:
        """The question with what is mistyped put right; most come back as they are."""
        shouted = question.isupper()

        def right(match: re.Match[str]) -> str:
            word = match.group()
            # Within a sentence a capital makes a name, or a German noun.
            if word[0].isupper() and match.start() > 0 and not shouted:
                return word
            return self._meant(word.lower()) or word

        return _WORD.sub(right, question)

    def _meant(self, word: str) -> str | None:
        if len(word) < _SHORTEST or word in self._count or CJK.search(word) or self._is_word(word):
            return None
        far = 1 if len(word) < _LONG else 2
        near = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=far, limit=5)
        # The first letter is seldom wrong; of several, the nearest and then the most frequent.
        ranked = [(far, -self._count[other], other) for other, far, _ in near if other[0] == word[0]]
        return min(ranked)[2] if ranked else None

    def _is_word(self, word: str) -> bool:
        root, *ending = self._pieces(word)
        return not ending or (len(root) >= _ROOT and "".join(ending) in _ENDINGS)
