"""The YAML block at the top of a Markdown file: id, title, language, twin, sources, as_of, sample."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import yaml

from knowledge.documents.text import Unreadable

_BLOCK = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_KEYS = frozenset({"id", "title", "language", "twin", "source", "sources", "as_of", "sample"})
_KNOWN_LINE = re.compile(rf"^(?:{'|'.join(sorted(_KEYS))})\s*:", re.MULTILINE)
_IDENTIFIER = re.compile(r"[^\W_][\w./-]{0,119}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MOST = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a document says about itself; None or empty where it says nothing."""

    id: str | None = None
    title: str | None = None
    language: str | None = None
    twin: str | None = None
    sources: tuple[str, ...] = ()
    as_of: date | None = None
    sample: bool = False


def split(text: str) -> tuple[FrontMatter, str]:
    """Return front matter and body; raises Unreadable, naming the key, when a value is of no use.

    Two rules around ordinary text are not front matter: a block counts only when it names a known key.
    """
    match = _BLOCK.match(text)
    if match is None or not _KNOWN_LINE.search(match[1]):
        return FrontMatter(), text
    values = _load(match[1])
    return _checked(values), text[match.end() :]


def _load(block: str) -> dict[str, Any]:
    if len(block) > _MOST:
        raise Unreadable("has front matter of more than 16 KB")
    try:
        # An alias can make a few lines expand into gigabytes, and nothing here needs one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(block, Loader=yaml.SafeLoader)):
            raise Unreadable("has front matter with YAML aliases, which are not allowed")
        values = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 2}" if mark is not None else ""
        raise Unreadable(f"has front matter that is not valid YAML{where}") from error
    if not isinstance(values, dict):
        raise Unreadable("has front matter that is not a list of keys and values")
    return {str(key): value for key, value in values.items()}


def _checked(values: dict[str, Any]) -> FrontMatter:
    return FrontMatter(
        id=_identifier(values, "id"),
        title=_text(values, "title"),
        language=_language(values),
        twin=_identifier(values, "twin"),
        sources=_sources(values),
        as_of=_date(values),
        sample=_flag(values),
    )


def _wrong(key: str, expected: str) -> Unreadable:
    return Unreadable(f"has front matter in which {key} is not {expected}")


def _text(values: dict[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise _wrong(key, "a text")
    return " ".join(str(value).split())


def _identifier(values: dict[str, Any], key: str) -> str | None:
    value = _text(values, key)
    if value is not None and (not _IDENTIFIER.fullmatch(value) or ".." in value):
        raise _wrong(key, "made of letters, digits, dots, hyphens and slashes")
    return value


def _language(values: dict[str, Any]) -> str | None:
    # YAML 1.1 reads a bare "no", Norwegian, as false.
    if values.get("language") is False:
        return "no"
    value = _text(values, "language")
    if value is None:
        return None
    code = re.split(r"[-_]", value.casefold())[0]
    if not _LANGUAGE.fullmatch(code):
        raise _wrong("language", "a code such as zh or en")
    return code


def _sources(values: dict[str, Any]) -> tuple[str, ...]:
    found = values.get("sources", values.get("source"))
    addresses = [found] if isinstance(found, str) else found or []
    if not isinstance(addresses, list):
        raise _wrong("sources", "a list of addresses")
    for address in addresses:
        if not isinstance(address, str) or not _is_address(address):
            raise _wrong("sources", "a list of http:// or https:// addresses")
    return tuple(addresses)


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", address)
    except ValueError:
        return False


def _date(values: dict[str, Any]) -> date | None:
    value = values.get("as_of")
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise _wrong("as_of", "a date such as 2026-03-31") from None


def _flag(values: dict[str, Any]) -> bool:
    value = values.get("sample", False)
    if not isinstance(value, bool):
        raise _wrong("sample", "true or false")
    return value
