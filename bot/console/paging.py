"""Keyset pagination: a cursor is the sort key of the last row, so that page 1,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

T = TypeVar("T")
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    """One page of a list; `cursor` leads to the next, None on the last page."""

    rows: Sequence[T]
    cursor: str | None


def cut(rows: Sequence[T], key: Any, size: int = PAGE) -> Slice[T]:
    """Make a slice of `size` rows from a query that asked for one more; `key` gives a row's sort key."""
    shown = rows[:size]
    return Slice(rows=shown, cursor=pack(key(shown[-1])) if len(rows) > size else None)


def pack(values: Any) -> str:
    """Write a sort key (a number, a text, a moment, or several) so that it fits into an address."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpack(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Read a sort key of these kinds; None when there is none, or none that can be read."""
    if not cursor or len(cursor) > 1000:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        return None
    values = tuple(found) if isinstance(found, list) else (found,)
    try:
        return tuple(_read(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, OverflowError):
        return None


def _read(value: Any, kind: type) -> Any:
    """Return a part of a key; raises ValueError or OverflowError for what is none."""
    if type(value) is not (str if kind is datetime else kind):
        raise ValueError(kind)
    if kind is datetime:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(kind)
    return value


def params(query: str) -> dict[str, str]:
    """Read the query of an address that a form carries."""
    return dict(parse_qsl(query[:4000]))


def address(request: Request, **changes: str | int | None) -> str:
    """Return the present address with some of its query changed; None and "" take a part out."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    kept += [(name, str(value)) for name, value in changes.items() if value not in (None, "")]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")
