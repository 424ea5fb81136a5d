"""Filters of the list of conversations, and how storage understands them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from handlers.review.address import AddressFilters, midnights
from knowledge.words import beginnings, exact_words
from storage.review_records import ConversationFilter, Search

LOW_CONFIDENCE = 0.6
"""An answer below this is one the bot was not sure of."""

_NOBODY = "#0"
_FLAGS = ("unanswered", "unsure", "unhelpful", "handover", "unreviewed")
_QUOTED = re.compile(r'"([^"]{1,200})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(AddressFilters):
    """What the list of conversations is narrowed by."""

    WORDS: ClassVar[tuple[str, ...]] = ("q", "person")

    q: str = ""
    since: str = ""
    until: str = ""
    channel: str = ""
    language: str = ""
    track: str = ""
    tag: str = ""
    person: str = ""
    unanswered: str = ""
    unsure: str = ""
    unhelpful: str = ""
    handover: str = ""
    unreviewed: str = ""

    @classmethod
    def _known(cls, name: str, value: str) -> str:
        if name not in _FLAGS:
            return value
        return "1" if value in {"1", "true", "on"} else ""

    def wanted(self, timezone: ZoneInfo, *, unmask: bool) -> ConversationFilter:
        """Say it in storage's words; days are those of the program, the last one included.

        Who may not `unmask` finds nobody by a name and nothing by words that are hidden from them, or
        searching would tell what masking does not.
        """
        since, until = midnights(self.since, timezone), midnights(self.until, timezone)
        return ConversationFilter(
            since=since[0] if since else None,
            until=until[1] if until else None,
            channel=self.channel or None,
            language=self.language or None,
            track=self.track or None,
            tag=self.tag or None,
            person=self.person if unmask or self.by_number else _NOBODY,
            unanswered=bool(self.unanswered),
            unsure=LOW_CONFIDENCE if self.unsure else None,
            unhelpful=bool(self.unhelpful),
            handover=bool(self.handover),
            unreviewed=bool(self.unreviewed),
            search=search_of(self.q, hidden=unmask),
        )

    @property
    def by_number(self) -> bool:
        """Whether nobody, or somebody's number, is asked for rather than a name."""
        return not self.person or self.person.startswith("#")


def search_of(query: str, *, hidden: bool = False) -> Search | None:
    """Read what was typed into the search: words anywhere in one message, and "exact phrases" in quotes.

    `hidden` also finds what masking hides.
    """
    phrases = tuple(found.strip().lower() for found in _QUOTED.findall(query) if found.strip())
    words, begun = beginnings(_QUOTED.sub(" ", query))
    for phrase in phrases:
        words |= exact_words(phrase)
        # One character alone is no word of the index, but begins one.
        begun |= {one for one in beginnings(phrase)[1] if len(one) == 1 and not one.isascii()}
    search = Search(words=words, beginnings=begun, phrases=phrases, hidden=hidden)
    return None if search.empty else search
