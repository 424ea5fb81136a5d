"""Answers that are yes or no."""

from __future__ import annotations

import re

from forms.model import Question, Value
from forms.values.problem import NotValid
from forms.values.text import excerpt, fold, plain, wording


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for line in text.splitlines() for word in line.split("|") if word.strip())


YES = _words("""
yes|y|yep|yeah|yea|yup|yes please|yes we do|yes we are|yes we have|yes i do|yes i am|sure|sure thing|ok|okay|of course|correct|
right|true|that s right|thats right|affirmative|indeed|absolutely|definitely|certainly|we do|we are|we have|i do|i am|i have|
it is|it does|agreed|i agree|we agree|already
是|是的|对|对的|对啊|对呀|有|有的|有啊|好|好的|可以|可以的|行|嗯|嗯嗯|恩|没错|当然|当然有|当然是|已经有了|已有|已经有|是啊|是呀|确认|
同意|我同意|我们同意|需要|要|要的|会|会的|能|能的|肯定|没问题|已经|已注册|已经注册|已经注册了|注册了|是的有|我们有|我们是|我有|我是
ja|jawohl|jo|jep|klar|genau|stimmt|natürlich|na klar|ja bitte|ja haben wir|ja sind wir|haben wir|sind wir|richtig|selbstverständlich|gerne
oui|si|sí|sim|da|да|はい|네|예
""")
NO = _words("""
no|n|nope|nah|no we don t|no we do not|no we are not|no we aren t|no we haven t|no i don t|no i do not|not yet|no not yet|none|
never|false|negative|not at all|not|we don t|we do not|we haven t|we are not|we aren t|i don t|i do not|it is not|it isn t|
no thanks|no thank you|not now|nothing|nothing yet|none yet|not so far
否|不|不是|不是的|没有|没有的|没|无|还没|还没有|尚未|还未|不需要|不要|不会|不能|未|暂无|暂时没有|目前没有|不用|不对|不行|不同意|我不同意|
没呢|还没呢|没注册|未注册|还没注册|尚未注册|没有呢|暂未|我们没有|我没有|我们不是|我不是|不可以|不必|都没有
nein|nö|ne|nee|noch nicht|nicht|nein noch nicht|leider nicht|leider nein|haben wir nicht|sind wir nicht|nein danke|niemals|falsch
non|nao|não|нет|いいえ|아니요|아니오
""")
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
    r"(?:no|not) (?:idea|problem|matter|one|wonder|wait|sure|certain|clear)|don'?t know|maybe|perhaps|probably|depends|"
    r"不知道|不清楚|不确定|不一定|可能|也许|说不准|看情况|weiß nicht|vielleicht|keine ahnung|nicht sicher"
)
_QUESTION = re.compile(r"\?|？|[吗呢么]\s*$")
_HEAD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_STRONG_YES = frozenset({"yes", "yeah", "yep", "yup", "ja", "jawohl", "oui"})
_STRONG_NO = frozenset({"no", "nope", "nah", "nein", "nö", "non"})
_DENIALS = re.compile(
    r"\bnot yet\b|\bnoch nicht\b|\bnoch kein\w*\b|\bhave(?:n't| not)\b|\bhas(?:n't| not)\b|\bdo(?:n't| not)\b|"
    r"\b(?:are|am|is)(?:n't| not)\b|还没|尚未|还未|暂未|没有|暂无|目前没"
)
_AFFIRMATIONS = re.compile(r"^(?:我们|公司|我)?(?:已经|早就|都已)")


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
        if form in YES:
            return True
        if form in NO:
            return False
    return None


def _sentence(lowered: str) -> bool | None:
    if _QUESTION.search(lowered) or _UNSURE.search(lowered):
        return None
    parts = [fold(part) for part in re.split(r"[,.;!:，。；！：、\n–—-]+", lowered)]
    parts = [part for part in parts if part]
    if not parts:
        return None
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
    if _DENIALS.search(parts[0]):
        return False
    return True if _AFFIRMATIONS.match(parts[0]) else None


def _part(part: str) -> bool | None:
    return True if part in YES else False if part in NO else None
