# ruff: noqa: E501 (patterns are lists of words)
"""Which earlier answer a message corrects, and to what: "改一下公司名", "actually we are 7 people"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from forms.model import Answers, Question, Slot, Value
from forms.state import State
from handlers.apply.new_values import EDIT, NEGATED, NewValue

_HAN = re.compile(r"[\u3400-\u9fff]")
_LONGEST = 200
_GAP_ZH = r"[^。！？!?\n]{0,8}?"

_HEDGE = re.compile(
    r"^(?:(?:啊|哦|噢|呃|嗯|等等|等一?下|稍等|抱歉|不好意思|对不起|sorry|oh|oops|wait|hold on|no|hmm|ah|ups|moment|ach|wartet?|and|also)(?![a-z])[\s,，.。!！:：–-]*)*"
    r"(?:[\u3400-\u9fff]{0,6}?(?=其实|实际上|事实上)|(?:[\w']+\s+){0,4}?(?=actually\b|in fact\b|eigentlich\b))?"
    r"(?P<core>其实|实际上|事实上|准确(?:地)?说|更正|不对|不是|说错了|我(?:刚才|之前|前面)?(?:说|写|填|数|算|打|选)错了?|刚才(?:说|写|填)|之前(?:说|写|填)|等等|等一?下|抱歉|不好意思|"
    r"actually|in fact|correction|i meant|i mean|sorry|oops|wait|hold on|scratch that|on second thought|turns out|oh|"
    r"eigentlich|genau genommen|korrektur|moment|ach|entschuldigung|halt)(?![a-z])",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"^(?:(?:please|ok|okay|oh|wait|hold on|sorry|oops|actually|also|and|then|hmm|well|no|hi|hello|let'?s|let me|(?:can|could|may|might|would) (?:i|we|you)(?: please)?|(?:i|we)(?:'d| would)? ?(?:like|want|need|have|must|wish)(?: to)?|"
    r"bitte|ich|wir|möchten?|muss|müssen|will|wollen|kann|können|noch|gerne?|doch|one moment|just a moment|by the way|btw)\b[\s,.!:–-]*)*"
    r"(?:go back (?:and|to) )?(?:change|correct|edit|update|fix|revise|rewrite|redo|replace|switch|modify|amend|set|make|put|ändern?|ändere|korrigiere?n?)\b",
    re.IGNORECASE,
)
_EDGES = " \n\t.。!！~～?？"
_SOMETHING = re.compile(
    r"(?:请|麻烦|帮我|我想|我要|想|要|先|那|能不能|可以)*(?:把|将)\w{1,8}(?:改|换|更正|修改|更新)(?:一?下|掉|了|一改)?(?:吗|吧|可以吗)?|"
    r"(?:请|麻烦|帮我|我想|我要|想|要|先|那|能不能|可以)*(?:改|修改|更改|更正|更新)(?:一?下)(?:我们?的?)?\w{1,8}(?:吗|吧)?|"
    r"(?:(?:please|can (?:i|you|we)|could (?:i|you|we)|(?:i|we) (?:want|need|have|would like) to|i'd like to|let me)\s+)*(?:change|correct|edit|update|fix)\s+(?:my|our)\s+\w+(?:\s+\w+)?|"
    r"(?:please |(?:i|we)(?:'d| would)? (?:like|want|need) to |let me )(?:change|correct|edit|update|fix|redo|rewrite) (?:the|my|our) [\w' -]{3,40}|"
    r"(?:bitte |ich (?:möchte|muss|will) )?(?:meine?n?|unsere?n?) \w+ (?:ändern|korrigieren)",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"[\s:–-]*(?:(?:my|our|the|an?|that|this|it|to|in|for|on|of|about|answer|answers|entry|meine?[nr]?|unsere?[nr]?|die|den|das|der|previous|earlier|last|old|first|second|third)\s+)*",
    re.IGNORECASE,
)
_WANTS_ZH = re.compile(
    r"(?:把|将|帮我|请|麻烦|我?想|我?要|需要|得|可以|能不能|能)\w{0,3}?.{0,12}?(?:改|修改|更改|更正|换|重写|重新)|(?:改|修改|更改|更正)(?:一?下|成|为|改)"
)
_LATER = re.compile(
    r"以后|之后|后面?还|还能|还可以|后来|提交后|期间|随时|中途|几次|多少次|什么时候|截止|\b(?:later|after|once|still|afterwards|any ?time|until|how often|when|deadline|nach|später|noch)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"第\s*(?P<zh>\d{1,2}|[一二三四五六七八九十]{1,3})\s*(?:个)?(?:问题|题|项|问|个问题)|(?:\b(?:question|answer|number|no\.?|nr\.?|item|step|frage|antwort|punkt|q)\s*|#\s?)(?P<en>\d{1,2})\b",
    re.IGNORECASE,
)
_ROW = re.compile(
    r"第\s*(?P<zh>\d|[一二三四五])\s*(?:位|个|轮|笔|名)|\b(?P<en>first|second|third|fourth|fifth|[1-5](?:st|nd|rd|th))\b",
    re.IGNORECASE,
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_DIGITS = {sign: number for number, sign in enumerate("一二三四五六七八九十", start=1)}
_TYPED = frozenset({"email", "phone", "url", "company_code"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a message is read beside: the pending question (None: none), the draft, the language and the day."""

    slot: Slot | None
    state: State
    answers: Answers
    language: str
    today: date


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be corrected; `key` None when it is not clear which answer, `value` None when not to what."""

    key: str | None
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    slot: Slot
    start: int
    end: int


def find_correction(text: str, asked: Asked, *, asks: bool) -> Correction | None:
    """The correction that a message makes, None when it makes none; `asks` says it is built like a question.

    The slot may be the pending one. Long texts are answers: nobody corrects in three sentences.
    """
    if len(text) > _LONGEST:
        return None
    edits, hedges, pending = EDIT.search(text), _HEDGE.match(text), asked.slot
    named = _named(text, asked.state, asked.answers)
    if not (edits or hedges or named):
        return None
    prose = pending is not None and pending.question.type in ("text", "long_text")
    reader = NewValue(text, asked.language, asked.today)
    if asks and not _asks_for_it(text):
        return None
    if named and (_tied(text, named) or ((edits or hedges) and not (prose and not hedges))):
        return _of_named(named, reader, text)
    if edits and (numbered := _numbered(text, asked.state)) is not None:
        return Correction(numbered.key, reader.value(numbered.question))
    if wishes_to_edit(text):
        return Correction(None)
    if edits or hedges:
        return _by_value(reader, asked, kinds=_kinds(pending, text, hedges is not None))
    return None


def wishes_to_edit(text: str) -> bool:
    """Tell whether the whole message is the wish to change something, without the new value: "改一下公司名"."""
    return _SOMETHING.fullmatch(text.strip(_EDGES)) is not None


def find_statement(text: str, asked: Asked) -> Correction | None:
    """What a plain statement says about another question than the pending one, when that is only one."""
    reader = NewValue(text, asked.language, asked.today)
    lowered, found = text.casefold(), list[tuple[Slot, Value]]()
    for slot in asked.state.slots:
        question = slot.question
        if slot == asked.slot or slot.group is not None or question.type not in ("number", "yes_no"):
            continue
        if question.type == "yes_no" and not any(_stem(name) in lowered for name in names(question)):
            continue
        if question.type == "number" and not _has_unit(question, lowered):
            continue
        if (value := reader.find(question, text.rstrip("呢啊哦呀的。.! "))) is not None:
            found.append((slot, value))
    return Correction(found[0][0].key, found[0][1]) if len(found) == 1 else None


def _has_unit(question: Question, lowered: str) -> bool:
    return any(unit and unit.casefold() in lowered for unit in question.unit.values())


_NAMES: dict[int, tuple[Question, tuple[str, ...]]] = {}
_MOST_NAMES = 2000


def names(question: Question) -> tuple[str, ...]:
    """Every short name of a question, in all languages, folded; remembered, for each message looks at all."""
    known = _NAMES.get(id(question))
    if known is None or known[0] is not question:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        every = (*question.labels.values(), *(one for own in question.names.values() for one in own))
        known = _NAMES[id(question)] = question, tuple(dict.fromkeys(name.casefold() for name in every))
    return known[1]


def _named(text: str, state: State, answers: Answers) -> list[_Named]:
    """The slots whose names stand in the text: of overlapping names the longest, answered ones before open ones."""
    lowered = text.casefold()
    found: list[_Named] = []
    for slot in state.slots:
        if slot.closing or slot.question.type == "group":
            continue
        places = [
            place for name in names(slot.question) if name in lowered for place in _places(name, lowered)
        ]
        found += [_Named(slot, start, end) for start, end in places]
    found = [one for one in found if not any(_covers(other, one) for other in found)]
    given = [one for one in found if one.slot.key in answers]
    return given or found


def _places(name: str, lowered: str) -> Iterator[tuple[int, int]]:
    if len(name) < (2 if _HAN.search(name) else 3):
        return
    pattern = re.escape(name) if _HAN.search(name) else rf"(?<!\w){re.escape(name)}(?:s|en|n)?(?!\w)"
    for match in re.finditer(pattern, lowered):
        yield match.start(), match.end()


def _covers(one: _Named, other: _Named) -> bool:
    inside = one.start <= other.start and other.end <= one.end
    return inside and one.end - one.start > other.end - other.start


def _tied(text: str, named: list[_Named]) -> bool:
    """Whether a word for correcting stands right beside a name, or the message opens with one."""
    for one in named:
        before, after = text[max(0, one.start - 40) : one.start], text[one.end : one.end + 40]
        if _HAN.search(text):
            if re.match(
                rf"(?:这题|那题|那里|一栏|的?(?:答案)?)?{_GAP_ZH}(?:{EDIT.pattern})", after, re.IGNORECASE
            ):
                return True
            if re.search(
                r"(?:改|修改|更改|更正|修正|重写|更新|重新(?:填|写))(?:一?下|一改)?(?:我们?的?|之前的?|刚才的?|那个)?$",
                before,
            ):
                return True
            if one.start == 0 and re.match(r"\s*[:：=]", after):
                return True
            if one.start <= 4 and re.search(r"后面?加上|删掉|去掉|加上", after):
                return True
        else:
            opening = _OPEN.match(text)
            if opening and _LINK.fullmatch(text, opening.end(), max(one.start, opening.end())):
                return True
            if re.match(
                r"\s*(?:that i (?:gave|wrote|entered) )?(?:should|must|has to|needs to (?:be)?|is (?:wrong|now|incorrect|not right|actually|outdated)|was (?:wrong|incorrect|not|actually)|has changed|wrong|changed|:|=|ist falsch|sollte|muss)",
                after,
                re.IGNORECASE,
            ):
                return True
            if re.search(
                r"\b(?:misspel\w+|mistyped|wrong|typo in|mistake in|error in|falsche[rsn]?)\s+(?:my |our |the |in )*$",
                before,
                re.IGNORECASE,
            ):
                return True
    return False


def _asks_for_it(text: str) -> bool:
    """Whether what is built like a question still asks for the change itself: "能改一下公司名吗"."""
    if _LATER.search(text):
        return False
    if _HAN.search(text):
        return bool(_WANTS_ZH.search(text)) and bool(re.search(r"改(?:一?下|成|为)|帮我|换成", text))
    return bool(_OPEN.match(text))


def _of_named(named: list[_Named], reader: NewValue, text: str) -> Correction:
    keys = list(dict.fromkeys(one.slot.key for one in named))
    if len(keys) > 1 and (row := _row(text)) is not None:
        keys = [one.slot.key for one in named if one.slot.row == row] or keys
        named = [one for one in named if one.slot.key in keys]
    if len(set(keys)) > 1:
        tied = [one for one in named if _tied(text, [one])]
        first = min(tied or named, key=lambda one: one.start)
        rivals = {one.slot.key for one in named if one.start == first.start and one.end == first.end}
        if len(rivals) > 1:
            fitting = [
                one
                for one in named
                if one.slot.key in rivals and reader.value(one.slot.question, one.end) is not None
            ]
            if len(fitting) != 1:
                return Correction(None)
            first = fitting[0]
        named = [first]
    one = named[0]
    return Correction(
        one.slot.key, reader.value(one.slot.question, one.end) or reader.value(one.slot.question)
    )


def _numbered(text: str, state: State) -> Slot | None:
    match = _NUMBERED.search(text)
    if match is None:
        return None
    number = _count(match["zh"] or match["en"])
    found = [slot for slot in state.slots if state.position(slot.key) == number]
    return found[0] if found else None


def _row(text: str) -> int | None:
    match = _ROW.search(text)
    if match is None:
        return None
    return _count(match["zh"]) if match["zh"] else _ORDINALS.get(match["en"].lower()) or int(match["en"][0])


def _count(word: str) -> int:
    if word.isdigit():
        return int(word)
    if word.startswith("十"):
        return 10 + (_DIGITS[word[1]] if len(word) > 1 else 0)
    head, _, tail = word.partition("十")
    return _DIGITS[head] * (10 if "十" in word else 1) + (_DIGITS[tail] if tail else 0)


def _kinds(pending: Slot | None, text: str, hedges: bool) -> frozenset[str]:
    """The types of earlier answers that a value alone may point at: few, where any text is an answer."""
    kind = pending.question.type if pending is not None else ""
    if kind not in ("text", "long_text"):
        return _TYPED | {"number", "choice", "choices", "date", "month", "yes_no"}
    if not hedges or len(text) > 60:
        return _TYPED
    return _TYPED | {"number"} | ({"choice"} if kind == "text" else set())


def _by_value(reader: NewValue, asked: Asked, *, kinds: frozenset[str]) -> Correction | None:
    """The one answered slot for which the message holds a value of its own kind."""
    pending = asked.slot
    takes = pending is not None and pending.question.type not in ("yes_no", "text", "long_text")
    if pending is not None and takes and reader.find(pending.question) is not None:
        return None
    found: dict[str, Value] = {}
    told = NEGATED.sub("", reader.text)
    for slot in asked.state.slots:
        question = slot.question
        if slot.key not in asked.answers or slot == pending or slot.closing or question.type not in kinds:
            continue
        if question.type == "yes_no" and not any(_stem(name) in told.casefold() for name in names(question)):
            continue
        if (value := reader.find(question, told)) is not None:
            found[slot.key] = value
    if not found:
        return None
    return Correction(*found.popitem()) if len(found) == 1 else Correction(None)


def _stem(name: str) -> str:
    return name.removeprefix("是否").removeprefix("已")
