"""Announcements as documents: questions are answered from them while they hold, and not before or after."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from handlers.announce.checks import KNOWN_FOR
from handlers.program import Program
from handlers.texts import Texts
from handlers.words import clip
from storage.announcement_records import AnnouncementRecord
from storage.document_records import NewDocument

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_LONGEST_TITLE = 80
_COMMENT = re.compile(r"<!--|-->")
_HEADING = re.compile(r"^(\s*)#", re.MULTILINE)


def documents_of(record: AnnouncementRecord, program: Program) -> list[NewDocument]:
    """The documents an announcement becomes, one a language; true from its sending until its end."""
    begins = true_from(record, program)
    ends = record.valid_until or begins + KNOWN_FOR
    if ends <= begins:
        return []
    languages = [code for code in program.languages if record.texts.get(code)]
    local = begins.astimezone(program.timezone)
    return [
        NewDocument(
            id=_id(record.id, code),
            language=code,
            title=Texts(code)("announce.document", date=f"{local:%Y-%m-%d}"),
            markdown=_markdown(record.texts[code]),
            origin="announcement",
            twin=next((_id(record.id, other) for other in languages if other != code), None),
            sources=(record.link,) if record.link else (),
            as_of=local.date(),
            valid_from=begins,
            valid_until=ends,
        )
        for code in languages
    ]


async def publish(work: UnitOfWork, record: AnnouncementRecord, program: Program, author: str) -> None:
    """Store an announcement among the documents, in the commit that confirms or corrects it."""
    for document in documents_of(record, program):
        before = await work.documents.newest(document.id)
        await work.documents.save(document, author=author, based_on=before.version if before else 0)


async def withdraw(work: UnitOfWork, record: AnnouncementRecord, author: str) -> None:
    """Take an announcement out of the documents, in the commit that cancels or deletes it."""
    for code in record.texts:
        document = await work.documents.get(_id(record.id, code))
        if document is not None:
            await work.documents.remove(document.id, author=author, based_on=document.version)


def true_from(record: AnnouncementRecord, program: Program) -> datetime:
    """When sending began, or will at the earliest; quiet hours hold it back unless it is urgent."""
    begins = record.started_at or record.at or record.confirmed_at or record.updated_at
    quiet = None if record.urgent or record.started_at else program.quiet_until(begins)
    return quiet or begins


def title_of(record: AnnouncementRecord, language: str) -> str:
    """What it is about, in a few words: the first line of its text."""
    text = record.texts.get(language) or next((text for text in record.texts.values() if text), "")
    return clip(text.strip().partition("\n")[0], _LONGEST_TITLE)


def is_document_of(document_id: str, announcement_id: int) -> bool:
    """Tell whether a cited document is this announcement."""
    return document_id.rpartition("/")[2] == f"announcement-{announcement_id}"


def _id(announcement_id: int, language: str) -> str:
    return f"{language}/announcement-{announcement_id}"


def _markdown(text: str) -> str:
    """The text below its first line, which is the heading; what would be markup is text here."""
    plain = _HEADING.sub(r"\1\#", _COMMENT.sub(" ", text.strip()))
    first, _, rest = plain.partition("\n")
    whole = len(first) <= _LONGEST_TITLE and rest.strip()
    return f"## {clip(first, _LONGEST_TITLE)}\n\n{rest.strip() if whole else plain}\n"
