"""Secrets that must be read again, such as those of second factors: encrypted with a key beside the database.

Whoever gets hold of the database alone, or of a backup of it, cannot make codes. The key is a file of the
data folder, made when it is first needed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_FILE = "console.key"


class SealBroken(Exception):
    """The key cannot be read, or it is not the one something was sealed with, which is lost."""


class Seal:
    """Encrypts with the key in a folder; the file is readable to its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEY_FILE
        self._fernet: Fernet | None = None

    def close(self, secret: str) -> str:
        """Return what is stored in place of a secret; raises SealBroken without a key that can be used."""
        return self._key().encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the secret; raises SealBroken when the key is not the one it was sealed with."""
        try:
            return self._key().decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError) as error:
            raise SealBroken from error

    def _key(self) -> Fernet:
        if self._fernet is None:
            try:
                self._fernet = self._read() or self._make()
            except (OSError, ValueError) as error:
                raise SealBroken(f"{self._path.name}: {type(error).__name__}") from error
        return self._fernet

    def _read(self) -> Fernet | None:
        try:
            return Fernet(self._path.read_bytes().strip())
        except FileNotFoundError:
            return None

    def _make(self) -> Fernet:
        """Write a new key; of two processes that do at once, the first one's stays."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{KEY_FILE}.", dir=self._path.parent)
        fresh = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, self._path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        made = self._read()
        assert made is not None
        return made
