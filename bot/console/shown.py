"""Conversations as pages, the API and exports show them: masked, with buttons and files named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handlers.buttons import resolve
from handlers.review.masking import Masker, Open
from knowledge.words import folded
from storage.records import Rating
from storage.review_records import ConversationRow, Search, TranscriptMessage

if TYPE_CHECKING:
    from bot.console.view import View

_CUT = 160
_BEFORE = 40
_PASSAGE = ("id", "document", "version", "score", "dense", "lexical", "cited")
_SOURCE = ("number", "title", "section", "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message, ready to be shown; `who` is founder, bot, staff or notice."""

    id: int
    who: str
    name: str
    at: datetime
    text: str
    pressed: str
    kind: str
    files: tuple[Mapping[str, Any], ...]
    buttons: tuple[str, ...]
    sources: tuple[Mapping[str, Any], ...]
    trace: Trace | None
    rating: Rating | None
    reason: str
    delivery: str
    delivery_error: str
    erased: bool

    @property
    def words(self) -> str:
        """The text without the numbered sources under it, for a page that lists these by themselves."""
        *above, last = self.text.rsplit("\n", len(self.sources))
        listed = zip([*above[1:], last], self.sources, strict=False)
        if above and all(line.startswith(f"[{source['number']}] ") for line, source in listed):
            return above[0]
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How an answer came about."""

    route: str
    question: str
    searched: str
    language: str
    answered: bool | None
    confidence: float | None
    passages: Sequence[Mapping[str, Any]]
    milliseconds: Mapping[str, float]
    index_version: str
    writer: str
    error: str


@dataclass(slots=True)
class Reader:
    """Turns stored messages into shown ones; remembers buttons, so that presses can be named."""

    masker: Masker
    labels: dict[str, str] = field(default_factory=dict)

    def shown(self, item: TranscriptMessage) -> Shown:
        """Show one message; give them in order."""
        message, mask = item.message, self.masker
        payload: Mapping[str, Any] = message.payload if isinstance(message.payload, Mapping) else {}
        buttons = [one for row in payload.get("buttons", ()) for one in row if isinstance(one, Mapping)]
        for one in buttons:
            self.labels[resolve(str(one.get("payload", "")), message.id)] = str(one.get("label", ""))
        outgoing = message.direction == "out"
        who = {"staff": "staff", "notice": "notice"}.get(message.kind, "bot") if outgoing else "founder"
        extra = payload.get("extra") or {}
        pressed = str(payload.get("button") or "")
        return Shown(
            id=message.id,
            who=who,
            name=str(extra.get("name", "")) if who == "staff" else "",
            at=message.created_at,
            text=mask(_said(message.text, who)),
            pressed=mask(self.labels.get(pressed, pressed.removeprefix("v1:"))) if pressed else "",
            kind=message.kind,
            files=tuple(
                {"name": mask(str(one.get("name", ""))), "size": one.get("size")}
                for one in (*payload.get("files", ()), *payload.get("attachments", ()))
                if isinstance(one, Mapping)
            ),
            buttons=tuple(mask(str(one.get("label", ""))) for one in buttons),
            sources=tuple(
                {name: one.get(name) for name in _SOURCE}
                for one in payload.get("sources", ())
                if isinstance(one, Mapping)
            ),
            trace=self._trace(item) if who == "bot" and message.in_reply_to else None,
            rating=item.rating,
            reason=mask(item.reason or ""),
            delivery=item.delivery or "",
            delivery_error=item.delivery_error or "",
            erased=message.kind in ("erased", "expired"),
        )

    def _trace(self, item: TranscriptMessage) -> Trace | None:
        found = item.trace
        if found is None:
            return None
        return Trace(
            route=found.route,
            question=self.masker(found.question),
            searched=self.masker(found.searched),
            language=found.language or "",
            answered=found.answered,
            confidence=found.confidence,
            passages=[{name: one.get(name) for name in _PASSAGE} for one in found.passages],
            milliseconds=dict(sorted(found.timings.items(), key=lambda one: one[0] != "total")),
            index_version=found.index_version or "",
            writer=found.writer or "",
            error=found.error_code or "",
        )


def _said(text: str, who: str) -> str:
    """Leave out the name above a person's words: the page shows it in a place of its own."""
    return text.partition("\n")[2] if who == "staff" and text.startswith("👤 ") else text


def masker_of(row: ConversationRow, *, open_: bool = False) -> Masker:
    """Choose the masker for a conversation: the founder's own names are hidden, too."""
    return Open() if open_ else Masker((row.name, row.username))


def name_of(row: ConversationRow, view: View, *, open_: bool = False) -> str:
    """Return what a founder is called on pages."""
    if open_ and row.name:
        return row.name
    return view.say("conversations.founder", number=row.summary.founder_id)


def marked(text: str, search: Search | None) -> list[tuple[str, bool]]:
    """Cut a text to a line around what a search found, and split it: (piece, found)."""
    text = " ".join(text.split())
    found = _places(text, search) if search is not None else []
    start = max(0, found[0][0] - _BEFORE) if found and len(text) > _CUT else 0
    end = min(len(text), start + _CUT)
    pieces: list[tuple[str, bool]] = [("…", False)] if start else []
    for begin, stop in found:
        if begin >= end or begin < start:
            continue
        pieces += [(text[start:begin], False), (text[begin : min(stop, end)], True)]
        start = min(stop, end)
    pieces.append((text[start:end] + ("…" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _places(text: str, search: Search) -> list[tuple[int, int]]:
    """Find where the words are; simplified characters and small letters keep the length of most texts."""
    haystack = folded(text)
    if len(haystack) != len(text):
        haystack = text.lower()
    terms = sorted({*search.words, *search.beginnings, *search.phrases}, key=len, reverse=True)
    if len(haystack) != len(text) or not terms:
        return []
    places: list[tuple[int, int]] = []
    for match in re.finditer("|".join(re.escape(term) for term in terms), haystack):
        if places and match.start() == places[-1][1]:
            places[-1] = (places[-1][0], match.end())
        else:
            places.append(match.span())
    return places
