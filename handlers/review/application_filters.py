"""Filters of the list of applications, and how storage understands them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args
from zoneinfo import ZoneInfo

from handlers.review.address import AddressFilters, midnights
from storage.application_records import ApplicationFilter, ApplicationStatus

STATUSES: tuple[ApplicationStatus, ...] = tuple(one for one in get_args(ApplicationStatus) if one != "draft")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilters(AddressFilters):
    """What the list of applications is narrowed by."""

    q: str = ""
    track: str = ""
    status: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def _known(cls, name: str, value: str) -> str:
        return value if name != "status" or value in STATUSES else ""

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
