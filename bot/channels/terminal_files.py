"""Files in the terminal: `/file PATH`, or a file dragged into the window."""

from __future__ import annotations

import mimetypes
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def asked_file(line: str) -> Path | None:
    """The file that `/file PATH` names, whether it is there or not; None for any other line."""
    name, _, rest = line.strip().partition(" ")
    if name.lower() != "/file" or not rest.strip():
        return None
    plain = Path(rest.strip()).expanduser()
    return plain if plain.is_file() else _path(rest) or plain


def dropped_file(line: str) -> Path | None:
    """The file whose absolute path is the whole line, as terminals write it when one is dragged in."""
    path = _path(line)
    return path if path is not None and path.is_absolute() and _is_file(path) else None


def describe(path: Path) -> dict[str, Any]:
    """An attachment by reference, as it is stored with the message."""
    return {
        "name": path.name,
        "media_type": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "size": path.stat().st_size,
        "reference": str(path.resolve()),
    }


def _path(words: str) -> Path | None:
    """One path out of quotes, backslashes or a file:// address; None for more or fewer words."""
    try:
        parts = shlex.split(words)
    except ValueError:
        return None
    if len(parts) != 1:
        return None
    if parts[0].startswith("file://"):
        return Path(unquote(urlsplit(parts[0]).path))
    return Path(parts[0]).expanduser()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
