"""A document as a form holds it: every field a text, and back into what can be saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from handlers.review.checks import DocumentRefused, Problem
from knowledge.model import Document
from storage.document_records import DocumentOrigin, NewDocument

_LONGEST_SLUG = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed; "" is not set. `sources` has an address a line; days are 2026-03-31, times 09:30.

    `until_day` is the last day; with `until_time` it ends at that moment.
    """

    id: str = ""
    language: str = ""
    title: str = ""
    markdown: str = ""
    twin: str = ""
    sources: str = ""
    as_of: str = ""
    from_day: str = ""
    from_time: str = ""
    until_day: str = ""
    until_time: str = ""
    sample: str = ""

    @classmethod
    def of(cls, form: Mapping[str, object]) -> Draft:
        """Read a form; what is no text counts as empty."""
        given = {item.name: form.get(item.name) for item in fields(cls)}
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        body = texts.pop("markdown", "").replace("\r\n", "\n").replace("\0", "")
        lines = texts.pop("sources", "")
        # A lone surrogate or a control character has no place in a line, and a database may refuse it.
        plain = {name: " ".join(value.replace("\0", "").split()) for name, value in texts.items()}
        return cls(**plain, markdown=body, sources="\n".join(lines.split()))

    @classmethod
    def from_document(cls, document: Document | NewDocument, zone: tzinfo) -> Draft:
        """Write a document into a form."""
        begins, ends = document.valid_from, document.valid_until
        from_day, from_time = _written(begins, zone)
        until_day, until_time = _written(ends, zone, last=True)
        return cls(
            id=document.id,
            language=document.language,
            title=document.title,
            markdown=document.markdown,
            twin=document.twin or "",
            sources="\n".join(document.sources),
            as_of=document.as_of.isoformat() if document.as_of else "",
            from_day=from_day,
            from_time=from_time,
            until_day=until_day,
            until_time=until_time,
            sample="1" if document.sample else "",
        )

    @property
    def named(self) -> str:
        """The id, or one made from language and title."""
        slug = re.sub(r"[^\w]+", "-", self.title.casefold()).strip("-_")[:_LONGEST_SLUG]
        return self.id or f"{self.language or 'xx'}/{slug or 'document'}"

    def document(self, origin: DocumentOrigin, zone: tzinfo) -> NewDocument:
        """Return what shall be saved; raises DocumentRefused for days and times that are none."""
        problems: list[Problem] = []

        def read(field: str, day: str, hour: str = "", *, last: bool = False) -> datetime | None:
            try:
                return _moment(day, hour, zone, last=last)
            except (ValueError, OverflowError):
                problems.append(Problem(field=field, code="bad_date"))
                return None

        begins = read("valid_from", self.from_day, self.from_time)
        ends = read("valid_until", self.until_day, self.until_time, last=True)
        stands = read("as_of", self.as_of)
        if problems:
            raise DocumentRefused(tuple(problems))
        return NewDocument(
            id=self.named,
            language=self.language,
            title=self.title,
            markdown=self.markdown,
            origin=origin,
            twin=self.twin or None,
            sources=tuple(self.sources.split()),
            as_of=stands.astimezone(zone).date() if stands else None,
            valid_from=begins,
            valid_until=ends,
            sample=bool(self.sample),
        )


def _moment(day: str, hour: str, zone: tzinfo, *, last: bool) -> datetime | None:
    if not day:
        if hour:
            raise ValueError(hour)
        return None
    if hour:
        moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), zone)
    else:
        moment = datetime.combine(date.fromisoformat(day) + timedelta(days=last), time(), zone)
    return moment.astimezone(UTC)


def _written(moment: datetime | None, zone: tzinfo, *, last: bool = False) -> tuple[str, str]:
    if moment is None:
        return "", ""
    local = moment.astimezone(zone)
    if local.time() != time():
        return f"{local:%Y-%m-%d}", f"{local:%H:%M}"
    return f"{local - timedelta(days=last):%Y-%m-%d}", ""
