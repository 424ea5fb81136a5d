"""Compare a document with its twin in the other language: what one says and the other does not, with places.

Sections are paired in their order, or by meaning where their number differs; sentences inside a section are
aligned by meaning (dynamic programming over the sentence encoder's cosines, as Gale & Church 1993 do over
lengths). A fact that one side lacks where it belongs is a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.facts import Fact, read_facts
from knowledge.markdown import Section, parse
from knowledge.reader import SentenceReader, shared_reader
from knowledge.sentences import split_sentences

_SHAPES = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (1, 0), (0, 1))
_ALONE = -0.15
Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of a document under its heading ("" before the first), with its facts."""

    text: str
    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact of one side that the other lacks at its place.

    `kind` is that of the fact, or "sentence" or "section" where all of it is missing; `left` and `right` are
    the sentences that belong together, one of them "" where there is none; `value` is what is written and
    `other` what stands in its stead, "" when nothing does; `on_left` tells which side says `value`.
    """

    kind: str
    heading: str
    left: str
    right: str
    value: str
    other: str
    on_left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinReport:
    """All differences in reading order, and how many facts of both sides were compared."""

    differences: tuple[Difference, ...]
    checked: int


def compare_twins(
    left: str, left_language: str, right: str, right_language: str, reader: SentenceReader | None = None
) -> TwinReport:
    """Compare two Markdown bodies that should say the same in two languages."""
    encode = (reader or shared_reader()).encode
    lefts = [_sentences(s, left_language) for s in _sections(left)]
    rights = [_sentences(s, right_language) for s in _sections(right)]
    differences: list[Difference] = []
    for ours, theirs in _paired(lefts, rights, encode):
        differences += _section(ours, theirs, encode)
    checked = sum(fact.demands for side in (lefts, rights) for s in side for one in s for fact in one.facts)
    return TwinReport(differences=tuple(differences), checked=checked)


def _sections(markdown: str) -> list[Section]:
    return [s for s in parse(markdown) if s.blocks or s.path]


def _sentences(section: Section, language: str) -> list[Sentence]:
    heading = section.path[-1] if section.path else ""
    texts = [heading] if heading else []
    for block in section.blocks:
        for unit in block.text.split("\n"):
            texts += split_sentences(unit, language)
    return [Sentence(text=text, heading=heading, facts=tuple(read_facts(text, language))) for text in texts]


def _paired(
    lefts: list[list[Sentence]],
    rights: list[list[Sentence]],
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
) -> list[tuple[list[Sentence], list[Sentence]]]:
    """Pair sections in order; where one side has more of them, by their headings' meaning."""
    if len(lefts) == len(rights):
        return list(zip(lefts, rights, strict=True))
    names = [[s[0].text if s else "" for s in side] for side in (lefts, rights)]
    cosines = np.asarray(encode(names[0]) @ encode(names[1]).T, dtype=np.float64)
    return [
        ([s for i in a for s in lefts[i]], [s for j in b for s in rights[j]])
        for a, b in _align(cosines, ((1, 1), (1, 0), (0, 1)))
    ]


def _section(
    ours: list[Sentence], theirs: list[Sentence], encode: Callable[[Sequence[str]], NDArray[np.float32]]
) -> list[Difference]:
    """Align the sentences of one section and compare what belongs together."""
    if not ours or not theirs:
        return [_missing(s, on_left=bool(ours), kind="section") for s in (ours or theirs)[:1]]
    cosines = np.asarray(
        encode([s.text for s in ours]) @ encode([s.text for s in theirs]).T, dtype=np.float64
    )
    cosines += 0.3 * np.array([[_shared(a, b) for b in theirs] for a in ours])
    found: list[Difference] = []
    for left, right in _align(cosines, _SHAPES):
        a, b = [ours[i] for i in left], [theirs[j] for j in right]
        if a and b:
            found += _compare(a, b, ours, theirs)
        else:
            others = [f for s in (theirs if a else ours) for f in s.facts]
            found += [_missing(s, on_left=bool(a), kind="sentence") for s in a or b if _untold(s, others)]
    return found


def _shared(left: Sentence, right: Sentence) -> float:
    """Share of the facts that two sentences have in common."""
    a, b = ({(f.kind, f.value) for f in s.facts if f.kind != "modal"} for s in (left, right))
    return len(a & b) / max(1, len(a | b)) if a or b else 0.0


def _untold(sentence: Sentence, others: list[Fact]) -> bool:
    """Whether a sentence without a counterpart says something that the other side does not."""
    return any(
        f.demands and f.kind != "name" and not any(_same(f, o) for o in others) for f in sentence.facts
    )


def _align(cosines: Grid, shapes: Sequence[tuple[int, int]]) -> list[tuple[range, range]]:
    """The cheapest way through both sides in order, in beads of the given shapes."""
    n, m = cosines.shape
    best = np.full((n + 1, m + 1), -np.inf)
    best[0, 0] = 0
    back: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(n + 1):
        for j in range(m + 1):
            for a, b in shapes:
                if i < a or j < b or best[i - a, j - b] == -np.inf:
                    continue
                gain = _gain(cosines[i - a : i, j - b : j], a, b)
                if best[i - a, j - b] + gain > best[i, j]:
                    best[i, j] = best[i - a, j - b] + gain
                    back[i, j] = (a, b)
    beads, i, j = [], n, m
    while i or j:
        a, b = back[i, j]
        beads.append((range(i - a, i), range(j - b, j)))
        i, j = i - a, j - b
    return beads[::-1]


