"""Passwords: hashed with argon2id away from the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
_AT_ONCE = 2


class Passwords:
    """Hashes and compares; a hash takes 64 MiB for a moment, so that only a few are made at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is stored in place of a password."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _prepared(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Compare; without a stored hash it takes as long, so that nobody learns which names exist."""
        if stored is None:
            if self._nobody is None:
                self._nobody = await self.hash(secrets.token_urlsafe(16))
            await self._compare(self._nobody, password)
            return False
        return await self._compare(stored, password)

    def is_weak(self, stored: str) -> bool:
        """Tell whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def _compare(self, stored: str, password: str) -> bool:
        async with self._slots:
            try:
                return await asyncio.to_thread(self._hasher.verify, stored, _prepared(password))
            except (VerificationError, InvalidHashError):
                return False


def weakness(password: str, login: str) -> str | None:
    """Name what is wrong with a new password (a key of the texts); None when it will do."""
    text = _prepared(password)
    if len(text) < SHORTEST:
        return "password.too_short"
    if len(text) > LONGEST:
        return "password.too_long"
    if len(set(text)) < 5 or (login and login in text.casefold()):
        return "password.too_simple"
    return None


def normal_login(name: str) -> str:
    """Return a name to sign in with as it is compared: without case, width or spaces around."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _prepared(password: str) -> str:
    # The same characters typed on another keyboard may arrive composed differently.
    return unicodedata.normalize("NFKC", password)
