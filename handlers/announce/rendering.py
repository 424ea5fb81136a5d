"""An announcement as one founder sees it."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.buttons import button
from handlers.messages import AS_POST, Attachment, Button, Reply
from handlers.program import Program
from handlers.texts import Texts
from storage.announcement_records import AnnouncementRecord


def announcement_reply(
    announcement: AnnouncementRecord, language: str | None, program: Program, *, chosen: str | None = None
) -> Reply:
    """Render in the founder's language, else in the other one with a note that says so.

    `chosen` is the reply button that this founder pressed last.
    """
    wanted = language or program.default_language
    spoken = spoken_language(announcement, wanted, program)
    texts = Texts(wanted)
    notes = () if spoken == wanted else (texts("announce.only_in", language=texts.name_of(spoken)),)
    return Reply(
        text=announcement.texts[spoken],
        notes=notes,
        buttons=buttons_of(announcement, texts, spoken, chosen),
        attachments=_files(announcement),
        language=wanted,
        extra={AS_POST: "1"} if announcement.file else {},
    )


def spoken_language(announcement: AnnouncementRecord, language: str, program: Program) -> str:
    """Choose the text for a founder: theirs, else English, else the program's first, else any."""
    for code in (language, "en", program.default_language):
        if announcement.texts.get(code):
            return code
    return next(code for code, text in announcement.texts.items() if text)


def buttons_of(
    announcement: AnnouncementRecord, texts: Texts, spoken: str, chosen: str | None = None
) -> tuple[tuple[Button, ...], ...]:
    """The rows under an announcement: its link, its replies, and the end of its topic."""
    rows: list[tuple[Button, ...]] = []
    if announcement.link:
        rows.append((Button(label=texts("announce.open_link"), payload="", url=announcement.link),))
    answers = tuple(
        button(
            ("✓ " if item["id"] == chosen else "") + reply_label(item["labels"], texts.language, spoken),
            "rsvp",
            announcement.id,
            item["id"],
        )
        for item in announcement.replies
    )
    rows += [answers[start : start + 2] for start in range(0, len(answers), 2)]
    if announcement.topic:
        rows.append((button(texts("announce.stop_topic"), "untopic", announcement.id),))
    return tuple(rows)


def reply_label(labels: Mapping[str, str], language: str, spoken: str) -> str:
    """What a reply button says in a language, else in that of the text, else in any."""
    return labels.get(language) or labels.get(spoken) or next(iter(labels.values()))


def _files(announcement: AnnouncementRecord) -> tuple[Attachment, ...]:
    file = announcement.file
    if not file:
        return ()
    return (
        Attachment(
            name=str(file["name"]),
            media_type=str(file["media_type"]),
            size=int(file["size"]),
            reference=f"sha256:{file['sha256']}",
        ),
    )
