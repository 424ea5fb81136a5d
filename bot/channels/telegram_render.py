"""From our words to Telegram's HTML; pure functions.

Everything foreign is escaped. A reply is laid out as runs of plain text with at most one tag each and
cut only then, so that neither a tag nor an entity is ever cut in two.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from handlers.links import in_ascii
from handlers.messages import Button, Reply, Source

LIMIT = 4096
MAX_TOAST = 200
_MAX_PAYLOAD = 64
_MAX_LINK = 2000
_LOOK_BACK = 1200
_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = (r"\n\s*\n\s*", r"\n\s*", r"[。！？；]|[.!?;]\s+", r"\s+|[，、]")
_GLUE = "\u200d\ufe0f\u20e3"


@dataclass(frozen=True, slots=True)
class Run:
    """Plain text under one tag: "" for none, "i" for italics, else the address it links to."""

    text: str
    tag: str = ""

    def marks(self) -> tuple[str, str]:
        """Return the opening and the closing tag."""
        if not self.tag:
            return "", ""
        if self.tag == "i":
            return "<i>", "</i>"
        return f'<a href="{html.escape(self.tag)}">', "</a>"

    def markup(self) -> str:
        """Return the run as HTML."""
        start, end = self.marks()
        return f"{start}{html.escape(self.text, quote=False)}{end}"


@dataclass(frozen=True, slots=True)
class Part:
    """One message: its HTML, and the plain text that says the same when the HTML is refused."""

    markup: str
    plain: str


def utf16_length(text: str) -> int:
    """Count as Telegram counts: characters beyond U+FFFF weigh two."""
    return len(text) + sum(1 for char in text if char > "\uffff")


def sendable(text: str) -> str:
    """Replace half surrogates, which cannot be encoded."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def render(reply: Reply) -> list[Part]:
    """Lay a reply out as one or more messages, none of which is longer than Telegram takes."""
    runs = list(_lay_out(reply))
    if not "".join(run.text for run in runs).strip():
        return []
    if utf16_length("".join(run.markup() for run in runs)) <= LIMIT:
        return [_part(runs)]
    return [_part(piece) for piece in _cut([(char, run) for run in runs for char in run.text])]


def _lay_out(reply: Reply) -> Iterable[Run]:
    blocks: list[list[Run]] = []
    if reply.text:
        blocks.append([Run(sendable(reply.text))])
    if notes := [note for note in reply.notes if note.strip()]:
        blocks.append([Run("\n".join(sendable(note) for note in notes), "i")])
    if reply.sources:
        blocks.append([run for source in reply.sources for run in _source(source)][1:])
    for number, block in enumerate(blocks):
        if number:
            yield Run("\n\n")
        yield from block


def _source(source: Source) -> list[Run]:
    title = sendable(source.title)
    section = f" · {sendable(source.section)}" if source.section and source.section != source.title else ""
    return [Run("\n"), Run(f"[{source.number}] "), Run(title, safe_link(source.link)), Run(section)]


def safe_link(link: str | None) -> str:
    """Return the address, in ASCII, when it is a web address without tricks, else ""."""
    if not link or len(html.escape(link)) > _MAX_LINK or re.search(r"[\s\x00-\x1f\ud800-\udfff]", link):
        return ""
    try:
        parts = urlsplit(link)
        return in_ascii(link) if parts.scheme in {"http", "https"} and parts.hostname else ""
    except ValueError:
        return ""


def _cut(flat: Sequence[tuple[str, Run]]) -> Iterable[list[Run]]:
    start = 0
    while start < len(flat):
        end = _furthest(flat, start)
        if end < len(flat):
            end = _good_break("".join(char for char, _ in flat[start:end]), start, flat)
        runs = _regroup(flat[start:end])
        if "".join(run.text for run in runs).strip():
            yield runs
        start = end


def _furthest(flat: Sequence[tuple[str, Run]], start: int) -> int:
    """Return how far one message reaches when tags and entities are counted in full."""
    used, current = 0, None
    for at in range(start, len(flat)):
        char, run = flat[at]
        if run is not current:
            used += sum(utf16_length(mark) for mark in run.marks())
            current = run
        used += utf16_length(html.escape(char, quote=False))
        if used > LIMIT:
            return max(at, start + 1)
    return len(flat)


def _good_break(window: str, start: int, flat: Sequence[tuple[str, Run]]) -> int:
    """Prefer the end of a paragraph, line, sentence or word near the end; never split one character."""
    floor = max(1, len(window) - _LOOK_BACK)
    for pattern in _BREAKS:
        ends = [m.end() for m in re.finditer(pattern, window) if m.end() >= floor]
        if ends:
            return start + ends[-1]
    end = start + len(window)
    while end > start + floor and _belongs_to_previous(flat[end][0], flat[end - 1][0]):
        end -= 1
    return end


def _belongs_to_previous(char: str, before: str) -> bool:
    return bool(unicodedata.combining(char)) or char in _GLUE or before == "\u200d" or "🏻" <= char <= "🏿"


def _regroup(flat: Sequence[tuple[str, Run]]) -> list[Run]:
    runs = [Run("".join(c for c, _ in group), run.tag) for run, group in _by_run(flat)]
    if runs:
        runs[0] = Run(runs[0].text.lstrip(), runs[0].tag)
        runs[-1] = Run(runs[-1].text.rstrip(), runs[-1].tag)
    return [run for run in runs if run.text]


def _by_run(flat: Sequence[tuple[str, Run]]) -> Iterable[tuple[Run, list[tuple[str, Run]]]]:
    for _, group in groupby(flat, key=lambda pair: id(pair[1])):
        members = list(group)
        yield members[0][1], members


def _part(runs: Sequence[Run]) -> Part:
    plain = "".join(f"{r.text} ({r.tag})" if r.tag not in {"", "i"} else r.text for r in runs)
    if utf16_length(plain) > LIMIT:
        plain = "".join(run.text for run in runs)
    return Part("".join(run.markup() for run in runs), plain)


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """Turn rows of buttons into an inline keyboard; a button Telegram would refuse is left out."""
    made = [[button for b in row if (button := _button(b)) is not None] for row in rows]
    made = [row for row in made if row]
    return InlineKeyboardMarkup(made) if made else None


def _button(button: Button) -> InlineKeyboardButton | None:
    label = sendable(button.label).strip()
    if not label:
        return None
    if link := safe_link(button.url):
        return InlineKeyboardButton(label, url=link)
    payload = sendable(button.payload)
    if button.url or not 1 <= len(payload.encode()) <= _MAX_PAYLOAD:
        return None
    return InlineKeyboardButton(label, callback_data=payload)
