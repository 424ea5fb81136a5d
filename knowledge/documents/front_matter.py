"""The YAML block at the top of a Markdown file: id, title, language, twin, sources, dates, sample."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from urllib.parse import urlsplit

import yaml

from knowledge.documents.text import Unreadable

_BLOCK = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_KEYS = frozenset(
    {"id", "title", "language", "twin", "source", "sources", "as_of", "sample", "valid_from", "valid_until"}
)
_KNOWN_LINE = re.compile(rf"^(?:{'|'.join(sorted(_KEYS))})\s*:", re.MULTILINE)
_IDENTIFIER = re.compile(r"[^\W_][\w./-]{0,119}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MOST = 16_384
_DAY = len("2026-03-31")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a document says about itself; None or empty where it says nothing.

    `valid_until` is the first moment after its validity: a day counts to its end.
    """

    id: str | None = None
    title: str | None = None
    language: str | None = None
    twin: str | None = None
    sources: tuple[str, ...] = ()
    as_of: date | None = None
    sample: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def split(text: str, zone: tzinfo = UTC) -> tuple[FrontMatter, str]:
    """Return front matter and body; raises Unreadable, naming the key, when a value is of no use.

    Days and times without a zone are those of `zone`. Two rules around ordinary text are not front matter:
    a block counts only when it names a known key.
    """
    match = _BLOCK.match(text)
    if match is None or not _KNOWN_LINE.search(match[1]):
        return FrontMatter(), text
    values = _load(match[1])
    return _checked(values, zone), text[match.end() :]


def _load(block: str) -> dict[str, Any]:
    if len(block) > _MOST:
        raise Unreadable("has front matter of more than 16 KB", "front_matter")
    try:
        # An alias can make a few lines expand into gigabytes, and nothing here needs one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(block, Loader=yaml.SafeLoader)):
            raise Unreadable("has front matter with YAML aliases, which are not allowed", "front_matter")
        values = yaml.safe_load(block)
    # A tag such as !!timestamp before what is none makes PyYAML stumble over its own code.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 2}" if mark is not None else ""
        raise Unreadable(f"has front matter that is not valid YAML{where}", "front_matter") from error
    if not isinstance(values, dict):
        raise Unreadable("has front matter that is not a list of keys and values", "front_matter")
    return {str(key): value for key, value in values.items()}


def _checked(values: dict[str, Any], zone: tzinfo) -> FrontMatter:
    begins, ends = _moment(values, "valid_from", zone), _moment(values, "valid_until", zone)
    if begins and ends and begins >= ends:
        raise _wrong("valid_until", "after valid_from")
    return FrontMatter(
        id=_identifier(values, "id"),
        title=_text(values, "title"),
        language=_language(values),
        twin=_identifier(values, "twin"),
        sources=_sources(values),
        as_of=_date(values, "as_of"),
        sample=_flag(values),
        valid_from=begins,
        valid_until=ends,
    )


def is_identifier(text: str) -> bool:
    """Tell whether a text can be the id of a document."""
    return bool(_IDENTIFIER.fullmatch(text)) and ".." not in text


def _wrong(key: str, expected: str) -> Unreadable:
    return Unreadable(f"has front matter in which {key} is not {expected}", "front_matter_key", key)


def _text(values: dict[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise _wrong(key, "a text")
    return " ".join(str(value).split())


def _identifier(values: dict[str, Any], key: str) -> str | None:
    value = _text(values, key)
    if value is not None and not is_identifier(value):
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
        if not isinstance(address, str) or not is_address(address):
            raise _wrong("sources", "a list of http:// or https:// addresses")
    return tuple(addresses)


def is_address(address: str) -> bool:
    """Tell whether a text is a web address."""
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", address)
    except ValueError:
        return False


def _moment(values: dict[str, Any], key: str, zone: tzinfo) -> datetime | None:
    """A time as it is; a day at its beginning, or at its end where it is the last."""
    value = values.get(key)
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.strip()) if len(value.strip()) > _DAY else value
    try:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=zone)
        day = _date(values, key)
        last = timedelta(days=1) if key == "valid_until" else timedelta()
        return None if day is None else datetime.combine(day + last, time(), zone)
    except OverflowError:
        raise _wrong(key, "a date such as 2026-03-31") from None


def _date(values: dict[str, Any], key: str) -> date | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise _wrong(key, "a date such as 2026-03-31") from None


def _flag(values: dict[str, Any]) -> bool:
    value = values.get("sample", False)
    if not isinstance(value, bool):
        raise _wrong("sample", "true or false")
    return value
