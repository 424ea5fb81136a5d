"""Every sentence of the console, by key; a language has one file for each area of pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bot.console.config import LANGUAGES
from handlers.texts import check, sentences

FALLBACK = "en"


class Wording:
    """The sentences of one language: `t("staff.title")`, with the values of its placeholders by name."""

    __slots__ = ("_sentences", "language")

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else FALLBACK
        self._sentences = load()[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence with `values` filled in as plain data; KeyError for an unknown key."""
        sentence = self._sentences[key]
        return sentence.format(**values) if values else sentence

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    def either(self, key: str, otherwise: str) -> str:
        """Return the sentence, or a word of our own where there is none for it."""
        return self._sentences.get(key, otherwise)


@lru_cache(maxsize=1)
def load() -> Mapping[str, Mapping[str, str]]:
    """Read all language files; raise TextsInvalid when one lacks a key or a placeholder of another."""
    found = {language: sentences(__package__, language) for language in LANGUAGES}
    check(found)
    return found
