"""How the emulator reads message text: Telegram's HTML subset, its clean-up and its way of counting."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

MAX_TEXT = 4096
MAX_CAPTION = 1024
_SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]+));?")
_ATTRIBUTE = re.compile(r"""\s+([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([a-zA-Z0-9.-]+)))?""")
_TAG_NAME = re.compile(r"[^\s<>/]+")


class MarkupError(Exception):
    """Text that Telegram answers with 400 "can't parse entities"."""


def utf16_length(text: str) -> int:
    """Count the way Telegram counts offsets: astral characters weigh two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Drop what Telegram drops: carriage returns, control characters, line and direction overrides."""
    text = re.sub("[\r\u2028-\u202e]", "", text)
    return re.sub(r"[\x00-\x09\x0b-\x1f]", " ", text).strip(" \n")


def decode_entity(text: str, at: int) -> tuple[str, int]:
    """Return the character an entity at `at` stands for and its length; unknown ones are a plain '&'."""
    found = _ENTITY.match(text, at)
    if not found:
        return "&", 1
    hexadecimal, decimal, name = found.groups()
    if name:
        return (_NAMED[name], len(found.group())) if name in _NAMED else ("&", 1)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "&", 1
    return chr(code), len(found.group())


@dataclass
class _Reader:
    source: str
    at: int = 0
    out: list[str] = field(default_factory=list)
    length: int = 0
    open: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)

    def offset(self) -> int:
        return len(self.source[: self.at].encode("utf-8", "surrogatepass"))

    def emit(self, text: str) -> None:
        self.out.append(text)
        self.length += utf16_length(text)

    def start_tag(self) -> None:
        begin = self.offset()
        name = _TAG_NAME.match(self.source, self.at + 1)
        tag = name.group().lower() if name else ""
        if tag not in _SIMPLE:
            raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {begin}')
        self.at = name.end() if name else self.at
        attributes: dict[str, str] = {}
        while found := _ATTRIBUTE.match(self.source, self.at):
            value = next((g for g in found.groups()[1:] if g is not None), "")
            attributes[found.group(1).lower()] = decode(value)
            self.at = found.end()
        rest = re.compile(r"\s*>").match(self.source, self.at)
        if not rest:
            raise MarkupError(f"Unclosed start tag at byte offset {begin}")
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.at = rest.end()
        self.open.append((tag, self.length, attributes))

    def end_tag(self) -> None:
        begin = self.offset()
        found = re.compile(r"</([^\s<>]*)\s*>").match(self.source, self.at)
        if not found:
            raise MarkupError(f"Unclosed end tag at byte offset {begin}")
        if not self.open:
            raise MarkupError(f"Unexpected end tag at byte offset {begin}")
        tag, start, attributes = self.open.pop()
        if (name := found.group(1).lower()) not in {"", tag}:
            raise MarkupError(
                f'Unmatched end tag at byte offset {begin}, expected "</{tag}>", found "</{name}>"'
            )
        self.at = found.end()
        self.close(tag, start, attributes)

    def close(self, tag: str, start: int, attributes: dict[str, str]) -> None:
        entity: dict[str, Any] = {"type": _SIMPLE[tag], "offset": start, "length": self.length - start}
        if tag == "a":
            url = attributes.get("href", "")
            if not re.match(r"(https?|tg|mailto|tel)://?[^\s]+", url):
                return
            entity["url"] = url
        if entity["length"]:
            self.entities.append(entity)


def decode(text: str) -> str:
    """Replace the entities of an attribute value or of text between tags."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        char, width = decode_entity(text, at) if text[at] == "&" else (text[at], 1)
        parts.append(char)
        at += width
    return "".join(parts)


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the plain text and its entities, or raise MarkupError as strictly as Telegram does."""
    reader = _Reader(source)
    while reader.at < len(source):
        char = source[reader.at]
        if char == "<":
            if source.startswith("</", reader.at):
                reader.end_tag()
            else:
                reader.start_tag()
        elif char == "&":
            text, width = decode_entity(source, reader.at)
            reader.emit(text)
            reader.at += width
        else:
            reader.emit(char)
            reader.at += 1
    if reader.open:
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{reader.open[-1][0]}"')
    return "".join(reader.out), sorted(reader.entities, key=lambda e: (e["offset"], -e["length"]))
