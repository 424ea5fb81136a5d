"""Conversations as lines for a spreadsheet or a script, read a page at a time while they are sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.console.shown import Reader, Shown, masker_of
from bot.tabular import BOM, csv_line, plain
from storage.review_records import ConversationFilter, ConversationRow

if TYPE_CHECKING:
    from storage.database import Database

_AT_ONCE = 25
COLUMNS = (
    "conversation",
    "message",
    "time",
    "channel",
    "founder",
    "name",
    "who",
    "staff",
    "kind",
    "language",
    "text",
    "pressed",
    "files",
    "route",
    "answered",
    "confidence",
    "milliseconds",
    "searched",
    "sources",
    "rating",
    "reason",
    "delivery",
    "tags",
    "tracks",
    "reviewed",
)


async def export_lines(
    database: Database, wanted: ConversationFilter, *, as_csv: bool, unmasked: bool
) -> AsyncIterator[bytes]:
    """Write all messages of the conversations wanted; in CSV no text starts a formula."""
    if as_csv:
        yield (BOM + csv_line(COLUMNS)).encode()
    before = 0
    while True:
        async with database.unit_of_work(read_only=True) as work:
            rows = (await work.reviews.page(wanted, before=before, limit=_AT_ONCE)).rows
            messages = await work.transcripts.of([row.summary.conversation_id for row in rows])
        if not rows:
            return
        by_chat = {row.summary.conversation_id: row for row in rows}
        readers = {key: Reader(masker_of(row, open_=unmasked)) for key, row in by_chat.items()}
        lines = []
        for item in messages:
            chat = item.message.conversation_id
            values = _values(by_chat[chat], readers[chat].shown(item), item.message.language, unmasked)
            lines.append(_csv(values) if as_csv else _json(values))
        yield "".join(lines).encode("utf-8", "replace")
        before = rows[-1].summary.last_message_id


def _values(row: ConversationRow, one: Shown, language: str | None, unmasked: bool) -> dict[str, Any]:
    trace = one.trace
    return {
        "conversation": row.summary.conversation_id,
        "message": one.id,
        "time": one.at,
        "channel": row.summary.channel,
        "founder": row.summary.founder_id,
        "name": row.name if unmasked else "",
        "who": one.who,
        "staff": one.name,
        "kind": one.kind,
        "language": language,
        "text": one.text,
        "pressed": one.pressed,
        "files": [str(file["name"]) for file in one.files],
        "route": trace.route if trace else None,
        "answered": trace.answered if trace else None,
        "confidence": trace.confidence if trace else None,
        "milliseconds": trace.milliseconds.get("total") if trace else None,
        "searched": trace.searched if trace else None,
        "sources": [f"{source.get('title', '')}: {source.get('section', '')}" for source in one.sources],
        "rating": one.rating,
        "reason": one.reason,
        "delivery": one.delivery,
        "tags": list(row.tags),
        "tracks": list(row.tracks),
        "reviewed": one.id <= row.summary.reviewed_message_id,
    }


def _csv(values: Mapping[str, Any]) -> str:
    return csv_line(values[name] for name in COLUMNS)


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps({name: plain(value) for name, value in values.items()}, ensure_ascii=False) + "\n"
