"""Which options a text names: by id, label, another word, number, letter or a close spelling."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from forms.model import Option, Question
from forms.values.text import fold, plain
from forms.values.vocabulary import alternatives, words

_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_ASIAN_SIGN = re.compile(f"[{_ASIAN}]")
_NUMBERED = re.compile(
    r"(?:no\.? ?|nr\.? ?|nummer |number |option |选项|第|答案)?([0-9]{1,2}|[一二三四五六七八九十])"
    r"(?: ?(?:个|项|号|种|st|nd|rd|th|\.))?"
)
_CHINESE = {sign: number for number, sign in enumerate("一二三四五六七八九十", start=1)}
_NEGATED = re.compile(
    r"(?:不是|不要|不选|不想|不用|不需要|没有|没|别|非|除了|\b(?:not|no|don't|dont|never|without|except|"
    r"instead of|nicht|kein\w*|ohne|statt))\s*(?:the|a|an|要|选|interested in|want|for|need|die|den|das)?\s*$"
)
_CLOSE, _CLOSE_ASIAN, _MARGIN = 80.0, 66.0, 10.0
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Mention:
    """An option named in a text, with its place; `negated` when the text says it is not the one."""

    option: Option
    start: int
    end: int
    negated: bool


def resolve(question: Question, text: str) -> list[Option]:
    """The options that a whole text can mean: none, one, or those that it is as close to."""
    word = fold(text)
    if not word:
        return []
    core = _core(word)
    for form in dict.fromkeys((word, core)):
        if exact := [option for option in question.options if _same(form, option)]:
            return exact
        lone_letter = form != word and form.isascii() and form.isalpha()
        if not lone_letter and (numbered := by_number(question, text if form == word else form)):
            return [numbered]
    if not core or len(core) > _LONGEST:
        return []
    return _partly(question, core) or _closely(question, core)


def by_number(question: Question, text: str) -> Option | None:
    """The option at a number as shown ("2", "第二个", "option 2"), or at its letter ("b")."""
    word = plain(text).casefold().strip(" .)(、。,!]['\"#")
    match = _NUMBERED.fullmatch(word)
    if match:
        number = _CHINESE.get(match[1]) or int(match[1])
    elif len(word) == 1 and "a" <= word <= "z":
        number = ord(word) - ord("a") + 1
    else:
        return None
    return question.options[number - 1] if 1 <= number <= len(question.options) else None


def mentions(question: Question, lowered: str, *, parts: bool) -> list[Mention]:
    """Where options are named in a plain lower-case text; with `parts` also by a word only one has."""
    places: list[tuple[int, int, Option]] = []
    for option in question.options:
        spoken = set(_spoken(option))
        if parts:
            spoken |= _own_words(question, option)
        for name in spoken:
            places.extend((match.start(), match.end(), option) for match in _whole(name).finditer(lowered))
    places.sort(key=lambda place: (place[0] - place[1], place[0]))
    taken: list[Mention] = []
    for start, end, option in places:
        if all(end <= other.start or start >= other.end for other in taken):
            taken.append(Mention(option, start, end, _NEGATED.search(lowered[:start]) is not None))
    return sorted(taken, key=lambda mention: mention.start)


def is_filler(text: str) -> bool:
    """Whether a text has nothing but words around a choice ("我们选", "please")."""
    return not _core(fold(text))


def _core(word: str) -> str:
    """A folded text without the words around a choice."""
    kept = " ".join(part for part in word.split() if part not in words("choices", "fillers"))
    lead, tail = _edges()
    before = None
    while before != kept:
        before = kept
        kept = tail.sub("", lead.sub("", kept)).strip()
    return kept


@lru_cache(maxsize=1)
def _edges() -> tuple[re.Pattern[str], re.Pattern[str]]:
    lead, tail = (alternatives(words("choices", key)) for key in ("lead", "tail"))
    return re.compile(rf"^{lead}\s*"), re.compile(rf"\s*{tail}$")


def _names(option: Option) -> Iterator[str]:
    for name in (option.id, *option.labels.values(), *option.also):
        yield fold(name)


def _same(word: str, option: Option) -> bool:
    """Whether a folded text is a name of the option, spaces apart."""
    joined = word.replace(" ", "")
    return any(joined == name.replace(" ", "") for name in _names(option))


def _spoken(option: Option) -> Iterator[str]:
    """Names long enough to be recognized inside a sentence."""
    for name in (option.id, *option.labels.values(), *option.also):
        needle = plain(name).casefold()
        if _telling(needle):
            yield needle


def _telling(word: str) -> bool:
    return len(word) >= (2 if _ASIAN_SIGN.search(word) else 3)


def _own_words(question: Question, option: Option) -> set[str]:
    """Words of an option's names that no other option has."""
    count: Counter[str] = Counter()
    own: set[str] = set()
    for one in question.options:
        found = {part for name in _names(one) for part in name.split() if _telling(part)}
        count.update(found)
        if one is option:
            own = found - words("choices", "fillers")
    return {word for word in own if count[word] == 1}


@lru_cache(maxsize=1024)
def _whole(name: str) -> re.Pattern[str]:
    """A pattern of a name: a Latin one is not found inside a longer word."""
    letter = rf"[^\W_{_ASIAN}]"
    left = f"(?<!{letter})" if re.match(letter, name) else ""
    right = f"(?!{letter})" if re.match(letter, name[-1]) else ""
    return re.compile(f"{left}{re.escape(name)}{right}")


def _partly(question: Question, word: str) -> list[Option]:
    """Options with a name of which the text is a part: "bmw" of "BMW pilot"."""
    if not _telling(word):
        return []
    said = set(word.split())
    return [
        option
        for option in question.options
        if any(_whole(word).search(name) or said <= set(name.split()) for name in _names(option))
    ]


def _as_long(word: str, name: str) -> bool:
    """Whether two spellings are near enough in length to be the same word."""
    return abs(len(word) - len(name)) <= min(2, max(len(word), len(name)) // 3)


def _closely(question: Question, word: str) -> list[Option]:
    """The option spelled almost like the text, when no other is nearly as close."""
    if len(word) < 3:
        return []
    from rapidfuzz import fuzz

    scores = sorted(
        (
            (
                max((fuzz.ratio(word, name) for name in _names(option) if _as_long(word, name)), default=0),
                -index,
            )
            for index, option in enumerate(question.options)
        ),
        reverse=True,
    )
    least = _CLOSE_ASIAN if _ASIAN_SIGN.search(word) else _CLOSE
    if not scores or scores[0][0] < least or (len(scores) > 1 and scores[0][0] - scores[1][0] < _MARGIN):
        return []
    return [question.options[-scores[0][1]]]
