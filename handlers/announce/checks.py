"""What an announcement must keep to, whether it is composed in a chat, in a file or in the console."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from handlers.files import StoredFile
from handlers.links import in_ascii
from handlers.program import Program
from handlers.refusals import Refused
from handlers.words import clean, has_words
from storage.announcement_records import AnnouncementRecord, Audience, NewAnnouncement

LONGEST_TEXT = 3900
"""Units as Telegram counts them in one message, with room for the note that names the other language."""
LONGEST_CAPTION = 1024
"""Units of a text that still fits below a picture or a file, in the same message."""
LONGEST_LABEL = 40
MOST_REPLIES = 4
LARGEST_PICTURE = 10_000_000
KNOWN_FOR = timedelta(days=30)
"""How long an announcement answers questions when nobody says until when it holds."""
_LONGEST_LINK = 2000
_LOOKS_LIKE_MARKUP = re.compile(
    r"\*\*\S|__\S|</?(?:b|i|u|s|a|code|pre|strong|em|br|p|div|span)\b[^>]*>|\[[^\]]+\]\(https?:"
)
_HAN = re.compile(r"[\u3400-\u9fff]")


class DraftRefused(Refused, ValueError):
    """Something that cannot be part of an announcement."""

    section = "announce.wrong."


def draft_from(record: AnnouncementRecord) -> NewAnnouncement:
    """The contents of an announcement, to be changed and stored again."""
    return NewAnnouncement(
        texts=dict(record.texts),
        link=record.link,
        file=record.file,
        topic=record.topic,
        audience=Audience.of(record.audience),
        replies=tuple(record.replies),
        urgent=record.urgent,
        at=record.at,
        valid_until=record.valid_until,
        created_by=record.created_by,
    )


def as_record(draft: NewAnnouncement, now: datetime) -> AnnouncementRecord:
    """The draft as if it were stored, for whatever is shown before it is."""
    return AnnouncementRecord(
        id=0,
        status="draft",
        texts=draft.texts,
        link=draft.link,
        file=draft.file,
        topic=draft.topic,
        audience=draft.audience.to_json(),
        replies=draft.replies,
        urgent=draft.urgent,
        at=draft.at,
        valid_until=draft.valid_until,
        created_by=draft.created_by,
        watch_message_id=None,
        revision=1,
        created_at=now,
        updated_at=now,
        confirmed_at=None,
        started_at=None,
        finished_at=None,
    )


def check_text(text: str) -> str:
    """Clean a text; refuses one that is empty or that does not fit into one message."""
    cleaned = clean(text)
    if not has_words(cleaned):
        raise DraftRefused("empty")
    length = sent_length(cleaned)
    if length > LONGEST_TEXT:
        raise DraftRefused("too_long", length=length, limit=LONGEST_TEXT, over=length - LONGEST_TEXT)
    return cleaned


def sent_length(text: str) -> int:
    """Count as networks count: signs beyond U+FFFF weigh two, and &, < and > as they are sent."""
    escaped = html.escape(text, quote=False)
    return len(escaped) + sum(1 for char in escaped if char > "\uffff")


def looks_like_markup(text: str) -> bool:
    """Tell whether somebody tried to format: such signs are shown as they are."""
    return _LOOKS_LIKE_MARKUP.search(text) is not None


def check_link(typed: str) -> str:
    """Read a web address; "example.org/x" gets its https."""
    link = typed.strip()
    if "://" not in link and re.match(r"[\w-]+(\.[\w-]+)+(/|$)", link):
        link = f"https://{link}"
    try:
        parts = urlsplit(link)
        good = parts.scheme in {"http", "https"} and "." in str(parts.hostname or "") and bool(in_ascii(link))
    except ValueError:
        good = False
    if not good or re.search(r"[\s\x00-\x1f\ud800-\udfff]", link):
        raise DraftRefused("link")
    if parts.username is not None:
        raise DraftRefused("link_secret")
    if len(html.escape(in_ascii(link))) > _LONGEST_LINK:
        raise DraftRefused("link_long", limit=_LONGEST_LINK)
    return link


def check_file(file: StoredFile) -> dict[str, Any]:
    """Describe a kept file; refuses a picture that networks do not take as one."""
    if file.media_type.startswith("image/") and file.size > LARGEST_PICTURE:
        megabytes = f"{file.size / 1_000_000:.1f}"
        raise DraftRefused("picture", size=megabytes, limit=LARGEST_PICTURE // 1_000_000)
    return {"sha256": file.sha256, "name": file.name, "media_type": file.media_type, "size": file.size}


def check_labels(labels: Sequence[Mapping[str, str]]) -> tuple[dict[str, Any], ...]:
    """Number the reply buttons; refuses too many, long or equal ones."""
    if len(labels) > MOST_REPLIES:
        raise DraftRefused("many_replies", count=len(labels), limit=MOST_REPLIES)
    for item in labels:
        for label in item.values():
            if not has_words(label):
                raise DraftRefused("empty_reply")
            if len(label) > LONGEST_LABEL:
                raise DraftRefused("long_reply", label=label[:LONGEST_LABEL], limit=LONGEST_LABEL)
    for number, item in enumerate(labels):
        for other in labels[:number]:
            if shared := set(item.items()) & set(other.items()):
                raise DraftRefused("same_reply", label=next(iter(shared))[1])
    return tuple({"id": f"r{number}", "labels": dict(item)} for number, item in enumerate(labels, start=1))


def read_label(typed: str, program: Program) -> dict[str, str]:
    """Read "参加 / Attend": the parts are told apart by their script, else by the program's languages."""
    parts = [clean(part) for part in re.split(r"\s*[/|｜]\s*", typed.strip())]
    languages = list(program.languages)
    if len(parts) > len(languages):
        raise DraftRefused("reply_parts", count=len(languages))
    han = [bool(_HAN.search(part)) for part in parts]
    if len(parts) == 1:
        other = next((code for code in languages if code != "zh"), languages[0])
        return {"zh" if han[0] and "zh" in languages else other: parts[0]}
    if "zh" in languages and sum(han) == 1:
        others = iter(code for code in languages if code != "zh")
        return {("zh" if is_han else next(others)): part for part, is_han in zip(parts, han, strict=True)}
    return dict(zip(languages, parts, strict=False))


