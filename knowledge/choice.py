"""Which of the passages found are quoted: the best, and those that may as well be what was meant.

For most questions one section stands out. Where the next ones are as near, the question did not say which of
them it is about ("Who can apply?" in a program of five tracks), and each is quoted in a sentence or two.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.extract import QUOTE_WIDTH, quote, sentence_scores
from knowledge.lexical import terms
from knowledge.retrieval import Found, Query, Shelf

# In fused score: behind the best passage by so little, another may be what was meant, whatever its
# sentences say; by so much, only with a sentence that answers better than the best passage's.
_AS_NEAR = 1.0
_NEAR = 2.0
_MOST = 4
_AMONG = 5
_ALIKE = 0.5

Quoted = tuple[Found, str]


def choose_quotes(shelf: Shelf, query: Query, found: Sequence[Found]) -> list[Quoted]:
    """The passages to quote with what is quoted of each, best first; never none."""
    best, others = found[0], _rivals(shelf, query, found)
    as_near = [f for f in others if f.scored.score >= best.scored.score - _AS_NEAR]
    if len(as_near) > 1:
        share = QUOTE_WIDTH * 3 // (2 * min(len(as_near) + 1, _MOST))
        quoted = [(f, quote(shelf, query, f, share)) for f in (best, *as_near)]
        return _different(quoted)[:_MOST]
    first = (best, quote(shelf, query, best))
    return _different([first, *((f, quote(shelf, query, f, QUOTE_WIDTH // 2)) for f in others)])[:2]


def _rivals(shelf: Shelf, query: Query, found: Sequence[Found]) -> list[Found]:
    """The passages after the first that may be what was meant, in the language of the first."""
    best = found[0]
    language, headed = best.scored.passage.language, bool(best.scored.passage.crumbs)
    enough = max(sentence_scores(shelf, query, best))
    rivals = []
    for other in found[1:_AMONG]:
        if other.scored.passage.language != language:
            continue
        behind = best.scored.score - other.scored.score
        answers = behind <= _NEAR and max(sentence_scores(shelf, query, other)) >= enough
        if answers or (headed and behind <= _AS_NEAR):
            rivals.append(other)
    return rivals


def _different(quoted: Sequence[Quoted]) -> list[Quoted]:
    """Those that say something that none before them says."""
    kept: list[Quoted] = []
    held: set[str] = set()
    for one, text in quoted:
        new = set(terms(text))
        if not kept or (new and len(new & held) / len(new) < _ALIKE):
            kept.append((one, text))
            held |= new
    return kept
