"""What staff read about documents that will no longer be true soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from handlers.messages import Button, Reply
from handlers.texts import Texts
from handlers.words import clip

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentRow

_SHOWN = 10
_LONGEST_TITLE = 120


def ending_reply(speak: Texts, ending: Sequence[DocumentRow], zone: ZoneInfo, desk: str) -> Reply:
    """Name documents with their last days; `desk` is the address of the console, "" for none."""
    lines = [speak("documents.ending", count=len(ending))]
    for document in (row.document for row in ending[:_SHOWN]):
        assert document.valid_until is not None
        title, day = clip(document.title, _LONGEST_TITLE), last_day(document.valid_until, zone)
        lines.append(speak("documents.line", title=title, id=document.id, day=day))
    if len(ending) > _SHOWN:
        lines.append(speak("documents.more", count=len(ending) - _SHOWN))
    link = f"{desk}/documents?state=ending&sort=ends" if desk else ""
    if link.startswith("https://"):
        buttons = ((Button(label=speak("documents.open"), payload="", url=link),),)
        return Reply(text="\n".join(lines), buttons=buttons, language=speak.language)
    return Reply(text="\n".join([*lines, link]).rstrip(), language=speak.language)


def first_day(moment: datetime, timezone: ZoneInfo) -> str:
    """Return the day that begins at a moment; with the time when it begins within the day."""
    local = moment.astimezone(timezone)
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M}"


def last_day(moment: datetime, timezone: ZoneInfo) -> str:
    """Return the last day before a moment, which belongs to it no more; with the time within a day."""
    local = moment.astimezone(timezone)
    if local.time() == time():
        return f"{local - timedelta(days=1):%Y-%m-%d}"
    return f"{local:%Y-%m-%d %H:%M}"
