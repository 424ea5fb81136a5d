"""The words by which founders answer, read once from words.toml, and patterns made of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any

_LETTERS = "a-zäöüßáéíóúñç"
_FIRST = re.compile(f"[{_LETTERS}]")


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Any]:
    """The file of words as it stands."""
    return tomllib.loads((files(__package__) / "words.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def words(table: str, key: str) -> frozenset[str]:
    """One list of words."""
    return frozenset(vocabulary()[table][key])


@lru_cache(maxsize=64)
def pattern(table: str, key: str) -> re.Pattern[str]:
    """A pattern that matches one of a list's words."""
    return any_of(words(table, key))


def bare(key: str, text: str) -> str:
    """An address or number without the words around it ("手机号 138 0013 8000 谢谢")."""
    lead, tail = _around(key)
    return tail.sub("", lead.sub("", text))


@lru_cache(maxsize=8)
def _around(key: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    lead, after = words("contact", key), alternatives(words("contact", "after"))
    spaced = alternatives(word for word in lead if word.isascii())
    joined = alternatives(word for word in lead if not word.isascii())
    gap = r"[\s:.]*" if key in ("phone", "code") else r"[\s:]+"
    return (
        re.compile(rf"^(?:{joined}[\s:,]*|{spaced}{gap})+", re.IGNORECASE),
        re.compile(rf"(?:[\s,(\[。]*{after}[)\]!.]*)+$", re.IGNORECASE),
    )


def any_of(choices: Iterable[str], *, also: str = "") -> re.Pattern[str]:
    """A pattern of the longest of some words, Latin ones only as whole words, or else of a further source."""
    source = alternatives(choices)
    return re.compile(f"{source}|{also}" if also else source)


def alternatives(choices: Iterable[str]) -> str:
    """The source of such a pattern; words bounded alike share their bounds: faster to compile."""
    groups: dict[tuple[str, str], list[str]] = {}
    for word in sorted(set(choices), key=lambda word: (-len(word), word)):
        left = f"(?<![{_LETTERS}])" if _FIRST.match(word) else ""
        right = f"(?![{_LETTERS}])" if _FIRST.match(word[-1]) else ""
        groups.setdefault((left, right), []).append(re.escape(word))
    ordered = sorted(groups, key=lambda group: (not group[1], not group[0]))
    sources = (f"{left}(?:{'|'.join(groups[left, right])}){right}" for left, right in ordered)
    return f"(?:{'|'.join(sources)})"
