"""Pick the sentences of a passage that answer, and show them as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.kinds import asked_kinds, given_kinds
from knowledge.retrieval import Found, Query, Shelf
from knowledge.sentences import CJK

# Widths count a Chinese character as two, which makes limits alike in all languages.
QUOTE_WIDTH = 560
# A section that short is read as fast as a part of it, and says what its parts rest on.
_WHOLE_WIDTH = 350
# How far the first sentence of a section is brought along: it says what the others are about.
_LEAD_WIDTH = 420
# One sentence of a section stands alone from here on.
_ALONE_WIDTH = 150
_SHORT_WIDTH = 70
_MOST_SENTENCES = 4
_NEIGHBOR_SHARE = 0.72
_HEADING_SHARE = 0.85
_STANDS_OUT = 0.2
_WORDS_WEIGHT = 0.4
_KIND_WEIGHT = 0.2
_LEAD_WEIGHT = 0.05
_GOES_ON = (":", "：", ";", "；")
_HANGING = re.compile(
    r"^(?:(?:it|this|these|those|they|that|he|she|such|but|however|therefore|also|then|there|in addition)\b"
    r"|(?:他们|它们|它|该|其|这|此|但|因此|所以|另外|此外|同时|不过|否则))",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:[-*+•·]\s|\d{1,3}[.)、]\s?|\|)")
_BULLET = re.compile(r"^(\s*)[-*+]\s+", re.MULTILINE)


def width(text: str) -> int:
    """How wide text is, in Latin letters; a Chinese character counts as two."""
    return len(text) + len(CJK.findall(text))


def plain(text: str) -> str:
    """Passages have no markup but their lists' hyphens, which a chat shows as bullets."""
    return _BULLET.sub(r"\1• ", text).strip()


def quote(shelf: Shelf, query: Query, found: Found, limit: int = QUOTE_WIDTH) -> str:
    """The part of a passage that answers: its best sentence and those that belong to it, as plain text."""
    passage = found.scored.passage
    texts = shelf.readings[found.row].texts or (passage.text,)
    if passage.crumbs and width(passage.text) <= min(limit, _WHOLE_WIDTH):
        return plain(passage.text)
    scores = sentence_scores(shelf, query, found)
    best, from_start = max(range(len(texts)), key=scores.__getitem__), _fitting(texts, limit)
    if best < from_start and _asks_for_all(shelf, query, found, scores):
        return plain(_join(passage.text, texts[:from_start]))
    first, last = _around(texts, scores, best, limit)
    if passage.crumbs:
        first, last = _rounded(texts, first, last, limit)
    return plain(_join(passage.text, texts[first : last + 1]))


def lead(shelf: Shelf, found: Found, limit: int) -> str:
    """The beginning of a passage, as plain text: its first sentence, and those after it that have room."""
    texts = shelf.readings[found.row].texts or (found.scored.passage.text,)
    return plain(_join(found.scored.passage.text, texts[: _fitting(texts, limit)]))


def sentence_scores(shelf: Shelf, query: Query, found: Found) -> list[float]:
    """For every sentence of the passage: how near it is to the question, and whether it can be the answer.

    The cosine, the question's words in it, a figure or rule of the kind that was asked for; and the first
    sentence of a section counts a little more.
    """
    covers = shelf.sentence_cover(query, found.row)
    scores = [float(c) + _WORDS_WEIGHT * w for c, w in zip(found.sentences, covers, strict=True)]
    language = found.scored.passage.language
    wanted = asked_kinds(query.text)
    for place, text in enumerate(shelf.readings[found.row].texts):
        scores[place] += _KIND_WEIGHT * bool(wanted & given_kinds(text, language))
    if found.scored.passage.crumbs:
        scores[0] += _LEAD_WEIGHT * (4 if "meaning" in wanted else 1)
    return scores


def _fitting(texts: Sequence[str], limit: int) -> int:
    """How many sentences from the first on have room; one at least."""
    used = 0
    for count, text in enumerate(texts):
        used += width(text)
        if used > limit and count and not texts[count - 1].endswith(_GOES_ON):
            return count
    return len(texts)


def _asks_for_all(shelf: Shelf, query: Query, found: Found, scores: Sequence[float]) -> bool:
    """Whether the question is about what the heading names, and no sentence below it stands out."""
    heading = float(shelf.readings[found.row].headings[0] @ query.reading)
    best, *others = sorted(scores, reverse=True)
    stands_out = not others or best - others[0] >= _STANDS_OUT
    named = heading >= _HEADING_SHARE * float(found.sentences.max())
    return bool(found.scored.passage.crumbs) and named and not stands_out


def _rounded(texts: Sequence[str], first: int, last: int, limit: int) -> tuple[int, int]:
    """Bring the section's first sentence along, and a second one beside a short one, where there is room."""
    if sum(map(width, texts[: last + 1])) <= min(limit, _LEAD_WIDTH):
        first = 0
    used = sum(map(width, texts[first : last + 1]))
    has_room = last + 1 < len(texts) and used + width(texts[last + 1]) <= limit
    return first, last + (used < _ALONE_WIDTH and has_room)


def _around(texts: Sequence[str], scores: Sequence[float], best: int, limit: int) -> tuple[int, int]:
    """Widen from the best sentence to its neighbors while they answer too and there is room."""
    first = last = best
    used = width(texts[best])
    enough = scores[best] * _NEIGHBOR_SHARE

    def fits(index: int) -> bool:
        return 0 <= index < len(texts) and used + width(texts[index]) <= limit

    def answers(index: int) -> bool:
        return scores[index] >= enough and last - first + 1 < _MOST_SENTENCES

    while True:
        before, after = first - 1, last + 1
        if fits(before) and _needs_before(texts, first, used):
            first, used = before, used + width(texts[before])
        elif fits(after) and (_needs_after(texts, first, last, used) or answers(after)):
            last, used = after, used + width(texts[after])
        elif fits(before) and answers(before):
            first, used = before, used + width(texts[before])
        else:
            return first, last


def _needs_before(texts: Sequence[str], first: int, used: int) -> bool:
    """A sentence that leans on the one before, or an item of a list whose head stands before it."""
    if _HANGING.match(plain(texts[first])) or (first > 0 and texts[first - 1].rstrip().endswith(_GOES_ON)):
        return True
    return bool(_ITEM.match(texts[first])) and first > 0 and used < QUOTE_WIDTH // 2


def _needs_after(texts: Sequence[str], first: int, last: int, used: int) -> bool:
    """A sentence that announces what follows, a list that it announced, or one too short to stand alone."""
    if texts[last].rstrip().endswith(_GOES_ON) or used < _SHORT_WIDTH:
        return True
    announced = any(text.rstrip().endswith((":", "：")) for text in texts[first:last])
    return announced and all(_ITEM.match(text) for text in texts[last : last + 2])


def _join(text: str, sentences: Sequence[str]) -> str:
    """The stretch of `text` from the first of `sentences` to the end of the last, white space as it was."""
    start = position = text.find(sentences[0])
    if start < 0:
        return "\n".join(sentences)
    for sentence in sentences:
        position = text.find(sentence, position) + len(sentence)
    return text[start:position]
