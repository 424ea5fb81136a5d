"""What a founder typed, made safe to search: invisible signs gone, phrases compared without decoration."""

from __future__ import annotations

import re
import unicodedata

# Marks that only steer direction, and zero-width signs; joiners stay, emoji and Persian need them.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_SPLIT = re.compile(r"[,.!?;:~\n，。！？；：、～…]+")
_APOSTROPHES = re.compile(r"['’‘`´]")


def clean(text: str) -> str:
    """Drop control characters, direction marks and lone surrogates; keep line breaks; trim the ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = _INVISIBLE.sub("", text)
    kept = (char for char in text if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"})
    return "".join(kept).strip()


def has_words(text: str) -> bool:
    """Tell whether there is a letter or a digit, in any script."""
    return any(char.isalnum() for char in text)


def has_emoji(text: str) -> bool:
    """Tell whether there is a pictograph or another symbol."""
    return any(unicodedata.category(char) in {"So", "Sk"} for char in text)


def phrases(text: str) -> list[str]:
    """Split a message at its punctuation into normalized phrases, to compare whole messages with."""
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    parts = []
    for part in _SPLIT.split(text):
        letters = "".join(char if char.isalnum() or char.isspace() else " " for char in part)
        if letters.strip():
            parts.append(" ".join(letters.split()))
    return parts


def looks_like_question(text: str) -> bool:
    """Tell whether a message asks rather than tells: by its question mark or a Chinese question particle."""
    text = text.rstrip(" \n.。!！~～")
    return text.endswith(("?", "？", "吗", "嗎", "呢", "么", "麼"))


def is_only_names(text: str) -> bool:
    """Tell whether the text is too little to show its language: at most three capitalized Latin words."""
    words = text.split()
    return 0 < len(words) <= 3 and all(word[0].isupper() or not word[0].isalpha() for word in words)


def clip(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, at a word or sentence end where there is one near."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    near = max(cut.rfind(sign) + 1 for sign in ("。", "！", "？", "\n", " "))
    return cut[: near if near > limit * 2 // 3 else limit - 1].rstrip() + "…"
