"""Which of the passages found are quoted: the best, and those that may as well be what was meant.

For most questions one section stands out. Where the next ones are as near, the question did not say which of
them it is about ("Who can apply?" in a program of five tracks), and each is quoted in a sentence or two.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.extract import QUOTE_WIDTH, lead, quote, sentence_scores
from knowledge.lexical import terms
from knowledge.retrieval import Found, Query, Shelf

# In fused score: behind the best passage by so little, another may be what was meant, whatever its
# sentences say; by so much, only with a sentence that answers better than the best passage's.
_AS_NEAR = 1.0
_NEAR = 2.0
_MOST = 3
_AMONG = 5
# A section that may be meant as well has a heading (or a way to ask) about as near to the question.
_HEADING_SHARE = 0.75
_LEAD_WIDTH = 280
# Shares of words: a second quotation has to add something; sections of a kind are worded alike.
_ALIKE, _REPEATED = 0.5, 0.75

Quoted = tuple[Found, str]


def choose_quotes(shelf: Shelf, query: Query, found: Sequence[Found]) -> list[Quoted]:
    """The passages to quote with what is quoted of each, best first; never none."""
    best, others = found[0], _rivals(shelf, query, found)
    as_near = [f for f in others if f.scored.score >= best.scored.score - _AS_NEAR]
    if len(as_near) > 1:
        return _different([(f, lead(shelf, f, _LEAD_WIDTH)) for f in (best, *as_near)], _REPEATED)[:_MOST]
    first = (best, quote(shelf, query, best))
    return _different([first, *((f, quote(shelf, query, f, QUOTE_WIDTH // 2)) for f in others)], _ALIKE)[:2]


def _rivals(shelf: Shelf, query: Query, found: Sequence[Found]) -> list[Found]:
    """The passages after the first that may be what was meant, in the language of the first."""
    best = found[0]
    language, headed = best.scored.passage.language, bool(best.scored.passage.crumbs)
    named = _HEADING_SHARE * _heading(shelf, query, best)
    enough = max(sentence_scores(shelf, query, best))
    rivals = []
    for other in found[1:_AMONG]:
        if other.scored.passage.language != language:
            continue
        behind = best.scored.score - other.scored.score
        answers = behind <= _NEAR and max(sentence_scores(shelf, query, other)) >= enough
        if answers or (headed and behind <= _AS_NEAR and _heading(shelf, query, other) >= named):
            rivals.append(other)
    return rivals


def _heading(shelf: Shelf, query: Query, found: Found) -> float:
    """The best cosine of the question to a passage's headings and ways to ask for it."""
    return float((shelf.readings[found.row].headings @ query.reading).max())


def _different(quoted: Sequence[Quoted], alike: float) -> list[Quoted]:
    """Those that share less than `alike` of their words with each one before them."""
    kept: list[Quoted] = []
    held: list[set[str]] = []
    for one, text in quoted:
        new = set(terms(text))
        if not kept or (new and all(len(new & old) < alike * len(new) for old in held)):
            kept.append((one, text))
            held.append(new)
    return kept
