# ruff: noqa: E501 (patterns are lists of words)
"""Yes and no in the words of the question: "申请过" to "你们以前申请过吗？", "还有一位" to another row."""

from __future__ import annotations

import re

from forms.model import Slot
from handlers.words import phrases

_MORE = re.compile(
    r"(?:还|再)(?:有|要|想)?(?:加|来|填|添加?)?(?:一|两|二|几)?(?:个|位|轮|笔|名)?(?:人)?(?:的)?|继续(?:加|添加|填)?|(?:add )?(?:one|another|two)(?: more| one)?|(?:there (?:is|are) )?(?:one |two )?more|"
    r"(?:noch )?(?:einer|eine|einen|eins)|weitere[rsn]?"
)
_DONE = re.compile(
    r"(?:就|只有?)(?:这|那)?(?:些|个|样|一个|一位|我|他|她)?(?:了)?|没(?:有)?(?:更多|别的|其他)?(?:人)?了?|够了|完了|齐了|填完了|(?:thats|that s|that is)? ?(?:all|it|everyone|everybody)|"
    r"no more|done|finished|nobody else|no one else|das war s|das wars|das ist alle?s?|fertig|keine weiteren?"
)
_WE_ARE = r"(?:(?:we|i|it|he|she|they)(?:re| are|s| is|m| am)?|were|its|the company is) (?:already |now |all )?(?:been )?"
_VERBS = frozenset("会有能行用要")
_NOT = re.compile(r"^(?:我们?|公司|也|都|还|从|从来)*(?:没有?|未|不(?:太|怎么|大)?)")


def echo(slot: Slot, text: str) -> bool | None:
    """What a message says to a yes-no question that it echoes, None when it does not."""
    parts = phrases(text)
    if not parts:
        return None
    if slot.closing:
        if _MORE.fullmatch(parts[0]):
            return True
        if any(_DONE.fullmatch(part) for part in parts):
            return False
    labels = {" ".join(phrases(label)) for label in slot.question.labels.values()}
    if parts[0] in labels:
        return True
    if any(
        re.match(rf"{_WE_ARE}{re.escape(label)}\b(?! once| if| when| soon)", parts[0]) for label in labels
    ):
        return True
    asked = " ".join(phrases(" ".join(slot.question.texts.values())))
    said = _NOT.sub("", parts[0]).removeprefix("已经").removesuffix("了")
    if (len(said) < 2 and said not in _VERBS) or said.isascii() or said not in asked:
        return None
    return not _NOT.match(parts[0])
