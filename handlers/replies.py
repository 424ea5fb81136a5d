"""Replies as JSON and back: stored with the message for good, and in the outbox until delivered."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers.buttons import resolve
from handlers.messages import Attachment, Button, Reply, Source


def reply_to_dict(reply: Reply, *, with_files: bool = True) -> dict[str, Any]:
    """Turn a reply into JSON-able values; without files only their names and sizes are kept."""
    # Not dataclasses.asdict: it copies deeply, and this runs twice for every reply.
    data = {
        "text": reply.text,
        "notes": list(reply.notes),
        "sources": [_values(item, _SOURCE) for item in reply.sources],
        "buttons": [[_values(item, _BUTTON) for item in row] for row in reply.buttons],
        "attachments": [_file(item, with_files=with_files) for item in reply.attachments],
        "edits": reply.edits,
        "toast": reply.toast,
        "language": reply.language,
        "extra": dict(reply.extra),
    }
    return {key: value for key, value in data.items() if value}


def reply_from_dict(data: Mapping[str, Any]) -> Reply:
    """Rebuild a reply from `reply_to_dict`, ignoring keys that a later version may add."""
    return Reply(
        text=str(data.get("text", "")),
        notes=tuple(data.get("notes", ())),
        sources=tuple(Source(**_known(item, _SOURCE)) for item in data.get("sources", ())),
        buttons=tuple(
            tuple(Button(**_known(item, _BUTTON)) for item in row) for row in data.get("buttons", ())
        ),
        attachments=tuple(_attachment(item) for item in data.get("attachments", ())),
        edits=data.get("edits"),
        toast=data.get("toast"),
        language=str(data.get("language", "en")),
        extra=dict(data.get("extra", {})),
    )


def with_message_id(reply: Reply, message_id: int) -> Reply:
    """Let the buttons name the message they hang under."""
    rows = tuple(
        tuple(replace(item, payload=resolve(item.payload, message_id)) for item in row)
        for row in reply.buttons
    )
    return replace(reply, buttons=rows)


def plain_text(reply: Reply) -> str:
    """Return what the founder reads, for the log of messages: text, notes, numbered sources."""
    lines = [reply.text or reply.toast or "", *reply.notes]
    lines += [f"[{item.number}] {item.title}: {item.section}" for item in reply.sources]
    return "\n".join(line for line in lines if line)


_SOURCE = ("number", "title", "section", "link")
_BUTTON = ("label", "payload", "url")
_ATTACHMENT = ("name", "media_type", "size", "reference")


def _known(item: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: item[name] for name in names if name in item}


def _values(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(item, name)) is not None}


def _file(item: Attachment, *, with_files: bool) -> dict[str, Any]:
    values = _values(item, _ATTACHMENT)
    if with_files and item.content is not None:
        values["content"] = b64encode(item.content).decode("ascii")
    return values


def _attachment(item: Mapping[str, Any]) -> Attachment:
    content = item.get("content")
    return Attachment(**_known(item, _ATTACHMENT), content=None if content is None else b64decode(content))
