"""Filters of the list of applications as they stand in an address, and as storage understands them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from handlers.review.days import midnights
from storage.application_records import ApplicationFilter, ApplicationStatus

STATUSES: tuple[ApplicationStatus, ...] = tuple(one for one in get_args(ApplicationStatus) if one != "draft")
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilters:
    """What the form of the list holds; every field is a text, as in an address, and "" is not set."""

    q: str = ""
    track: str = ""
    status: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> ApplicationFilters:
        """Read an address; what is no filter, no status or no day is left out."""
        given = {item.name: params.get(item.name, "").replace("\x00", "") for item in fields(cls)}
        values = {name: value.strip()[:_LONGEST] for name, value in given.items()}
        if values["status"] not in STATUSES:
            values["status"] = ""
        for name in ("since", "until"):
            if midnights(values[name], ZoneInfo("UTC")) is None:
                values[name] = ""
        return cls(**values)

    @property
    def query(self) -> str:
        """The query of the address, without what is not set."""
        return urlencode({item.name: value for item in fields(self) if (value := getattr(self, item.name))})

    @property
    def noted(self) -> str:
        """The query as the audit log keeps it: without words, which /forget would not find there."""
        return replace(self, q="*" if self.q else "").query

    @property
    def narrows(self) -> bool:
        """Whether anything is set."""
        return self != ApplicationFilters()

    def wanted(self, timezone: ZoneInfo, title: str) -> ApplicationFilter:
        """Say it in storage's words; days are those of the program, the last one included."""
        since, until = midnights(self.since, timezone), midnights(self.until, timezone)
        return ApplicationFilter(
            track=self.track or None,
            status=next((one for one in STATUSES if one == self.status), None),
            since=since[0] if since else None,
            until=until[1] if until else None,
            words=self.q,
            title=title,
        )