def check_audience(audience: Audience, program: Program) -> None:
    """Refuse tracks and topics that the program does not have."""
    known_tracks, known_topics = [x.id for x in program.tracks], [x.id for x in program.topics]
    for track in audience.tracks:
        if track not in known_tracks:
            raise DraftRefused("track", track=track, known=", ".join(known_tracks) or "–")
    for topic in audience.topics:
        if topic not in known_topics:
            raise DraftRefused("topic", topic=topic, known=", ".join(known_topics) or "–")


def check_sendable(record: AnnouncementRecord, program: Program, now: datetime) -> None:
    """Refuse a draft that cannot be sent as it is; raises DraftRefused with the first thing to mend."""
    if not any(record.texts.values()):
        raise DraftRefused("no_text")
    for text in record.texts.values():
        check_text(text)
    if record.topic is not None and program.topic(record.topic) is None:
        known = ", ".join(topic.id for topic in program.topics)
        raise DraftRefused("topic", topic=record.topic, known=known or "–")
    check_audience(Audience.of(record.audience), program)
    if record.at is not None and record.at <= now:
        raise DraftRefused("past", time=f"{record.at.astimezone(program.timezone):%Y-%m-%d %H:%M}")
    begins = record.at or now
    if not record.urgent:
        begins = program.quiet_until(begins) or begins
    if record.valid_until is not None and record.valid_until <= begins:
        raise DraftRefused("ends_first")


def with_text(draft: NewAnnouncement, language: str, text: str | None) -> NewAnnouncement:
    """The draft with another text in one language; None takes it out."""
    texts = {code: value for code, value in draft.texts.items() if code != language}
    return replace(draft, texts=texts if text is None else {**texts, language: text})