def _gain(block: Grid, a: int, b: int) -> float:
    """Worth of a bead: its cosines, less for merging; a sentence alone costs."""
    if not a or not b:
        return _ALONE
    return float(block.mean() * np.sqrt(max(a, b))) - 0.1 * (a + b - 2)


def _compare(
    left: list[Sentence], right: list[Sentence], all_left: list[Sentence], all_right: list[Sentence]
) -> list[Difference]:
    """What one side of a bead says and the other does not say, nor elsewhere in its section."""
    a, b = [f for s in left for f in s.facts], [f for s in right for f in s.facts]
    lacking_right, lacking_left = _lacking(a, b, all_left, all_right), _lacking(b, a, all_right, all_left)
    texts = (" ".join(s.text for s in left), " ".join(s.text for s in right))
    found = []
    for on_left, lacking, others in (
        (True, lacking_right, lacking_left),
        (False, lacking_left, lacking_right),
    ):
        for fact in lacking:
            other = next((o for o in others if _alike(o, fact)), None)
            if not fact.demands and (other is None or other.demands):
                continue
            if other is not None and not on_left:
                # Said already from the other side, as one thing changed into another.
                continue
            found.append(_difference(fact, other, left[0].heading, texts, on_left=on_left))
    return found + _modals(a, b, left[0].heading, texts)


def _alike(one: Fact, other: Fact) -> bool:
    counted = {"number", "quantity", "duration", "money", "percent"}
    return one.kind == other.kind or {one.kind, other.kind} <= counted


def _lacking(
    mine: list[Fact], theirs: list[Fact], around: list[Sentence], others: list[Sentence]
) -> list[Fact]:
    """Facts of mine that theirs does not hold, and that are not merely told in another sentence."""
    wanted = [f for f in mine if f.kind != "modal"]
    have = [f for f in theirs if f.kind != "modal"]
    elsewhere = [f for s in others for f in s.facts]
    lacking = []
    for fact in wanted:
        if fact.kind == "name":
            if not _named(fact, others):
                lacking.append(fact)
        elif not any(_same(fact, f) for f in have) and not _moved(fact, around, elsewhere):
            lacking.append(fact)
    return lacking


def _named(fact: Fact, others: list[Sentence]) -> bool:
    return any(str(fact.value[0]) in s.text.casefold() for s in others)


def _moved(fact: Fact, around: list[Sentence], elsewhere: list[Fact]) -> bool:
    """Whether the other side says it as often in the section, only in another sentence."""
    said = sum(_same(fact, f) for s in around for f in s.facts)
    return sum(_same(fact, f) for f in elsewhere) >= said


def _same(one: Fact, other: Fact) -> bool:
    if one.kind == "date" and other.kind == "date":
        # The other side may tell it more exactly, never less.
        return all(x is None or x == y for x, y in zip(one.value, other.value, strict=True))
    if one.kind == "time" or other.kind == "time":
        return one.value[0] == other.value[0]
    if {one.kind, other.kind} == {"quantity", "duration"} and "years old" in (one.value[1], other.value[1]):
        age, months = (one, other) if one.kind == "quantity" else (other, one)
        return bool(months.value == (float(age.value[0] or 0) * 12, "months"))
    if (
        one.kind in {"number", "quantity"}
        and other.kind in {"number", "quantity"}
        and (one.kind != other.kind)
    ):
        return one.value[0] == other.value[0]
    return one.kind == other.kind and one.value == other.value


def _modals(a: list[Fact], b: list[Fact], heading: str, texts: tuple[str, str]) -> list[Difference]:
    """Where one side lets what the other demands or forbids."""
    left, right = (Counter(f.value for f in side if f.kind == "modal") for side in (a, b))
    more, less = left - right, right - left
    found = []
    for mine, theirs, on_left in ((more, less, True), (less, more, False)):
        for value in mine:
            other = next(iter(theirs), None)
            if other is None and value in {("must",), ("may",)}:
                continue
            if other is not None and not on_left:
                continue
            facts = a if on_left else b
            fact = next(f for f in facts if f.kind == "modal" and f.value == value)
            back = next((f for f in (b if on_left else a) if f.kind == "modal" and f.value == other), None)
            found.append(_difference(fact, back, heading, texts, on_left=on_left))
    return found


def _difference(
    fact: Fact, other: Fact | None, heading: str, texts: tuple[str, str], *, on_left: bool
) -> Difference:
    return Difference(
        kind=fact.kind,
        heading=heading,
        left=texts[0],
        right=texts[1],
        value=fact.text.strip(),
        other=other.text.strip() if other else "",
        on_left=on_left,
    )


def _missing(sentence: Sentence, *, on_left: bool, kind: str) -> Difference:
    return Difference(
        kind=kind,
        heading=sentence.heading,
        left=sentence.text if on_left else "",
        right="" if on_left else sentence.text,
        value=sentence.text,
        other="",
        on_left=on_left,
    )
