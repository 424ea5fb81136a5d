"""Every sentence the bot says, by key, checked between the languages when loaded.

A language has one TOML file ("en.toml") and one more for each large feature ("en.apply.toml").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any

LANGUAGES = ("zh", "en", "de")
"""Languages the bot itself speaks; founders who write another one are addressed in English."""

_FALLBACK = "en"


class TextsInvalid(Exception):
    """Language files that do not match: the message names language and key."""


class Texts:
    """The sentences of one language: `texts("ask.refused")`, with the values of its placeholders by name."""

    __slots__ = ("_sentences", "language")

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else _FALLBACK
        self._sentences = load()[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence with `values` filled in as plain data; KeyError for an unknown key."""
        sentence = self._sentences[key]
        return sentence.format(**values) if values else sentence

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    def name_of(self, language: str) -> str:
        """Return what `language` (ISO 639-1) is called in this one."""
        key = f"languages.{language}"
        return self(key) if key in self else self("languages.other")


@lru_cache(maxsize=1)
def load() -> Mapping[str, Mapping[str, str]]:
    """Read all language files; raise TextsInvalid when one lacks a key or a placeholder of another."""
    found = {language: sentences(__package__, language) for language in LANGUAGES}
    check(found)
    return found


@lru_cache(maxsize=1)
def load_phrases() -> Mapping[str, tuple[str, str]]:
    """Read the phrases: normalized phrase to its (kind, language)."""
    found: dict[str, tuple[str, str]] = {}
    for kind, languages in read("phrases").items():
        for language, phrases in languages.items():
            found.update((phrase, (kind, language)) for phrase in phrases)
    return found


def check(sentences: Mapping[str, Mapping[str, str]]) -> None:
    """Raise TextsInvalid unless every language has the same keys with the same placeholders."""
    model = sentences[_FALLBACK]
    for language, own in sentences.items():
        for key in sorted(model.keys() ^ own.keys()):
            lacking = language if key in model else _FALLBACK
            raise TextsInvalid(f"{lacking}.toml has no text for {key!r}")
        for key, sentence in own.items():
            if placeholders(sentence) != placeholders(model[key]):
                raise TextsInvalid(f"{language}.toml, {key!r}: its placeholders differ from {_FALLBACK}.toml")


def placeholders(sentence: str) -> frozenset[str]:
    """Return the names in braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


def read(name: str) -> dict[str, Any]:
    """Read one of this folder's files as it stands."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def sentences(package: str, language: str) -> dict[str, str]:
    """Join the files of one language in a package; a key stands in one of them only."""
    joined: dict[str, str] = {}
    for item in sorted(files(package).iterdir(), key=lambda item: item.name):
        file = item.name
        if file.startswith(f"{language}.") and file.endswith(".toml"):
            own = _flatten(tomllib.loads(item.read_text(encoding="utf-8")))
            if twice := joined.keys() & own.keys():
                raise TextsInvalid(f"{file} repeats {min(twice)!r}")
            joined.update(own)
    return joined


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{key}."))
        elif not isinstance(value, str) or not value.strip():
            raise TextsInvalid(f"{prefix}{key} must be a text")
        else:
            flat[prefix + key] = re.sub(r"[ \t]+\n", "\n", value.strip())
    return flat
