"""Whether a message wants to apply, or only asks about it."""

from __future__ import annotations

import re

from handlers.texts import load_phrases
from handlers.words import looks_like_question, phrases

_ASKS = re.compile(
    r"怎么|怎样|如何|什么|哪|几|多少|能否|能不能|可不可以|可以|是否|有没有|为什么|何时|多久|吗|么|条件|要求|材料|流程|资格"
    r"|\b(?:how|what|which|when|where|who|why|can|could|do|does|is|are|should|may|if)\b"
    r"|\b(?:wie|was|welche\w*|wann|wo|wer|warum|kann|können|könnte|ob|muss|darf)\b",
    re.IGNORECASE,
)
_WISH = (
    re.compile(
        r"(?:你好|您好|嗨)?\s*(?:我们?|咱们?)?(?:现在|今天|也|就)*(?:想要?|要|希望|打算|准备|需要)"
        r"(?:现在|在线|开始|来|提交|填写?)*(?:申请|报名)(?!退|撤|延|发票|取消)[^\s]{0,14}"
    ),
    re.compile(
        r"(?:(?:hi|hello)\s+)?(?:(?:i|we)(?:d| would)?\s+(?:like|want|wish|need)\s+to|lets|let us|please)\s+"
        r"(?:apply|(?:start|begin|fill in|submit|make)\s+(?:an?|my|our|the)?\s*application)(?: .{0,50})?"
    ),
    re.compile(
        r"(?:hallo\s+)?(?:ich|wir)\s+(?:möchten?|will|wollen|würden? gerne?)\s+(?:mich|uns)?.{0,40}"
        r"(?:bewerben|bewerbung).{0,20}"
    ),
)
_ABOUT = re.compile(
    r"申请|报名|(?:怎么|怎样|如何|想|要)(?:才能)?(?:加入|入驻)"
    r"|\b(?:apply|applying|application|sign up|join)\b|bewerb|antrag",
    re.IGNORECASE,
)


def wishes_to_apply(text: str) -> bool:
    """Tell whether the whole message is the wish to apply, such as "我想申请入驻"."""
    if len(text) > 80 or looks_like_question(text):
        return False
    known = load_phrases()
    parts = phrases(text)
    if any(known.get(part, ("",))[0] == "apply" for part in (" ".join(parts), *parts)):
        return True
    whole = " ".join(parts)
    return not _ASKS.search(whole) and any(pattern.fullmatch(whole) for pattern in _WISH)


def about_applying(text: str) -> bool:
    """Tell whether a question is about applying, so that its answer can offer to start."""
    return bool(_ABOUT.search(text))
