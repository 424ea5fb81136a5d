"""Keep tokens and passwords out of everything that a person may read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

HIDDEN = "***"

_TOKEN = re.compile(r"\d{6,}:[A-Za-z0-9_-]{20,}")
_URL_PASSWORD = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)", re.IGNORECASE)
_SECRET_NAME = re.compile(r"BOT_\w*(TOKEN|SECRET|KEY|PASSWORD)$")
_SHORTEST = 4


class Redactor:
    """Replaces every known secret, and whatever looks like a bot token or a password in a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), unquote(secret))}
        known = sorted((f for f in forms if len(f) >= _SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text with `***` where a secret was."""
        if self._known:
            text = self._known.sub(HIDDEN, text)
        return _URL_PASSWORD.sub(rf"\g<before>{HIDDEN}", _TOKEN.sub(HIDDEN, text))

    @classmethod
    def from_environment(cls) -> Redactor:
        """Know the secrets of this process even when its settings cannot be read as a whole."""
        from bot.settings import SettingsError, load_settings

        raw = [value for name, value in os.environ.items() if _SECRET_NAME.match(name)]
        try:
            return cls([*raw, *load_settings().secrets()])
        except SettingsError:
            return cls(raw)
