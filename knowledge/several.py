"""A message that asks several things at once: taken apart into its questions, and put together again.

Sentences end where their marks say. Within one, a new question begins behind a comma or an "and" when both
sides ask by themselves: with a question word, a verb in front, a Chinese particle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.lexical import terms
from knowledge.model import SURE
from knowledge.retrieval import Found, Query
from knowledge.sentences import split_sentences

MOST = 4
"""Of a message that asks more, what is left stays with the last question."""

# A question leaves out what the others say. Among the passages that are so near to it, the one counts that
# the whole message is nearest to; where it points to something else by a word, that is what was answered.
_REACH, _CONTEXT = 2.5, 0.4
_AMONG = 10

_HAN = re.compile(r"[㐀-䶿一-鿿]")
_MORE = "还有|還有|另外|以及|顺便|順便"
_HAN_BREAK = re.compile(rf"(?<=[，,])|(?={_MORE})")
_HAN_ASKS = re.compile(
    r"什么|什麼|多少|多久|多长|多長|[几幾怎谁誰哪啥咋]|[吗嗎么麼]\W*$|何时|何時|如何|为何|為何|是否|能否"
    rf"|([能会會要有是])[不没沒]\1|可不可以|行不行|想(?:了解|知道|咨询)(?:一下|下)?.{{3}}|^(?:{_MORE})"
)
_VERB = (
    r"(?:can|could|may|must|do|does|did|is|are|was|were|will|would|should|has|have"
    r"|kann|können|darf|dürfen|muss|müssen|ist|sind|gibt|hat|haben|wird|werden)\b"
)
_WORD = r"(?:what|when|where|who|how|which|why|was|wann|wo|wer|wie|wieviel|welche[rsnm]?|warum)\b"
_LATIN_BREAK = re.compile(
    rf",?\s+(?:and|und|or|oder|also|plus)\s+(?:(?:also|then|auch)\s+)?(?={_WORD}|{_VERB})"
    rf"|,\s+(?={_VERB}|(?:what|when|how|why|wann|wie|warum)\s+(?:\w+\s+)?{_VERB})",
    re.IGNORECASE,
)
_LATIN_ASKS = re.compile(
    rf"^\W*(?:(?:and|but|so|also|und|hi|hello|hey|please)\b\W+)*(?:{_WORD}|{_VERB})", re.I
)
# Told in so few terms, it is a greeting or thanks.
_GREETING = 2
_NUMBER = re.compile(r"(?:^|(?<=[\s：？。；]))[(（]?\d[.)、）]\s*(?=[^\d\s])")
_ENDS_ASKING = re.compile(r"[?？]\W*$")
_FULL_STOP = re.compile(r"[.!]\W*$")
_JOINS = re.compile(rf"^(?:{_MORE})(?:想?问一?下)?[，,]?")
# What points to the question before it: a pronoun, or a question word with nothing to look for.
_POINTS = re.compile(
    r"\b(?:it|they|them|this|that|these|those|there|es|sie|das|dies|dafür|davon)\b|[它他她这這那]"
    r"|^\W*(?:and |und )?(?:how|why|when|where|wie|warum|wann|wo)(?: \w+)?\W*$"
    r"|^\W*(?:怎[么麼样樣]|如何|什[么麼]时候|什麼時候|多久|多少|为什么|為什麼)+[办辦弄做样樣呢]?\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a search came to: the passages in the founder's language, and how sure we are of the first.

    `parts` are the same for each question of a message that asks several, where they lead to more than one
    section; `left` are the questions to which nothing was found.
    """

    query: Query | None
    found: tuple[Found, ...]
    confidence: float
    parts: tuple[Judged, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def section(self) -> tuple[str, tuple[str, ...]]:
        """Document and headings of the first passage; there must be one."""
        passage = self.found[0].scored.passage
        return passage.document_id, passage.section


def questions_in(text: str, language: str) -> list[str]:
    """The questions of a message, each with what is told before it; the whole text when it asks one thing."""
    asked: list[str] = []
    told = ""
    for clause, asks in _clauses(_unnumbered(text), language):
        if not asks and len(terms(clause)) <= _GREETING:
            continue
        told = f"{told} {clause}".strip()
        if asks and len(asked) < MOST and (len(terms(told)) > 1 or _HAN.search(told)):
            asked.append(told)
            told = ""
    if len(asked) < 2:
        return [text]
    if told:
        asked[-1] = f"{asked[-1]} {told}"
    return asked


def asked_alone(text: str, language: str) -> str:
    """The sentences that ask, of a message that also tells something; "" where it tells or asks nothing.

    Where it has question marks, what has none tells.
    """
    sentences = split_sentences(text, language)
    asking = [s for s in sentences if _ENDS_ASKING.search(s)]
    asking = asking or [s for s in sentences if any(asks for _, asks in _clauses(s, language))]
    tells = any(len(terms(s)) > _GREETING for s in sentences if s not in asking)
    return " ".join(asking) if tells else ""


def put_together(whole: Judged, alone: Sequence[tuple[str, Judged]], threshold: float) -> Judged:
    """Judge a message by its questions; `whole` stays where they lead to no other section.

    `alone` are the questions with what each came to by itself.
    """
    nearness = {f.row: f.scored.score for f in whole.found}
    likely = {f.row for f in whole.found[:_AMONG]}
    answered = whole.confidence >= threshold
    kept: dict[tuple[str, tuple[str, ...]], Judged] = {}
    left: list[str] = []
    for question, judged in alone:
        if judged.confidence < threshold:
            left.append(question)
            continue
        best = _meant(judged.found, nearness)
        one = replace(judged, found=(best,))
        if kept and answered and _POINTS.search(question) and not _beside(one, kept):
            continue
        if judged.confidence >= SURE or (answered and best.row in likely):
            kept.setdefault(one.section, one)
        else:
            left.append(question)
    if left and whole.confidence >= SURE and whole.section not in kept:
        kept, left = {**kept, whole.section: whole}, []
    return _as_one(whole, list(kept.values()), tuple(left))


def _as_one(whole: Judged, kept: Sequence[Judged], left: tuple[str, ...]) -> Judged:
    if not kept:
        return whole
    if len(kept) == 1 and kept[0].section == whole.section:
        return replace(whole, left=left)
    rows = {one.found[0].row for one in kept}
    found = (*(one.found[0] for one in kept), *(f for f in whole.found if f.row not in rows))
    sure = min(one.confidence for one in kept)
    return Judged(whole.query, found, max(sure, whole.confidence), tuple(kept), left)


def _meant(found: Sequence[Found], nearness: dict[int, float]) -> Found:
    """The passage that a question may mean to which the whole message is nearest."""
    farthest = min(nearness.values(), default=0.0)
    in_reach = [f for f in found if found[0].scored.score - f.scored.score <= _REACH]
    return max(in_reach, key=lambda f: f.scored.score + _CONTEXT * nearness.get(f.row, farthest))


def _beside(one: Judged, kept: dict[tuple[str, tuple[str, ...]], Judged]) -> bool:
    """Whether its passage stands in a document that another question led to."""
    return one.section[0] in {document for document, _ in kept}


def _clauses(text: str, language: str) -> Iterator[tuple[str, bool]]:
    """What stands between the breaks, and whether it asks; what is told behind a question goes with it.

    Where there are question marks, "and has …." tells, though it begins as a question does.
    """
    marked = "?" in text
    for sentence in split_sentences(text, language):
        han = _HAN.search(sentence) is not None
        breaks, asking = (_HAN_BREAK, _HAN_ASKS) if han else (_LATIN_BREAK, _LATIN_ASKS)
        clauses = [c.strip() for c in breaks.split(sentence) if c.strip()]
        tells = not han and marked and _FULL_STOP.search(sentence) is not None
        ask = [not tells and asking.search(clause) is not None for clause in clauses]
        ask[-1] = ask[-1] or (_ENDS_ASKING.search(sentence) is not None)
        clauses = [_JOINS.sub("", clause) for clause in clauses]
        last = max((n for n, one in enumerate(ask) if one), default=len(clauses) - 1)
        yield from zip(clauses[:last], ask[:last], strict=True)
        yield " ".join(clauses[last:]), ask[last]


def _unnumbered(text: str) -> str:
    """The text with a line for each item, where it numbers its questions."""
    return _NUMBER.sub("\n", text) if len(_NUMBER.findall(text)) > 1 else text
