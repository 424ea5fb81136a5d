"""Answers that choose among options, by id, label, another word, number, letter or a close spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forms.model import Option, Question, Value
from forms.values.problem import NotValid
from forms.values.text import excerpt, fold, plain, wording

_CJK = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]")
_NUMBERED = re.compile(
    r"(?:no\.? ?|nr\.? ?|nummer |number |option |选项|选择|选|第|答案)?([0-9]{1,2}|[一二三四五六七八九十])(?: ?(?:个|项|号|种|st|nd|rd|th))?"
)
_CHINESE = {sign: number for number, sign in enumerate("一二三四五六七八九十", start=1)}
_SEPARATORS = re.compile(
    r"[、,;/+&|\n。.]|\s*\b(?:and|und|et|y|plus|as well as|sowie)\b\s*|(?:以及|还有|和|及|与|跟|加上?)"
)
_FILLERS = frozenset(
    """
    we us i the a our my for would like to want choose pick choosing select take go with please thanks thank you
    both it is option options number answer is one it's
    wir ich die der das den bitte möchte möchten nehmen wählen danke für beide
    我 我们 选 选择 想 想要 要 想选 我选 我们选 我们要 我们想选 请 谢谢 吧 了 的 是 都 这 个 两个 这两个 主要 主要是
    """.split()
)
_ALL = frozenset(
    """
    all|everything|all of them|all of these|all of the above|every one|both|全部|全部都要|全选|都要|都选|都是|都有|所有|
    以上都是|以上全部|全都要|全都是|全都|两个都要|alle|alles|beide|tous|todos|tutti
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_NONE = frozenset(
    """
    none|none of them|none of these|none of the above|nothing|neither|no|nope|n a|无|没有|都没有|都不是|以上都不是|以上都没有|
    都不要|都不选|一个都没有|暂无|keine|keines|keiner|nichts|nein|aucun|ninguno
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_NEGATIONS = re.compile(
    r"(?:不是|不要|不选|不想|不用|不需要|没有|没|别|非|not|no|don't|dont|never|without|except|nicht|kein\w*|ohne)"
    r"\s*(?:the|a|an|要|选|interested in|want|for|need|die|den|das)?\s*$"
)
_CLOSE = 80.0
_MARGIN = 10.0


def names(option: Option) -> Iterator[str]:
    """Every way to name an option, as compared."""
    for name in (option.id, *option.labels.values(), *option.also):
        folded = fold(name)
        if folded:
            yield folded


def read_option(question: Question, option_id: str) -> Value:
    """Take a pressed option as the answer; NotValid when it is no longer offered."""
    option = next((item for item in question.options if item.id == option_id), None)
    if option is None:
        raise NotValid("option_gone")
    data = [option.id] if question.type == "choices" else option.id
    return Value(data=data, wording=next(iter(option.labels.values()), option.id))


def read_choice(question: Question, text: str, language: str) -> Value:
    """Read the one option that is meant; NotValid when none or several are."""
    picked = resolve(question, text)
    if picked is None:
        mentioned = {option.id for option, _, _ in mentions(question, plain(text).casefold())}
        if len(mentioned) > 1:
            raise NotValid("one_option", word=excerpt(text))
        raise NotValid("choice", word=excerpt(text))
    if len(picked) > 1:
        labels = [option.labels.get(language) or option.labels.get("en") or option.id for option in picked]
        raise NotValid("option_unclear", word=excerpt(text), options=" / ".join(labels))
    return Value(data=picked[0].id, wording=wording(text))


def read_choices(question: Question, text: str, language: str) -> Value:
    """Read every option that is meant; NotValid when a part of it is none."""
    chosen = _choices(question, text)
    ordered = [option.id for option in question.options if option.id in chosen]
    check_choices(question, ordered)
    return Value(data=ordered, wording=wording(text))


def check_choices(question: Question, chosen: list[str]) -> None:
    """Raise NotValid for an option that is not there, or too few or too many."""
    known = {option.id for option in question.options}
    if any(option not in known for option in chosen):
        raise NotValid("option_gone")
    least = question.limits.min_choices
    if least is None:
        least = 1 if question.required else 0
    most = question.limits.max_choices
    if len(chosen) < least:
        raise NotValid("too_few", count=len(chosen), limit=least)
    if most is not None and len(chosen) > most:
        raise NotValid("too_many", count=len(chosen), limit=most)


def find_choice(question: Question, text: str) -> Value | None:
    """The one option that a sentence names and does not deny."""
    found = affirmed(question, text)
    return Value(data=found[0], wording=wording(text)) if len(found) == 1 else None


def find_choices(question: Question, text: str) -> Value | None:
    """The options that a sentence names and does not deny."""
    found = affirmed(question, text)
    if not found:
        return None
    try:
        check_choices(question, found)
    except NotValid:
        return None
    return Value(data=found, wording=wording(text))


def affirmed(question: Question, text: str) -> list[str]:
    """Ids of the options named, in the form's order; none when one of them is denied."""
    lowered = plain(text).casefold()
    found = set()
    for option, start, _ in mentions(question, lowered):
        if _NEGATIONS.search(lowered[:start]):
            return []
        found.add(option.id)
    return [option.id for option in question.options if option.id in found]


def resolve(question: Question, text: str) -> list[Option] | None:
    """The option that the whole text means; several when it is as close to each of them; None for none."""
    word = fold(text)
    if not word:
        return None
    exact = [option for option in question.options if word in names(option)]
    if exact:
        return exact
    numbered = _numbered(question, text)
    if numbered is not None:
        return [numbered]
    stripped = " ".join(part for part in word.split() if part not in _FILLERS)
    partial = _partial(question, stripped) if stripped else []
    if partial:
        return partial
    close = _close(question, stripped or word)
    return [close] if close is not None else None


def mentions(question: Question, lowered: str) -> list[tuple[Option, int, int]]:
    """Where options are named in a text, longest names first, none inside another."""
    places: list[tuple[int, int, Option]] = []
    for option in question.options:
        for name in {option.id, *option.labels.values(), *option.also}:
            needle = plain(name).casefold()
            if len(needle) < (2 if _CJK.search(needle) else 3) and not needle.isupper():
                continue
            left = r"(?<![^\W_\u3400-\u9fff])" if needle[0].isalnum() and not _CJK.match(needle[0]) else ""
            right = r"(?![^\W_\u3400-\u9fff])" if needle[-1].isalnum() and not _CJK.match(needle[-1]) else ""
            for match in re.finditer(left + re.escape(needle) + right, lowered):
                places.append((match.start(), match.end(), option))
    places.sort(key=lambda place: (place[0] - place[1], place[0]))
    taken: list[tuple[Option, int, int]] = []
    for start, end, option in places:
        if all(end <= other_start or start >= other_end for _, other_start, other_end in taken):
            taken.append((option, start, end))
    return sorted(taken, key=lambda place: place[1])


def _choices(question: Question, text: str) -> set[str]:
    word = fold(text)
    if not word:
        raise NotValid("empty")
    exact = [option for option in question.options if word in names(option)]
    if exact:
        return {exact[0].id}
    if word in _ALL:
        return {option.id for option in question.options}
    if word in _NONE:
        return set()
    lowered = plain(text).casefold()
    chosen: set[str] = set()
    rest, position = [], 0
    for option, start, end in mentions(question, lowered):
        if _NEGATIONS.search(lowered[:start]):
            raise NotValid("option_unknown", word=excerpt(lowered[position:end]))
        chosen.add(option.id)
        rest.append(lowered[position:start])
        position = end
    rest.append(lowered[position:])
    for part in _SEPARATORS.split("\n".join(rest)):
        chosen |= _part(question, part)
    if not chosen:
        raise NotValid("option_unknown", word=excerpt(text))
    return chosen


def _part(question: Question, part: str) -> set[str]:
    part = part.strip(" \t:：!！()（）[]\"'“”‘’-–—•*~～?？")
    if not part or fold(part) in _FILLERS or all(word in _FILLERS for word in fold(part).split()):
        return set()
    words = part.split()
    if len(words) > 1 and all(_numbered(question, word) is not None for word in words):
        return {option.id for word in words if (option := _numbered(question, word)) is not None}
    found = resolve(question, part)
    if found is None:
        raise NotValid("option_unknown", word=excerpt(part))
    if len(found) > 1:
        raise NotValid("option_unclear", word=excerpt(part), options=" / ".join(item.id for item in found))
    return {found[0].id}


def _numbered(question: Question, text: str) -> Option | None:
    """The option at a number as shown ("2", "第二个", "option 2"), or at its letter ("b")."""
    word = plain(text).casefold().strip(" .)(、。,!）（]['\"#")
    match = _NUMBERED.fullmatch(word)
    if match:
        number = _CHINESE.get(match[1]) or int(match[1])
    elif len(word) == 1 and "a" <= word <= "z":
        number = ord(word) - ord("a") + 1
    else:
        return None
    return question.options[number - 1] if 1 <= number <= len(question.options) else None


def _partial(question: Question, word: str) -> list[Option]:
    """Options with a name of which the word is a part: "bmw" of "BMW pilot"."""
    if len(word) < (2 if _CJK.search(word) else 3):
        return []
    bounded = re.compile(re.escape(word) if _CJK.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)")
    return [option for option in question.options if any(bounded.search(name) for name in names(option))]


def _close(question: Question, word: str) -> Option | None:
    """The option spelled almost like it, when no other one is nearly as close."""
    if len(word) < 3 or len(word) > 80:
        return None
    from rapidfuzz import fuzz

    scores = sorted(
        (
            (max((fuzz.ratio(word, name) for name in names(option)), default=0.0), index)
            for index, option in enumerate(question.options)
        ),
        reverse=True,
    )
    if not scores or scores[0][0] < (_CLOSE if not _CJK.search(word) else _CLOSE - 14):
        return None
    if len(scores) > 1 and scores[0][0] - scores[1][0] < _MARGIN:
        return None
    return question.options[scores[0][1]]
