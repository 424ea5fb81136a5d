"""A second opinion on a text: does it lean towards asking something, though no word in it says so?

Words decide first. What a text means, beside the question it may answer, is weighed after them: a question
without a mark is questioned back rather than stored, and an answer with a doubtful word is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable

from forms.model import Question
from handlers.apply.reading import ENTITY, OURS, RULE, TO_PROGRAM, TOPICS, Reading
from handlers.apply.shapes import HAN
from knowledge.leaning import Beside

Lean = Callable[[str, Beside, tuple[float, ...]], Awaitable[float]]

ASKS = -1.0
"""Above this a text is questioned back: a press too many is cheaper than a question in the application."""
SURELY_ASKS = 0.5
LONGEST = 300
_SOFT_END = re.compile(r"[吧呀啊呢嘛么吗]$")
_STOPS = re.compile(r"[,，。.;；]")
# A Chinese character says as much as two and a half letters.
_HAN_WEIGHT = 2.5


def signs(reading: Reading) -> tuple[float, ...]:
    """What the words of a message show, as numbers; their order belongs to the fitted weights."""
    text, said = reading.text, reading.sentences
    length = len(text) * (_HAN_WEIGHT if HAN.search(text) else 1)
    found = (
        any(item.shape == "strong" for item in said),
        any(item.shape == "weak" for item in said),
        reading.asks,
        bool(said) and said[-1].asks,
        any(item.addressed for item in said),
        any(item.direct for item in said),
        "?" in text or "？" in text,
        *(pattern.search(text) is not None for pattern in (OURS, TO_PROGRAM, TOPICS, ENTITY, RULE)),
        math.log(1 + length) / 5,
        length > 160,
        length > 400,
        len(said) > 1,
        len(said) > 2,
        _SOFT_END.search(text) is not None,
        _STOPS.search(text) is not None,
        text[:1].isupper(),
        text.endswith((".", "。")),
    )
    return tuple(float(one) for one in found)


def beside(reading: Reading, question: Question) -> Beside:
    """What the pending question asks for, in the language of the text as far as it is written in it."""
    code = "zh" if HAN.search(reading.text) else "en"
    asked = question.texts.get(code) or next(iter(question.texts.values()), "")
    example = question.example.get(code) or asked
    return Beside(asked, example, reading.wants_name(), question.type == "long_text")
