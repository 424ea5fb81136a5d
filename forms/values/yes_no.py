"""Answers that are yes or no."""

from __future__ import annotations

import re

from forms.model import Question, Value
from forms.values.problem import NotValid
from forms.values.text import excerpt, fold, plain, wording
from forms.values.vocabulary import words

_THUMBS = {
    "👍": True,
    "✅": True,
    "✔": True,
    "☑": True,
    "👌": True,
    "🆗": True,
    "👎": False,
    "❌": False,
    "✖": False,
    "🚫": False,
}
_UNSURE = re.compile(
    r"(?:no|not) (?:idea|problem|matter|one|wonder|wait|sure|certain|clear)|don'?t know|maybe|perhaps|"
    r"probably|depends|不知道|不清楚|不确定|不一定|没有问题|没有?关系|可能|也许|说不准|看情况|"
    r"weiß nicht|vielleicht|keine ahnung|nicht sicher"
)
_QUESTION = re.compile(r"\?|？|[吗呢么]\s*$")
_HEAD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_STRONG_YES = frozenset({"yes", "yeah", "yep", "yup", "ja", "jawohl", "oui"})
_STRONG_NO = frozenset({"no", "nope", "nah", "nein", "nö", "non"})
_DENIALS = re.compile(
    r"\bnot yet\b|\bnoch (?:nicht|kein\w*)\b|(?:\b(?:have|has|do|does|did|are|am|is)|'re|'m)(?:n't| not)\b|"
    r"^not |还没|尚未|还未|暂未|没有|暂无|目前没"
)
_SHORT_ANSWER = re.compile(
    r"^(?:i|we|he|she|they|it|all of us|both) "
    r"(?:do|did|does|are|is|am|were|was|have|has|can|could|will|would)$"
)
_CLAUSES = re.compile(r"[,.;!:。、\n–—]+|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_AFFIRMATIONS = re.compile(
    r"^(?:我们|公司|我)?(?:已经|早就|都已|有(?!.*(?:问题|疑问|没有|可能|时候|什么|哪|几|多少|怎|谁)|点|些))"
)


def read_yes_no(question: Question, text: str) -> Value:
    """Read a word for yes or for no; NotValid for anything else."""
    answer = _word(text)
    if answer is None:
        raise NotValid("empty") if not plain(text) else NotValid("yes_no", word=excerpt(text))
    return Value(data=answer, wording=wording(text))


def find_yes_no(question: Question, text: str) -> Value | None:
    """The yes or no that a sentence begins with or says without doubt."""
    answer = _word(text)
    if answer is None:
        answer = _sentence(plain(text).casefold().replace("’", "'"))
    return None if answer is None else Value(data=answer, wording=wording(text))


def _word(text: str) -> bool | None:
    for sign, meaning in _THUMBS.items():
        if plain(text).strip("\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff") == sign:
            return meaning
    word = fold(text)
    bare = re.sub(r"(?:谢谢|thanks|thank you|danke|please|bitte)$", "", word).strip() or word
    bare = bare.rstrip("的了啊呀哦呢吧哈") or bare
    for form in (word, bare):
        if (answer := _part(form)) is not None:
            return answer
    return None


def _sentence(lowered: str) -> bool | None:
    if _QUESTION.search(lowered) or _UNSURE.search(lowered):
        return None
    clauses = [part for part in _CLAUSES.split(lowered) if fold(part)]
    if not clauses:
        return None
    parts = [fold(clause) for clause in clauses]
    said = {meaning for part in parts if (meaning := _part(part)) is not None}
    head = _HEAD.match(lowered)
    if head and head[0] in _STRONG_YES:
        said.add(True)
    if head and head[0] in _STRONG_NO:
        said.add(False)
    first = _part(parts[0])
    if len(said) == 1 and (first is not None or (head and head[0] in _STRONG_YES | _STRONG_NO)):
        return said.pop()
    if said:
        return None
    if _DENIALS.search(clauses[0]):
        return False
    return True if _AFFIRMATIONS.match(parts[0]) or _SHORT_ANSWER.match(parts[0]) else None


def _part(part: str) -> bool | None:
    if part in words("yes_no", "yes"):
        return True
    return False if part in words("yes_no", "no") else None
