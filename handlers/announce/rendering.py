"""An announcement as one founder sees it."""

from __future__ import annotations

from handlers.buttons import button
from handlers.messages import Attachment, Button, Reply
from handlers.program import Program
from handlers.texts import Texts
from storage.announcement_records import AnnouncementRecord


def announcement_reply(announcement: AnnouncementRecord, language: str | None, program: Program) -> Reply:
    """Render in the founder's language, else in the other one with a note that says so."""
    wanted = language or program.default_language
    spoken = spoken_language(announcement, wanted, program)
    texts = Texts(wanted)
    notes = () if spoken == wanted else (texts("announce.only_in", language=texts.name_of(spoken)),)
    return Reply(
        text=announcement.texts[spoken],
        notes=notes,
        buttons=_buttons(announcement, texts, spoken),
        attachments=_files(announcement),
        language=wanted,
    )


def spoken_language(announcement: AnnouncementRecord, language: str, program: Program) -> str:
    """Choose the text for a founder: theirs, else English, else the program's first, else any."""
    for code in (language, "en", program.default_language):
        if announcement.texts.get(code):
            return code
    return next(code for code, text in announcement.texts.items() if text)


def _buttons(announcement: AnnouncementRecord, texts: Texts, spoken: str) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if announcement.link:
        rows.append((Button(label=texts("announce.open_link"), payload="", url=announcement.link),))
    answers = tuple(
        button(_label(item["labels"], texts.language, spoken), "rsvp", announcement.id, item["id"])
        for item in announcement.replies
    )
    rows += [answers[start : start + 2] for start in range(0, len(answers), 2)]
    if announcement.topic:
        rows.append((button(texts("announce.stop_topic"), "untopic", announcement.id),))
    return tuple(rows)


def _label(labels: dict[str, str], language: str, spoken: str) -> str:
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
