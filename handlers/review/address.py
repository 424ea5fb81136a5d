"""Filters of a list as they stand in an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

_LONGEST = 200
_ANYWHERE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFilters:
    """What the form of a list holds; every field is a text, as in an address, and "" is not set.

    `WORDS` are the fields in which somebody's words may stand.
    """

    WORDS: ClassVar[tuple[str, ...]] = ("q",)

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Self:
        """Read an address; what is no filter, or cannot be one, is left out."""
        given = {item.name: params.get(item.name, "").replace("\x00", "") for item in fields(cls)}
        values = {name: value.strip()[:_LONGEST] for name, value in given.items()}
        for name in values.keys() & {"since", "until"}:
            if midnights(values[name], _ANYWHERE) is None:
                values[name] = ""
        return cls(**{name: cls._known(name, value) for name, value in values.items()})

    @classmethod
    def _known(cls, name: str, value: str) -> str:
        """Return a value as it counts, "" for one that is none of a field's."""
        return value

    @property
    def query(self) -> str:
        """The query of the address, without what is not set."""
        return urlencode({item.name: value for item in fields(self) if (value := getattr(self, item.name))})

    @property
    def noted(self) -> str:
        """The query as the audit log keeps it: without words, which /forget would not find there."""
        return replace(self, **{name: "*" for name in self.WORDS if getattr(self, name)}).query

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.query)


def midnights(text: str, timezone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return the first moment of a day and that of the next; None for what is no day of our times."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 <= day.year < 2200:
        return None
    return datetime.combine(day, time(), timezone), datetime.combine(
        day + timedelta(days=1), time(), timezone
    )
