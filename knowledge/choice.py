"""Which of the passages found are quoted: the best, and those that may as well be what was meant.

For most questions one section stands out. Where the next ones are as near, the question did not say which of
them it is about ("Who can apply?" in a program of five tracks), and each is quoted in a sentence or two.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.extract import QUOTE_WIDTH, lead, quote, sentence_scores
from knowledge.kinds import asked_kinds, given_kinds
from knowledge.lexical import terms
from knowledge.retrieval import Found, Query, Shelf

# In fused score: behind the best passage by so little, another may be what was meant, whatever its
# sentences say; by so much, only with a sentence that answers better than the best passage's; and by so
# much, only if it says when, how long, where or how much, which the best passage does not.
_AS_NEAR, _NEAR, _IN_REACH = 1.0, 1.5, 4.0
_MOST, _MOST_NAMED = 3, 4
_AMONG, _AMONG_NAMED = 5, 10
# A section that may be meant as well has a heading (or a way to ask) about as near to the question; one that
# only answers in a sentence has one that is not about something else.
_AS_NAMED, _NAMED = 0.8, 0.6
_FACTS = frozenset({"date", "duration", "place", "money"})
_LEAD_WIDTH = 280
_FACT_WIDTH = 380
# What several quotations share, in characters; those of Chinese and its like count as two wide.
_ROOM = 860
_WIDE = frozenset({"zh", "ja", "ko"})
# Shares of words: a second quotation has to add something; sections of a kind are worded alike.
_ALIKE, _REPEATED = 0.5, 0.75

Quoted = tuple[Found, str]


def choose_quotes(shelf: Shelf, query: Query, found: Sequence[Found]) -> list[Quoted]:
    """The passages to quote with what is quoted of each, best first; never none."""
    best = found[0]
    if len(named := _say_all_of_it(query, found)) > 2:
        return _different([(f, lead(shelf, f, _LEAD_WIDTH)) for f in named], _REPEATED)[:_MOST_NAMED]
    first = (best, quote(shelf, query, best))
    if (missing := _with_what_is_missing(shelf, query, found)) is not None:
        return _different([first, (missing, quote(shelf, query, missing, _FACT_WIDTH))], _ALIKE)
    others = _rivals(shelf, query, found)
    as_near = [f for f in others if f.scored.score >= best.scored.score - _AS_NEAR]
    if len(as_near) > 1:
        return _different([(f, lead(shelf, f, _LEAD_WIDTH)) for f in (best, *as_near)], _REPEATED)[:_MOST]
    return _different([first, *((f, quote(shelf, query, f, QUOTE_WIDTH // 2)) for f in others)], _ALIKE)[:2]


def quote_each(shelf: Shelf, asked: Sequence[tuple[Query, Found]]) -> list[Quoted]:
    """One quotation for each question of a message that asks several, with room for all of them."""
    quoted = []
    for query, found in asked:
        wide = 2 if found.scored.passage.language in _WIDE else 1
        quoted.append((found, quote(shelf, query, found, min(QUOTE_WIDTH, wide * _ROOM // len(asked)))))
    return quoted


def _rivals(shelf: Shelf, query: Query, found: Sequence[Found]) -> list[Found]:
    """The passages after the first that may be what was meant, in the language of the first."""
    best = found[0]
    language, headed = best.scored.passage.language, bool(best.scored.passage.crumbs)
    named = _heading(shelf, query, best)
    enough = max(sentence_scores(shelf, query, best))
    rivals = []
    for other in found[1:_AMONG]:
        if other.scored.passage.language != language:
            continue
        behind, heading = best.scored.score - other.scored.score, _heading(shelf, query, other)
        as_near = headed and behind <= _AS_NEAR and heading >= _AS_NAMED * named
        answers = behind <= _NEAR and heading >= _NAMED * named
        if as_near or (answers and max(sentence_scores(shelf, query, other)) >= enough):
            rivals.append(other)
    return rivals


def _say_all_of_it(query: Query, found: Sequence[Found]) -> list[Found]:
    """The sections in reach whose headings, as the first one's, hold every word of the question.

    It left open which of them it means; none where it is the first one's heading as it stands.
    """
    best, asked = found[0].scored, frozenset(query.terms)
    if not asked < frozenset(terms(best.passage.heading)):
        return []
    sections: dict[tuple[str, tuple[str, ...]], Found] = {}
    for one in found[:_AMONG_NAMED]:
        passage = one.scored.passage
        in_reach = best.score - one.scored.score <= _IN_REACH and passage.language == best.passage.language
        if in_reach and asked <= frozenset(terms(passage.heading)):
            sections.setdefault((passage.document_id, passage.section), one)
    return list(sections.values())


def _with_what_is_missing(shelf: Shelf, query: Query, found: Sequence[Found]) -> Found | None:
    """The next passage with the date, duration, place or amount asked for, when the best one has none."""
    best, wanted = found[0], asked_kinds(query.text) & _FACTS
    if not wanted or not best.scored.passage.crumbs or _gives(shelf, best, wanted):
        return None
    named, language = _AS_NAMED * _heading(shelf, query, best), best.scored.passage.language
    for other in found[1:_AMONG]:
        in_reach = best.scored.score - other.scored.score <= _IN_REACH
        alike = other.scored.passage.language == language and _heading(shelf, query, other) >= named
        if in_reach and alike and _gives(shelf, other, wanted):
            return other
    return None


def _gives(shelf: Shelf, found: Found, wanted: frozenset[str]) -> bool:
    """Whether a sentence of the passage gives one of these kinds of answer."""
    texts, language = shelf.readings[found.row].texts, found.scored.passage.language
    return any(wanted & given_kinds(text, language) for text in texts)


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
